"""Who is on call, from the rotations and their overrides."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch

from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.after_hours.core import rotation as core
from apps.verticals.after_hours.models import Override, Responder, Rotation, RotationMember


@dataclass(frozen=True, slots=True)
class OnCall:
    """A rotation, and whom it calls in order."""

    rotation: Rotation
    responders: tuple[Responder, ...]
    until: dt.datetime
    """When the turn ends; aware, local."""


def on_call(trade: str, *, now: dt.datetime) -> OnCall | None:
    """Who is called for a trade: by its own rotation, else by the one for everything else; None = there is neither."""
    found = {one.rotation.trade: one for one in everybody_on_call(now=now, trades=(trade, ""))}
    return found.get(trade) or found.get("")


def everybody_on_call(*, now: dt.datetime, trades: Sequence[str] | None = None) -> list[OnCall]:
    """Every rotation, or those of the trades, and whom it calls now; three queries and the tenant."""
    members = RotationMember.objects.filter(responder__is_active=True).order_by("position", "id")
    rotations = Rotation.objects.prefetch_related(Prefetch("members", members))
    if trades is not None:
        rotations = rotations.filter(trade__in=trades)
    active = list(Override.objects.filter(starts_at__lte=now, ends_at__gt=now).order_by("starts_at", "id"))
    responders = {one.pk: one for one in Responder.objects.filter(is_active=True).select_related("staff")}
    local = now.astimezone(Tenant.objects.get(pk=current_tenant_id()).zone)
    return [_on_call(one, active, responders, local) for one in rotations]


def _on_call(
    rotation: Rotation, active: Iterable[Override], responders: dict[str, Responder], now: dt.datetime
) -> OnCall:
    people = tuple(member.responder_id for member in rotation.members.all())
    plan = core.Rotation(people, rotation.starts_on, rotation.handover, rotation.turn_days)
    away = [
        core.Override(one.responder_id, one.instead_id or "", one.starts_at, one.ends_at)
        for one in active
        if one.rotation_id in (None, rotation.pk)
    ]
    called = tuple(responders[key] for key in core.on_call(plan, away, now=now) if key in responders)
    ends = core.turn_ends(plan, now.replace(tzinfo=None)).replace(tzinfo=now.tzinfo)
    return OnCall(rotation, called, ends)


def overlapping(*, responder: Responder, starts_at: dt.datetime, ends_at: dt.datetime, but: str = "") -> bool:
    """Whether somebody is away already for some of a time. `but`: the override that is changed."""
    taken = Override.objects.filter(responder=responder, starts_at__lt=ends_at, ends_at__gt=starts_at)
    return taken.exclude(pk=but).exists()
