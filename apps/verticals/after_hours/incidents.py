"""Incidents: taking them down, adding to them, correcting them, and closing them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.business.contacts import create_contact
from apps.business.core.names import clean, same_name
from apps.business.models import Contact
from apps.common.errors import AppError
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.after_hours import escalation
from apps.verticals.after_hours.core import ladder
from apps.verticals.after_hours.core.addresses import Place, find_places, unit_of
from apps.verticals.after_hours.core.categories import categorize
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.core.scoring import score
from apps.verticals.after_hours.journal import Kind, enter
from apps.verticals.after_hours.models import Building, Channel, Incident, LogEntry
from apps.verticals.after_hours.rules import line_rules

MAX_DESCRIPTION = 1_000
MAX_NOTE = 1_000
MAX_ADDRESS = 200
_FIRST_NUMBER = 1001


class IncidentClosed(AppError):
    """Nothing can be added to it any more."""

    code = "incident_closed"
    status = 409


class NoEmergency(AppError):
    """By the business's rules nobody is woken for it."""

    code = "no_emergency"
    status = 409


@transaction.atomic
def open_incident(
    *,
    channel: str,
    description: str,
    trade: str = "",
    contact: Contact | None = None,
    callback_phone: str = "",
    building: Building | None = None,
    address: str = "",
    unit: str = "",
    conversation_id: str = "",
    source: str = "",
    at_least: float = 0.0,
    now: dt.datetime,
    actor: str,
) -> tuple[Incident, bool]:
    """Takes it down; from the threshold on, the people on call are rung at once.

    What is reported twice is one: by the same `source`, or open in the same conversation and trade.

    Args:
        trade: what it is about when the words do not tell; "" = nothing is known.
        source: of one message, such as an e-mail's id; "" = none.
        at_least: a score that it has, whatever the words say.

    Returns:
        (the incident, whether it is new).
    """
    said = clean(description, limit=MAX_DESCRIPTION)
    found = categorize(said)
    kind = found if found != "other" else trade or found
    _lock_tenant()
    if (known := _twin(source=source, conversation_id=conversation_id, trade=kind)) is not None:
        return known, False
    urgency = score(said)
    incident = Incident(
        number=(Incident.objects.aggregate(last=Max("number"))["last"] or _FIRST_NUMBER - 1) + 1,
        channel=channel,
        source=source,
        trade=kind,
        description=said,
        score=max(urgency.value, at_least),
        is_danger=urgency.danger,
        signs=list(urgency.signs),
        contact=contact,
        callback_phone=callback_phone,
        building=building,
        address=clean(address, limit=MAX_ADDRESS),
        unit=(unit or unit_of(address))[:20],
        reported_at=now,
        conversation_id=conversation_id,
    )
    incident.save()
    enter(incident, Kind.REPORTED, f"By {Channel(channel).label}: {said}", now=now, actor=actor)
    audit.record(actor=actor, action="incident.reported", target=incident.pk)
    if incident.score >= line_rules().threshold:
        escalation.escalate(incident=incident, now=now, actor=actor)
    return incident, True


def _twin(*, source: str, conversation_id: str, trade: str) -> Incident | None:
    known = Incident.objects.select_related("building", "acknowledged_by__staff", "contact")
    if source and (same := known.filter(source=source).first()) is not None:
        return same
    if not conversation_id:
        return None
    undone = known.exclude(state__in=(State.CLOSED, State.DOWNGRADED))
    return undone.filter(conversation_id=conversation_id, trade=trade).first()


@transaction.atomic
def add_note(*, incident: Incident, text: str, now: dt.datetime, actor: str) -> Incident:
    """More is known. When that makes an emergency of it, the people on call are rung. Returns it as it is now.

    Raises:
        IncidentClosed.
    """
    current = escalation.lock(incident.pk)
    if not current.is_open:
        raise IncidentClosed(f"Report {current.reference} is closed.")
    note = clean(text, limit=MAX_NOTE)
    last = current.log.order_by("-at", "-id").first()
    if last is not None and last.kind == LogEntry.Kind.NOTE and last.text == note:
        return current
    enter(current, Kind.NOTE, note, now=now, actor=actor)
    escalation.tell_news(incident=current, text=note, now=now)
    _rescore(current, note)
    if current.state == State.PENDING and current.score >= line_rules().threshold:
        escalation.escalate(incident=current, now=now, actor=actor)
    return current


@transaction.atomic
def insist(*, incident: Incident, reason: str, now: dt.datetime, actor: str) -> Incident:
    """The caller says that it cannot wait, and why. Returns it as it is now.

    Raises:
        IncidentClosed.
        NoEmergency: what they say does not make one of it.
    """
    current = add_note(incident=incident, text=reason, now=now, actor=actor)
    if current.state == State.PENDING:
        raise NoEmergency("By our rules that is no emergency.", field="reason")
    return current


def _rescore(incident: Incident, note: str) -> None:
    """What was added tells by itself and together with the report, which more words do not make less urgent."""
    told = max(score(note), score(f"{incident.description}. {note}"), key=lambda one: one.value)
    if told.value > incident.score or (told.danger and not incident.is_danger):
        incident.score, incident.is_danger = max(told.value, incident.score), told.danger or incident.is_danger
        incident.signs = list(told.signs)
        incident.save(update_fields=["score", "is_danger", "signs"])


@transaction.atomic
def correct(*, incident: Incident, changes: Mapping[str, Any], now: dt.datetime, actor: str) -> Incident:
    """Corrects where it is or whom to call back. Whoever has it, or may take it, is told.

    Args:
        changes: new values of callback_phone, building, address or unit.

    Raises:
        IncidentClosed.
    """
    current = escalation.lock(incident.pk)
    if not current.is_open:
        raise IncidentClosed(f"Report {current.reference} is closed.")
    changed = {name: value for name, value in changes.items() if getattr(current, name) != value}
    if not changed:
        return current
    for name, value in changed.items():
        setattr(current, name, value)
    current.save(update_fields=list(changed))
    parts = [current.place] if changed.keys() & {"building", "address", "unit"} else []
    parts += [f"call back {current.callback_phone}"] if "callback_phone" in changed else []
    enter(current, Kind.CORRECTED, "; ".join(parts), now=now, actor=actor)
    escalation.tell_news(incident=current, text="; ".join(parts), now=now)
    return current


@transaction.atomic
def close(*, incident: Incident, reason: str, now: dt.datetime, actor: str) -> Incident:
    """It is done, or not needed any more: nobody is called for it again. Returns it as it is now.

    Raises:
        IncidentClosed: already.
    """
    current = escalation.lock(incident.pk)
    if current.state == State.CLOSED:
        raise IncidentClosed(f"Report {current.reference} is closed.")
    was_known = current.state != State.PENDING
    escalation.put(current, ladder.close(escalation.ladder_of(current)))
    current.closed_at = now
    current.save(update_fields=["closed_at"])
    enter(current, Kind.CLOSED, clean(reason, limit=MAX_NOTE), now=now, actor=actor)
    audit.record(actor=actor, action="incident.closed", target=current.pk)
    if was_known:
        escalation.call_off(incident=current, now=now)
    return current


def buildings_at(said: str) -> list[Building]:
    """The buildings looked after that an address can mean; several when it is not clear."""
    managed = {one.pk: one for one in Building.objects.filter(is_managed=True)}
    places = [Place(one.pk, one.name, one.street_address) for one in managed.values()]
    return [managed[key] for key in find_places(said, places)]


def caller_of(*, name: str, phone: str) -> tuple[Contact, bool]:
    """Who calls: the contact of that number and, but for a slip, that name, or a new one.

    Returns:
        (the contact, whether it is new).
    """
    for contact in Contact.objects.filter(phone=phone):
        if same_name(contact.name, name):
            return contact, False
    given, _, family = name.rpartition(" ")
    return create_contact(given_name=given or family, family_name=family if given else "", phone=phone), True


def _lock_tenant() -> None:
    """Incidents of one tenant are numbered one after the other, and what is reported twice at once is one."""
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
