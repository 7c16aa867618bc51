"""The ladder of an incident in the database: its timer, its rungs, and who takes it.

The incident's row is the lock: who climbs, takes or ends a ladder holds it. What is to be sent is written in the same
transaction, and sent after it (outreach.py); so a worker that is killed at any moment leaves either a step that has not
been made, or one with all that belongs to it.
"""

import datetime as dt
import logging
from collections.abc import Sequence

from django.db import transaction

from apps.common.errors import AppError
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope
from apps.verticals.after_hours import messages, rotations
from apps.verticals.after_hours.core import ladder as core
from apps.verticals.after_hours.core.ladder import Call, Ladder, State, Verdict
from apps.verticals.after_hours.journal import Kind, enter
from apps.verticals.after_hours.models import Incident, Outreach, Responder, Rung
from apps.verticals.after_hours.rules import line_rules

logger = logging.getLogger(__name__)

BY_KEY, BY_SMS, BY_CALLING_BACK, BY_HAND = "by key", "by SMS", "by calling back", "entered by the team"
"""How somebody took it; the first has them on the line."""
_BATCH = 200
"""Timers that one turn of the worker looks at; the rest a moment later."""


def lock(incident_id: str) -> Incident:
    """The incident as the database has it; until the end of the transaction nobody else changes it."""
    Incident.objects.select_for_update().get(pk=incident_id)
    related = ("building", "acknowledged_by__staff", "contact")
    current: Incident = Incident.objects.select_related(*related).get(pk=incident_id)
    return current


def ladder_of(incident: Incident) -> Ladder:
    """As the core sees it."""
    rungs = list(incident.rungs.order_by("position"))
    return Ladder(
        state=State(incident.state),
        people=tuple(rung.responder_id for rung in rungs),
        called=sum(rung.begun_at is not None for rung in rungs),
        due_at=incident.due_at,
        window=dt.timedelta(seconds=incident.rung_seconds),
        taken_by=incident.acknowledged_by_id or "",
    )


def put(incident: Incident, ladder: Ladder) -> None:
    """Keeps the ladder's state and timer."""
    incident.state, incident.due_at = ladder.state, ladder.due_at
    incident.save(update_fields=["state", "due_at"])


@transaction.atomic
def escalate(*, incident: Incident, now: dt.datetime, actor: str) -> None:
    """Puts whoever is on call now on the incident's ladder; the worker rings the first within a second."""
    rules, team = line_rules(), rotations.on_call(incident.trade, now=now)
    people = {one.pk: one for one in team.responders} if team else {}
    window = dt.timedelta(seconds=rules.rung_seconds)
    ladder = core.begin(ladder_of(incident), tuple(people), now=now, window=window)
    incident.rotation = team.rotation if team else None
    incident.rung_seconds, incident.escalated_at = rules.rung_seconds, now
    incident.save(update_fields=["rotation", "rung_seconds", "escalated_at"])
    put(incident, ladder)
    Rung.objects.bulk_create(
        Rung(incident=incident, position=position, responder=people[person], due_at=due_at)
        for position, (person, due_at) in enumerate(zip(ladder.people, core.times(ladder), strict=True))
    )
    order = ", ".join(people[person].staff.name for person in ladder.people)
    enter(incident, Kind.ESCALATED, order or "Nobody is on call.", now=now, actor=actor)
    audit.record(actor=actor, action="incident.escalated", target=incident.pk)


def climb(now: dt.datetime) -> int:
    """Makes every step of every business's ladders that is due; how many. A duty of the worker."""
    with all_tenants(reason="the timers of every business are looked at"):
        due = Incident.objects.filter(due_at__lte=now).order_by("due_at").values_list("tenant_id", "pk")
        timers = list(due[:_BATCH])
    return sum(_climb(tenant_id, incident_id, now) for tenant_id, incident_id in timers)


def _climb(tenant_id: str, incident_id: str, now: dt.datetime) -> int:
    try:
        with tenant_scope(tenant_id), transaction.atomic():
            # Another worker that climbs it just now does what is due; so does who takes it.
            mine = Incident.objects.select_for_update(skip_locked=True)
            if mine.filter(pk=incident_id, due_at__lte=now).first() is None:
                return 0
            return _steps(lock(incident_id), now)
    except Exception:
        logger.exception("A ladder could not be climbed", extra={"incident": incident_id})
        return 0


def _steps(incident: Incident, now: dt.datetime) -> int:
    rungs = list(incident.rungs.select_related("responder__staff").order_by("position"))
    ladder, made = ladder_of(incident), 0
    while True:
        ladder, step = core.advance(ladder, now)
        if step is None:
            return made
        made += 1
        if isinstance(step, Call):
            _call(incident, rungs[step.position], now)
            _plan(rungs[ladder.called :], core.times(ladder))
            put(incident, ladder)
        else:
            put(incident, ladder)
            _alert(incident, now)


def _plan(rungs: Sequence[Rung], times: Sequence[dt.datetime]) -> None:
    """The plan moves when a rung begins late."""
    moved = []
    for rung, due_at in zip(rungs, times, strict=True):
        if rung.due_at != due_at:
            rung.due_at = due_at
            moved.append(rung)
    Rung.objects.bulk_update(moved, ["due_at"])


def _call(incident: Incident, rung: Rung, now: dt.datetime) -> None:
    rung.begun_at = now
    rung.save(update_fields=["begun_at"])
    messages.to_responder(incident, rung, now=now)
    enter(incident, Kind.CALLED, f"{rung}, call and SMS", now=now, actor="system", responder=rung.responder)


def _alert(incident: Incident, now: dt.datetime) -> None:
    enter(incident, Kind.MISSED, "Nobody on call has answered.", now=now, actor="system")
    audit.record(actor="system", action="incident.missed", target=incident.pk)
    told = messages.to_owner(incident, line_rules(), now=now)
    text = f"Alert to {told}" if told else "Nobody is named in the escalation rules who could be alerted."
    enter(incident, Kind.ALERTED, text, now=now, actor="system")
    logger.error("Nobody on call has answered", extra={"incident": incident.pk})


@transaction.atomic
def acknowledge(*, incident: Incident, responder: Responder, via: str, now: dt.datetime, actor: str) -> Verdict:
    """`responder` takes it. The first has it: all who ring are called off, and the caller is told.

    Args:
        via: how they said so, such as "SMS"; for the log.
    """
    current = lock(incident.pk)
    ladder, verdict = core.acknowledge(ladder_of(current), responder.pk)
    if verdict is Verdict.TOO_LATE:
        enter(current, Kind.TOO_LATE, f"{responder}, {via}", now=now, actor=actor, responder=responder)
    if verdict is not Verdict.TAKEN:
        return verdict
    put(current, ladder)
    current.acknowledged_by, current.acknowledged_at = responder, now
    current.save(update_fields=["acknowledged_by", "acknowledged_at"])
    enter(current, Kind.ACKNOWLEDGED, f"{responder}, {via}", now=now, actor=actor, responder=responder)
    audit.record(actor=actor, action="incident.taken", target=current.pk, details={"by": responder.pk})
    _stop_calling(current, but=responder if via == BY_KEY else None)
    messages.to_caller(current, now=now)
    return verdict


@transaction.atomic
def downgrade(*, incident: Incident, responder: Responder, via: str, now: dt.datetime, actor: str) -> Verdict:
    """`responder` says that it is no emergency: nobody else is called."""
    current = lock(incident.pk)
    ladder, verdict = core.downgrade(ladder_of(current), responder.pk)
    if verdict is not Verdict.ENDED:
        return verdict
    put(current, ladder)
    current.acknowledged_by, current.closed_at = responder, now
    current.save(update_fields=["acknowledged_by", "closed_at"])
    enter(current, Kind.DOWNGRADED, f"{responder}, {via}", now=now, actor=actor, responder=responder)
    audit.record(actor=actor, action="incident.downgraded", target=current.pk, details={"by": responder.pk})
    _stop_calling(current, but=None)
    return verdict


class NotRinging(AppError):
    """It is decided already, or was never an emergency."""

    code = "not_ringing"
    status = 409


@transaction.atomic
def leave_to_office(*, incident: Incident, now: dt.datetime, actor: str) -> None:
    """Somebody of the team decides that it is no emergency: nobody else is called.

    Raises:
        NotRinging.
    """
    current = lock(incident.pk)
    ladder, verdict = core.downgrade(ladder_of(current), "")
    if verdict is not Verdict.ENDED:
        raise NotRinging(f"{current.reference} does not ring.")
    put(current, ladder)
    current.closed_at = now
    current.save(update_fields=["closed_at"])
    enter(current, Kind.DOWNGRADED, BY_HAND.capitalize(), now=now, actor=actor)
    audit.record(actor=actor, action="incident.downgraded", target=current.pk)
    _stop_calling(current, but=None)


def tell_news(*, incident: Incident, text: str, now: dt.datetime) -> None:
    """Texts what is new to who has it; while nobody does, to all who were called."""
    if incident.state == State.ACKNOWLEDGED:
        told = [incident.acknowledged_by] if incident.acknowledged_by else []
    elif incident.is_undecided:
        called = incident.rungs.filter(begun_at__isnull=False).select_related("responder__staff")
        told = [rung.responder for rung in called]
    else:
        return
    for responder in told:
        messages.news(incident, responder, text, now=now)


def call_off(*, incident: Incident, now: dt.datetime) -> None:
    """It is closed: nobody rings any more, and whoever had it, or was called, is told."""
    _stop_calling(incident, but=None)
    called = {rung.responder_id: rung.responder for rung in incident.rungs.filter(begun_at__isnull=False)}
    told = [incident.acknowledged_by] if incident.acknowledged_by else list(called.values())
    for responder in told:
        messages.news(incident, responder, "It is closed. Nobody has to come.", now=now)


def _stop_calling(incident: Incident, *, but: Responder | None) -> None:
    """What has not been sent is not; phones that ring for it stop, except that of who is talking to us."""
    asked = Outreach.objects.filter(incident=incident, purpose__in=(Outreach.Purpose.RUNG, Outreach.Purpose.ALERT))
    asked.filter(status=Outreach.Status.WAITING).update(status=Outreach.Status.DROPPED)
    ringing = asked.filter(kind=Outreach.Kind.CALL, status=Outreach.Status.SENT)
    (ringing.exclude(responder=but) if but else ringing).update(hangs_up=True)
