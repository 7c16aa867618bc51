"""What is said and written to the people on call, to the owner and to the caller; it is sent by outreach.py."""

import datetime as dt
from collections.abc import Iterable

from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.after_hours.core.wording import LABELS, an, shortened, spelled
from apps.verticals.after_hours.models import Incident, LineRules, Outreach, Responder, Rung

_SPOKEN = 240
"""Characters of a report that are read out; the whole is in the text."""
_WRITTEN = 480

Kind, Purpose = Outreach.Kind, Outreach.Purpose


def to_responder(incident: Incident, rung: Rung, *, now: dt.datetime) -> None:
    """A call and a text at the same moment."""
    _write(_asked(incident, rung.responder, Purpose.RUNG, now, rung=rung))


def to_owner(incident: Incident, rules: LineRules, *, now: dt.datetime) -> str:
    """Everybody on call has missed it. Who is alerted, for the log; "" = nobody is named."""
    told = []
    if rules.alert is not None and rules.alert.is_active:
        _write(_asked(incident, rules.alert, Purpose.ALERT, now, missed=True))
        told.append(str(rules.alert))
    if rules.alert_email:
        words = (
            f"{_headline(incident, missed=True)}\n\n{incident.description}\n\nCaller: {incident.callback_phone or '–'}"
        )
        _write([_outreach(incident, Kind.EMAIL, Purpose.ALERT, rules.alert_email, words, now)])
        told.append(rules.alert_email)
    return " and ".join(told)


def to_caller(incident: Incident, *, now: dt.datetime) -> None:
    """Somebody has taken it."""
    if incident.callback_phone and incident.acknowledged_by:
        name = incident.acknowledged_by.staff.name
        words = f"{_business()}: {name} looks after your report {incident.reference} and will call you."
        _write([_outreach(incident, Kind.TEXT, Purpose.NOTICE, incident.callback_phone, words, now)])


def news(incident: Incident, responder: Responder, text: str, *, now: dt.datetime) -> None:
    """Something has changed since they were called."""
    words = f"{incident.reference}: {shortened(text, _WRITTEN)}"
    one = _outreach(incident, Kind.TEXT, Purpose.NOTICE, responder.phone, words, now)
    one.responder = responder
    _write([one])


def summary(incident: Incident, *, where: bool = True) -> str:
    """For who takes it by phone: where, unless that was said, what, and whom to call."""
    parts = [incident.place if where else "", shortened(incident.description, _SPOKEN)]
    parts += [f"The caller's number is {spelled(incident.callback_phone)}"] if incident.callback_phone else []
    return " ".join(f"{part.rstrip('.!?')}." for part in parts if part)


def _asked(
    incident: Incident,
    responder: Responder,
    purpose: Outreach.Purpose,
    now: dt.datetime,
    *,
    rung: Rung | None = None,
    missed: bool = False,
) -> list[Outreach]:
    first = f"This is {_business()}. {_headline(incident, missed=missed)}"
    told = summary(incident, where=False)
    spoken = f"{first} {told} Press 1 to take it."
    left = f"{first} {told} Call back, or answer our text with 1, to take it."
    access = f" Access: {incident.building.access}." if incident.building and incident.building.access else ""
    written = (
        f"{incident.reference} {_headline(incident, missed=missed)} {shortened(incident.description, _WRITTEN)}"
        f"{access} Caller: {incident.callback_phone or 'no number'}. Reply 1 or ACK to take it, DOWNGRADE if it is no "
        "emergency."
    )
    call = _outreach(incident, Kind.CALL, purpose, responder.phone, spoken, now)
    call.message = left
    text = _outreach(incident, Kind.TEXT, purpose, responder.phone, written, now)
    for one in (call, text):
        one.responder, one.rung = responder, rung
    return [call, text]


def _headline(incident: Incident, *, missed: bool) -> str:
    noun = f"{LABELS[incident.trade]} emergency"
    where = f" at {incident.place}" if incident.place else ""
    if missed:
        return f"Nobody on call has answered {an(noun)}{where}."
    return f"{an(noun).capitalize()}{where}."


def _outreach(
    incident: Incident, kind: Outreach.Kind, purpose: Outreach.Purpose, to: str, words: str, now: dt.datetime
) -> Outreach:
    return Outreach(incident=incident, kind=kind, purpose=purpose, to=to, words=words, created_at=now)


def _write(rows: Iterable[Outreach]) -> None:
    Outreach.objects.bulk_create(rows)


def _business() -> str:
    return Tenant.objects.get(pk=current_tenant_id()).name
