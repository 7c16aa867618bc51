"""How reports come in besides the agents: by SMS, by voicemail, by e-mail and over the API.

Every function may be told the same thing twice; it is one incident.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.utils import timezone

from apps.business.contacts import InvalidPhone, normalize_phone
from apps.common.errors import InvalidInput
from apps.telephony.models import TextMessage, Voicemail
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.after_hours import incidents
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.core.scoring import emergency_number
from apps.verticals.after_hours.models import Channel, Incident
from apps.verticals.after_hours.rules import line_rules

SAME_MATTER = dt.timedelta(hours=12)
"""For so long what somebody writes again is more about the same."""
_SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Report:
    """A report as another system or an e-mail tells it.

    Attributes:
        key: what makes it the same when it is sent again, such as a Message-ID.
        phone: as people write it; "" = none is known.
    """

    key: str
    description: str
    phone: str = ""
    address: str = ""
    unit: str = ""


def from_api(report: Report, *, now: dt.datetime, actor: str) -> tuple[Incident, bool]:
    """Another system reports something. Returns the incident, and whether it is new.

    Raises:
        InvalidInput: there is no description or no key; InvalidPhone: the number cannot be one.
    """
    if not report.description.strip():
        raise InvalidInput("Say what has happened.", field="description")
    if not report.key.strip():
        raise InvalidInput("A report needs a key of its own.", field="key")
    phone = normalize_phone(report.phone, _tenant().region) if report.phone else ""
    return _open(report, Channel.API, phone=phone, now=now, actor=actor)


def from_email(*, sender: str, subject: str, body: str, message_id: str, now: dt.datetime) -> tuple[Incident, bool]:
    """An e-mail reports something; what it quotes of earlier ones does not count.

    Args:
        sender: the address; kept in the log only.
        message_id: of its header; without one, the same words of the same sender are the same e-mail.
    """
    words = f"{subject.strip()}. {_own_words(body)}".strip(". ")
    key = message_id.strip() or hashlib.sha256(f"{sender}\0{words}".encode()).hexdigest()
    phone = _phone_in(body)
    report = Report(key, f"{words} (from {sender})" if sender else words)
    return _open(report, Channel.EMAIL, phone=phone, now=now, actor=_SYSTEM)


def from_text(text: TextMessage, *, about: Incident | None = None) -> str:
    """Somebody texts the line. The reply.

    Args:
        about: the incident of our last text to them; what they write belongs to it while it is open.
    """
    known = about if about is not None and about.is_open else _lately(text.other, now=text.created_at)
    if known is not None:
        current = incidents.add_note(incident=known, text=text.body, now=text.created_at, actor=_SYSTEM)
        _complete(current, text.body, now=text.created_at)
        return f"Thank you, we have added that to {current.reference}."
    report = Report(text.carrier_message or text.pk, text.body)
    incident, _ = _open(report, Channel.SMS, phone=text.other, now=text.created_at, actor=_SYSTEM)
    return _told(incident)


def from_voicemail(voicemail: Voicemail) -> tuple[Incident, bool]:
    """A caller left a message. Nobody has heard it yet, so by the rules it is an emergency until somebody has."""
    rules = line_rules()
    words = f"Voicemail of {voicemail.seconds} seconds; listen to it under Voicemail."
    report = Report(voicemail.recording, words)
    return _open(
        report,
        Channel.VOICEMAIL,
        phone=voicemail.caller,
        now=timezone.now(),
        actor=_SYSTEM,
        at_least=rules.threshold if rules.escalates_voicemail else 0.0,
    )


def _open(
    report: Report, channel: Channel, *, phone: str, now: dt.datetime, actor: str, at_least: float = 0.0
) -> tuple[Incident, bool]:
    where = report.address or report.description
    found = incidents.buildings_at(where)
    return incidents.open_incident(
        channel=channel,
        description=report.description,
        callback_phone=phone,
        building=found[0] if len(found) == 1 else None,
        address=report.address,
        unit=report.unit,
        source=f"{channel}:{report.key}"[:120],
        at_least=at_least,
        now=now,
        actor=actor,
    )


def _lately(phone: str, *, now: dt.datetime) -> Incident | None:
    """What somebody has reported from this number, while it is open."""
    recent = Incident.objects.filter(callback_phone=phone, reported_at__gte=now - SAME_MATTER)
    return recent.exclude(state__in=(State.CLOSED, State.DOWNGRADED)).order_by("-number").first()


def _complete(incident: Incident, words: str, *, now: dt.datetime) -> None:
    """Where it is, when an answer tells and nothing did before."""
    found = incidents.buildings_at(words) if incident.building_id is None else []
    if len(found) == 1:
        incidents.correct(incident=incident, changes={"building": found[0]}, now=now, actor=_SYSTEM)


def _told(incident: Incident) -> str:
    tenant = _tenant()
    danger = f"If anybody is in danger, call {emergency_number(tenant.region)} first. " if incident.is_danger else ""
    where = "" if incident.building_id else " Please text us the address and unit."
    if incident.state == State.PENDING:
        return f"{danger}{tenant.name}: noted as {incident.reference}; our office calls you when it opens.{where}"
    return f"{danger}{tenant.name}: we are ringing our people on call for you now ({incident.reference}).{where}"


def _own_words(body: str) -> str:
    lines = []
    for line in body.splitlines():
        if line.startswith(">") or (line.startswith("On ") and line.rstrip().endswith("wrote:")):
            break
        lines.append(line)
    return " ".join(" ".join(lines).split())


def _phone_in(body: str) -> str:
    """The number in a line such as "Phone: (312) 555-0100"; "" when there is none."""
    for line in body.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() in ("phone", "tel", "telephone", "mobile", "call back", "callback"):
            try:
                return normalize_phone(value, _tenant().region)
            except InvalidPhone:
                return ""
    return ""


def _tenant() -> Tenant:
    return Tenant.objects.get(pk=current_tenant_id())
