"""Callbacks: calls that were promised for a time. Asking for one is a consent to that call."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.business.core.names import clean
from apps.business.core.slots import instant
from apps.business.timetable import business_zone
from apps.common.errors import AppError
from apps.tenants import audit
from apps.verticals.sales import events, numbers, permission
from apps.verticals.sales.core.hours import LAWFUL, may_ring
from apps.verticals.sales.models import Callback, Lead

HORIZON = dt.timedelta(days=60)
LASTS = dt.timedelta(days=7)
"""How long after the promised time the consent holds: some tries, and no more."""


class CallbackRefused(AppError):
    """A call that cannot be promised as asked; the code says why."""

    code = "callback_refused"
    status = 409


class CallbackInThePast(CallbackRefused):
    code = "in_the_past"


class CallbackTooFarAhead(CallbackRefused):
    code = "too_far_ahead"


class OutsideTheirHours(CallbackRefused):
    code = "outside_hours"


class NumberForbidden(CallbackRefused):
    """They are on the do-not-call list."""

    code = "do_not_call"


def zone_of(lead: Lead) -> ZoneInfo:
    """The time zone a lead speaks of: where their number is, if that is one place; else the business's."""
    zones = numbers.zones_of(lead.phone)
    return zones[0] if len(zones) == 1 else business_zone()


def promised(lead: Lead) -> list[Callback]:
    """What lies ahead, the next first."""
    return list(Callback.objects.filter(lead=lead, state=Callback.State.PROMISED).order_by("at"))


@transaction.atomic
def promise(
    *, lead: Lead, local: dt.datetime, note: str, conversation_id: str, now: dt.datetime, actor: str
) -> Callback:
    """Promises a call; another one that was promised before is moved to the new time.

    Args:
        local: naive, on the clock of `zone_of(lead)`.

    Raises:
        CallbackRefused: one of its kinds; nothing was written.
    """
    zone = zone_of(lead)
    moment = instant(local, zone)
    if permission.forbidden([lead.phone]):
        raise NumberForbidden("This number is on the do-not-call list.", field="phone")
    if moment is None or moment <= now:
        raise CallbackInThePast("That time is over.", field="time")
    if moment > now + HORIZON:
        raise CallbackTooFarAhead(f"Calls are promised up to {HORIZON.days} days ahead.", field="date")
    zones = numbers.zones_of(lead.phone) or (zone,)
    if not may_ring(moment, zones, LAWFUL):
        raise OutsideTheirHours("Calls are made between 8 AM and 9 PM where the number is.", field="time")
    before = promised(lead)
    if before and before[0].at == moment:
        return before[0]
    callback = before[0] if before else Callback(lead=lead, created_at=now)
    callback.at = callback.next_at = moment
    callback.note = clean(note, limit=200) or callback.note
    callback.conversation_id, callback.attempts = conversation_id or callback.conversation_id, 0
    callback.save()
    consent = permission.consent_of(
        phone=lead.phone,
        kind="spoken",
        source="Asked us to call back",
        obtained_at=now,
        expires_at=moment + LASTS,
        conversation_id=conversation_id,
        now=now,
        actor=actor,
    )
    consent.save()
    audit.record(actor=actor, action="callback.promised", target=callback.pk)
    _changed(callback, now)
    return callback


@transaction.atomic
def cancel(*, callback: Callback, now: dt.datetime, actor: str) -> Callback:
    """Takes back what was promised; one that is over, or under way, stays as it is."""
    if Callback.objects.filter(pk=callback.pk, state=Callback.State.PROMISED).update(state=Callback.State.CANCELLED):
        callback.state = Callback.State.CANCELLED
        audit.record(actor=actor, action="callback.cancelled", target=callback.pk)
        _changed(callback, now)
    return callback


def _changed(callback: Callback, now: dt.datetime) -> None:
    events.publish(
        events.CallbackChanged(at=now.timestamp(), callback=callback.pk, lead=callback.lead_id, state=callback.state)
    )
