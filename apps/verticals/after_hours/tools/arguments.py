"""What the line's tools share: their argument types and the checks in front of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.agents.sdk import Phone, ToolContext, ToolRefused
from apps.business.contacts import InvalidPhone, normalize_phone
from apps.business.core.names import is_name
from apps.business.core.wording import listed
from apps.business.models import OPEN_STATUSES, Contact
from apps.tenants.models import Tenant
from apps.verticals.after_hours import incidents, reports
from apps.verticals.after_hours.core.addresses import has_house_number
from apps.verticals.after_hours.core.scoring import emergency_number
from apps.verticals.after_hours.core.wording import STATES
from apps.verticals.after_hours.models import Building, Incident, Visit

Id = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Topic = Annotated[str, Field(min_length=1, max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=500)]
PartOfDay = Literal["morning", "afternoon", "evening"]
Description = Annotated[Words, "what has happened, in the caller's words"]
Address = Annotated[Topic, "the address of the home: street and number, or the name of the building, and the unit"]
FullName = Annotated[Name, "the caller's full name"]
Callback = Annotated[Phone, "the phone number to call back"]
ReportId = Annotated[Id, "report_id of the caller's report"]

BOOKABLE_DAYS = 60
"""How far ahead a visit can be booked."""
SPOKEN = 4
_TRADES = frozenset({"plumbing", "hvac", "electrical", "lockout", "noise"})


@dataclass(frozen=True, slots=True)
class Where:
    """A building looked after, or, in an emergency, an address as it was told."""

    building: Building | None
    address: str


def actor(ctx: ToolContext) -> str:
    """For the audit trail."""
    return f"agent:{ctx.agent}"


def today(ctx: ToolContext) -> dt.date:
    """The business's date."""
    return ctx.now.date()


def trade_of(ctx: ToolContext) -> str:
    """What the agent is there for; "" at the front desk."""
    return ctx.agent if ctx.agent in _TRADES else ""


def ring_first() -> str:
    """For danger to life: before anything else."""
    return f"Please get to safety and call {emergency_number(Tenant.objects.get().region)} right now."


def number(phone: str) -> str:
    """As E.164.

    Raises:
        ToolRefused: `invalid_phone`.
    """
    try:
        return normalize_phone(phone, Tenant.objects.get().region)
    except InvalidPhone:
        raise ToolRefused(
            "invalid_phone",
            "That does not look like a complete phone number; could you say it once more?",
            field="phone",
        ) from None


def caller(ctx: ToolContext, name: str, phone: str) -> Contact:
    """Who calls, from this number. Identified when they are new here, or when the carrier vouches for the number.

    Raises:
        ToolRefused: `invalid_name`.
    """
    if not is_name(name):
        raise ToolRefused("invalid_name", "I did not get your name; could you say it once more?", field="name")
    contact, is_new = incidents.caller_of(name=name, phone=phone)
    if is_new or ctx.caller_phone == phone:
        ctx.bind_contact(contact.pk)
    return contact


def where(said: str, *, anywhere: bool, first: str = "") -> Where:
    """The building that an address means.

    Args:
        anywhere: an address that is none of ours will do: in an emergency the people on call find out.
        first: said before a refusal.

    Raises:
        ToolRefused: `which_building` or `address_not_found`.
    """
    found = incidents.buildings_at(said)
    if len(found) == 1:
        return Where(found[0], said)
    if found:
        which = listed([str(one) for one in found[:SPOKEN]], word="or")
        raise ToolRefused("which_building", f"{first}Which address is it: {which}?", field="address")
    if anywhere and has_house_number(said):
        return Where(None, said)
    raise ToolRefused(
        "address_not_found",
        f"{first}I cannot find that address among the buildings we look after; what is the street and number?",
        field="address",
    )


def own_report(ctx: ToolContext, report_id: str) -> Incident:
    """A report that this conversation may speak of.

    Raises:
        ToolRefused: `report_not_found`, in the same words whether it is somebody else's or nobody's.
    """
    own = reports.visible(contact_id=ctx.contact_id, conversation_id=ctx.conversation_id)
    incident = own.filter(pk=report_id).first()
    if incident is None:
        raise report_not_found(field="report_id")
    return incident


def report_not_found(*, field: str) -> ToolRefused:
    return ToolRefused(
        "report_not_found",
        "I cannot find a report with that number and that phone number; could you check both?",
        field=field,
    )


def open_report(ctx: ToolContext, report_id: str) -> Incident:
    """As `own_report`, and it must be open.

    Raises:
        ToolRefused: also `report_closed`.
    """
    incident = own_report(ctx, report_id)
    if not incident.is_open:
        raise ToolRefused(
            "report_closed",
            f"Report {incident.reference} is closed already; if something has happened again, I can take a new report.",
            field="report_id",
        )
    return incident


def booked_visit(incident: Incident) -> Visit | None:
    """The report's visit, while it can be moved or cancelled."""
    booked = Visit.objects.filter(incident=incident, booking__status__in=OPEN_STATUSES)
    return booked.select_related("incident__building", "booking__staff__responder__staff").first()


def bookable_day(ctx: ToolContext, date: dt.date, *, field: str = "date") -> dt.date:
    """A day on which a technician can come.

    Raises:
        ToolRefused: `in_the_past` or `too_far_ahead`.
    """
    if date < today(ctx):
        raise ToolRefused("in_the_past", "That day is in the past.", field=field)
    if date > today(ctx) + dt.timedelta(days=BOOKABLE_DAYS):
        raise ToolRefused("too_far_ahead", "We plan visits up to two months ahead.", field=field)
    return date


def spoken_state(incident: Incident) -> str:
    """Such as "Report AH-1042 is taken: Nadia Flores looks after it and will call you."."""
    who = incident.acknowledged_by.staff.name if incident.acknowledged_by else "Somebody on call"
    return f"Report {incident.reference} {STATES[incident.state].format(who=who)}."


def report_data(incident: Incident) -> dict[str, Any]:
    """The facts of a report under the names of the tools' arguments."""
    return {
        "report_id": incident.pk,
        "reference": incident.reference,
        "category": incident.trade,
        "status": incident.state,
        "urgency": incident.score,
        "building": str(incident.building) if incident.building else incident.address,
        "unit": incident.unit,
    }
