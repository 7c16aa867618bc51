"""The tools that book, move and cancel technicians' visits, for tickets of the verified caller only."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.bookings import BookingRefused, SlotTaken
from apps.business.calendar import NoSuchTime, at
from apps.business.core.openings import AHEAD, OFFERED, best, in_part, spoken_openings
from apps.business.core.wording import listed, spoken_date, spoken_time
from apps.business.models import OPEN_STATUSES
from apps.verticals.it_helpdesk import visits
from apps.verticals.it_helpdesk.callers import visible_tickets
from apps.verticals.it_helpdesk.core.wording import counted, spoken_moment
from apps.verticals.it_helpdesk.models import Technician, Visit
from apps.verticals.it_helpdesk.tools.arguments import (
    EmployeeId,
    Id,
    PartOfDay,
    Topic,
    actor,
    bookable_day,
    open_ticket_of,
    own_employee,
    today,
    verified,
)
from apps.verticals.it_helpdesk.visits import Opening, as_data, openings

VisitId = Annotated[Id, "visit_id of the caller's visit"]
_REFUSALS = {
    "in_the_past": "That time is past or less than two hours away.",
    "too_far_ahead": "We plan visits up to two months ahead.",
    "booking_closed": "That visit is cancelled or has already begun, so I cannot change it.",
}


@tool(label="Checking our technicians' calendars")
def find_visit_times(
    ctx: ToolContext,
    *,
    ticket_id: Annotated[Id, "ticket_id of the ticket that the visit is for"],
    date: Annotated[dt.date | None, "the day the caller wishes, if they named one"] = None,
    time: Annotated[Time | None, "the time the caller wishes, if they named one"] = None,
    part_of_day: Annotated[PartOfDay | None, "part of the day the caller prefers, if they said so"] = None,
) -> ToolResult:
    """Finds the next free times at which a technician can come by for a visit on site, looking two weeks ahead.

    Give the wished day and time if there are any. Returns free slots, at most four: ticket_id, technician_id,
    technician_name, date, time.
    """
    ticket = open_ticket_of(ctx, ticket_id)
    start = bookable_day(ctx, date) if date else today(ctx)
    found = openings(visits.technicians_for(ticket), date_from=start, date_to=start + AHEAD, now=ctx.now)
    on_day = [one for one in found if one.starts_at.date() == date]
    fitting = in_part(on_day if date else found, part_of_day)
    at_time = [one for one in fitting if one.starts_at.time() == time]
    missed = (date or time or part_of_day) and not (at_time if time else fitting)
    note = f"Nobody is free {_wish(ctx, date, part_of_day, time)}. " if missed else ""
    offered = best(at_time or fitting or on_day or found, near=time)
    if not offered:
        return ToolResult(f"{note}I see nothing free within two weeks of that day.", {"slots": []})
    return ToolResult(
        f"{note}A technician can come on {spoken_openings(offered, today=today(ctx))}.",
        {"slots": [{"ticket_id": ticket.pk, **one.as_data()} for one in offered]},
    )


@tool(label="Booking the visit", writes=True)
def schedule_visit(
    ctx: ToolContext,
    *,
    ticket_id: Annotated[Id, "ticket_id of the ticket that the visit is for"],
    technician_id: Annotated[Id, "technician_id of the chosen free slot"],
    date: Annotated[dt.date, "date of the chosen free slot"],
    time: Annotated[Time, "time of the chosen free slot"],
) -> ToolResult:
    """Books a visit of a technician on site: somebody comes by for a ticket, at a free time that the caller has chosen.

    Use it to schedule a technician. Confirm before calling. Returns visit_id, ticket_number, technician_name,
    date, time.
    """
    employee = verified(ctx)
    ticket = open_ticket_of(ctx, ticket_id)
    technician = _technician(technician_id)
    starts_at = _instant(ctx, date, time)
    existing = next((one for one in visits.upcoming(employee, now=ctx.now) if one.ticket_id == ticket.pk), None)
    if existing is not None:
        booking = existing.booking
        if (booking.staff_id, booking.starts_at) == (technician.staff_id, starts_at):
            return ToolResult(f"That visit is booked already, {_spoken(ctx, existing)}.", _data(ctx, existing))
        raise ToolRefused(
            "already_booked",
            f"There is a visit for that ticket already, {_spoken(ctx, existing)}; I can move it.",
            data=_data(ctx, existing),
        )
    try:
        visit = visits.schedule(
            ticket=ticket,
            employee=employee,
            technician=technician,
            starts_at=starts_at,
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, technician, field="time") from refusal
    return ToolResult(f"The visit is booked {_spoken(ctx, visit)}.", _data(ctx, visit))


@tool(label="Looking at your visits")
def get_my_visits(ctx: ToolContext, *, employee_id: EmployeeId) -> ToolResult:
    """Lists the technicians' visits ahead for the verified caller: when is somebody coming?

    Use it before moving or cancelling a visit. Returns visit_id, ticket_id, ticket_number, technician_name, date, time.
    """
    ahead = visits.upcoming(own_employee(ctx, employee_id), now=ctx.now)
    if not ahead:
        return ToolResult("You have no visits ahead.", {"visits": []})
    said = listed([_spoken(ctx, visit) for visit in ahead[:OFFERED]])
    return ToolResult(
        f"You have {counted(len(ahead), 'visit')} ahead: {said}.", {"visits": [_data(ctx, visit) for visit in ahead]}
    )


@tool(label="Moving the visit", writes=True)
def reschedule_visit(
    ctx: ToolContext,
    *,
    visit_id: VisitId,
    new_date: Annotated[dt.date, "date of the chosen free slot"],
    new_time: Annotated[Time, "time of the chosen free slot"],
    new_technician_id: Annotated[Id | None, "technician_id of the chosen free slot"] = None,
) -> ToolResult:
    """Moves a technician's visit of the verified caller to another free time.

    Use it to change or reschedule; look up their visits first, then free times. Confirm before calling. Returns
    visit_id, ticket_number, technician_name, date, time.
    """
    visit = _own_visit(ctx, visit_id)
    technician: Technician = visit.booking.staff.technician
    if new_technician_id:
        technician = _technician(new_technician_id, field="new_technician_id")
    starts_at = _instant(ctx, new_date, new_time, prefix="new_")
    stands = visit.booking.status in OPEN_STATUSES
    if stands and (visit.booking.starts_at, visit.booking.staff_id) == (starts_at, technician.staff_id):
        return ToolResult(f"The visit is {_spoken(ctx, visit)} already.", _data(ctx, visit))
    try:
        visit = visits.move(visit=visit, starts_at=starts_at, technician=technician, now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, technician, field="new_time") from refusal
    return ToolResult(f"The visit is now {_spoken(ctx, visit)}.", _data(ctx, visit))


@tool(label="Cancelling the visit", writes=True)
def cancel_visit(
    ctx: ToolContext,
    *,
    visit_id: VisitId,
    reason: Annotated[Topic | None, "why, if the caller said so"] = None,
) -> ToolResult:
    """Cancels a technician's visit of the verified caller; the ticket stays open.

    Look up their visits first. Confirm before calling. Returns visit_id, date, time, status.
    """
    visit = _own_visit(ctx, visit_id)
    try:
        visit = visits.cancel(visit=visit, reason=reason or "", now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise ToolRefused(
            "too_late", "That visit is cancelled or has already begun, so there is nothing left to cancel."
        ) from refusal
    return ToolResult(f"The visit {_spoken(ctx, visit)} is cancelled.", _data(ctx, visit))


def _own_visit(ctx: ToolContext, visit_id: str) -> Visit:
    """A visit for a ticket that the verified caller may see.

    Raises:
        ToolRefused: `not_verified` or `visit_not_found`.
    """
    own = Visit.objects.filter(pk=visit_id, ticket__in=visible_tickets(verified(ctx)))
    visit = own.select_related("booking__staff__technician", "ticket").first()
    if visit is None:
        raise ToolRefused("visit_not_found", "I cannot find that visit among yours.", field="visit_id")
    return visit


def _technician(technician_id: str, *, field: str = "technician_id") -> Technician:
    found = Technician.objects.filter(pk=technician_id, staff__is_active=True).select_related("staff").first()
    if found is None:
        raise ToolRefused("technician_not_found", "I cannot find that technician in our team.", field=field)
    return found


def _instant(ctx: ToolContext, date: dt.date, time: dt.time, *, prefix: str = "") -> dt.datetime:
    day = bookable_day(ctx, date, field=f"{prefix}date")
    try:
        return at(day=day, local=time.replace(second=0, microsecond=0, tzinfo=None))
    except NoSuchTime:
        raise ToolRefused(
            "no_such_time",
            "The clocks change that night, so that time does not exist.",
            field=f"{prefix}time",
        ) from None


def _wish(ctx: ToolContext, day: dt.date | None, part_of_day: str | None, time: dt.time | None) -> str:
    """Such as "on Tuesday, November 24 in the morning"."""
    parts = (
        f"on {spoken_date(day, today=today(ctx))}" if day else "",
        f"at {spoken_time(time)}" if time else f"in the {part_of_day}" if part_of_day else "",
    )
    return " ".join(part for part in parts if part)


def _refused(ctx: ToolContext, refusal: BookingRefused, technician: Technician, *, field: str) -> ToolRefused:
    """The book's refusal in our words, with the free times nearest to the wish."""
    if say := _REFUSALS.get(refusal.code):
        return ToolRefused(refusal.code, say, field=field)
    free = [
        Opening(technician, dt.datetime.fromisoformat(start).replace(tzinfo=ctx.now.tzinfo))
        for start in refusal.details.get("free", [])
    ]
    problem = (
        "I am sorry, that time has just been taken."
        if isinstance(refusal, SlotTaken)
        else f"{technician.staff.name} is not at work at that time."
    )
    instead = f"Free are {spoken_openings(free, today=today(ctx))}." if free else "I see nothing free near it."
    return ToolRefused(
        refusal.code, f"{problem} {instead}", field=field, data={"slots": [one.as_data() for one in free]}
    )


def _spoken(ctx: ToolContext, visit: Visit) -> str:
    """Such as "on Tuesday, November 24 at 9 AM with Ines Park for ticket INC-1042"."""
    booking = visit.booking
    moment = spoken_moment(booking.starts_at.astimezone(ctx.now.tzinfo), today=today(ctx))
    on = "" if moment.startswith("today") else "on "
    return f"{on}{moment} with {booking.staff.name} for ticket {visit.ticket.reference}"


def _data(ctx: ToolContext, visit: Visit) -> dict[str, object]:
    return as_data(visit, zone=ctx.now.tzinfo)
