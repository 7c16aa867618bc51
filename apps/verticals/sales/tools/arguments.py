"""What the tools share: their argument types and the checks in front of them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused
from apps.business.calendar import NoSuchTime, at
from apps.verticals.sales import dialed
from apps.verticals.sales.meetings import meetings
from apps.verticals.sales.models import DialedCall, Lead, Meeting, SalesRep

Id = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Topic = Annotated[str, Field(min_length=1, max_length=200)]
PartOfDay = Literal["morning", "afternoon", "evening"]

BOOKABLE_DAYS = 180
"""How far ahead meetings are booked."""


def actor(ctx: ToolContext) -> str:
    """For the audit trail."""
    return f"agent:{ctx.agent}"


def today(ctx: ToolContext) -> dt.date:
    """The business's date."""
    return ctx.now.date()


def identified_lead(ctx: ToolContext) -> Lead | None:
    """Whom this conversation has identified, if they are a lead."""
    if not ctx.contact_id:
        return None
    return Lead.objects.filter(contact_id=ctx.contact_id).select_related("contact", "rep__staff").first()


def own_lead(ctx: ToolContext, lead_id: str) -> Lead:
    """The lead this conversation has identified, who must be the one asked about.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such a lead exists or not.
    """
    lead = identified_lead(ctx)
    if lead is None or lead.pk != lead_id:
        raise not_identified()
    return lead


def own_meeting(ctx: ToolContext, appointment_id: str) -> Meeting:
    """A meeting of the lead this conversation has identified.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such a meeting exists or not.
    """
    own = meetings().filter(booking__contact_id=ctx.contact_id) if ctx.contact_id else meetings().none()
    meeting = own.filter(pk=appointment_id).first()
    if meeting is None:
        raise not_identified()
    return meeting


def not_identified() -> ToolRefused:
    return ToolRefused(
        "not_identified", "Before I can help with that, I need to find you by your full name and phone number."
    )


def active_rep(rep_id: str) -> SalesRep:
    """A rep who takes meetings.

    Raises:
        ToolRefused: `rep_not_found`.
    """
    rep = SalesRep.objects.filter(pk=rep_id, staff__is_active=True).select_related("staff").first()
    if rep is None:
        raise ToolRefused("rep_not_found", "I cannot find that colleague.", field="rep_id")
    return rep


def own_call(ctx: ToolContext) -> DialedCall:
    """The call of the dialer that this conversation is.

    Raises:
        ToolRefused: `no_call`: the visitor has come to us.
    """
    call = dialed.of_conversation(ctx.conversation_id)
    if call is None:
        raise ToolRefused("no_call", "We have not called you just now; how can I help you?")
    return call


def bookable_day(ctx: ToolContext, date: dt.date, *, field: str = "date") -> dt.date:
    """A day that the calendar is open for.

    Raises:
        ToolRefused: `in_the_past` or `too_far_ahead`.
    """
    if date < today(ctx):
        raise ToolRefused("in_the_past", "That day is in the past.", field=field)
    if date > today(ctx) + dt.timedelta(days=BOOKABLE_DAYS):
        raise ToolRefused("too_far_ahead", "We only book up to six months ahead.", field=field)
    return date


def bookable_time(ctx: ToolContext, date: dt.date, time: dt.time, *, prefix: str = "") -> dt.datetime:
    """The instant of a wall-clock time of the business.

    Raises:
        ToolRefused: as `bookable_day`, or `no_such_time`.
    """
    day = bookable_day(ctx, date, field=f"{prefix}date")
    try:
        return at(day=day, local=time.replace(second=0, microsecond=0, tzinfo=None))
    except NoSuchTime:
        raise ToolRefused(
            "no_such_time", "The clocks change that night, so that time does not exist.", field=f"{prefix}time"
        ) from None


def city(zone: dt.tzinfo | None) -> str:
    """Such as "Denver" for America/Denver."""
    return str(zone).rpartition("/")[2].replace("_", " ")
