"""The agents of the floor: pausing them and letting them go on."""

import datetime as dt

from django.db import transaction
from django.db.models import F

from apps.tenants import audit
from apps.tenants.versions import Outdated
from apps.verticals.sales import events
from apps.verticals.sales.models import TeamAgent


@transaction.atomic
def set_paused(
    *, agent: TeamAgent, is_paused: bool, now: dt.datetime, actor: str, version: int | None = None
) -> TeamAgent:
    """A paused agent is given no call; one that it has goes on. The same again changes nothing.

    Args:
        version: the one that whoever asks has seen; None = whatever it is.

    Raises:
        Outdated: it has another version now.
    """
    rows = TeamAgent.objects.filter(pk=agent.pk)
    seen = rows if version is None else rows.filter(version=version)
    changed = seen.exclude(is_paused=is_paused).update(is_paused=is_paused, version=F("version") + 1, changed_at=now)
    agent.refresh_from_db()
    if version is not None and not changed and agent.version != version:
        raise Outdated("Somebody else has changed this agent meanwhile.", version=agent.version)
    if changed:
        audit.record(actor=actor, action="agent.paused" if is_paused else "agent.resumed", target=agent.pk)
        events.publish(events.AgentChanged(at=now.timestamp(), agent=agent.pk, is_paused=is_paused))
    return agent
