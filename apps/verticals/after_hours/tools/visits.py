"""The tools for visits in office hours: free times, booking, moving and cancelling."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.bookings import BookingRefused, SlotTaken
from apps.business.calendar import NoSuchTime, at
from apps.business.core.openings import AHEAD, best, in_part, spoken_openings
from apps.business.core.wording import spoken_date, spoken_moment, spoken_time
from apps.verticals.after_hours import incidents, visits
from apps.verticals.after_hours.core.categories import categorize
from apps.verticals.after_hours.core.scoring import score
from apps.verticals.after_hours.models import Incident, Responder, Visit
from apps.verticals.after_hours.rules import line_rules
from apps.verticals.after_hours.tools.arguments import (
    Address,
    Callback,
    Description,
    FullName,
    Id,
    PartOfDay,
    ReportId,
    Topic,
    actor,
    bookable_day,
    booked_visit,
    caller,
    number,
    own_report,
    report_data,
    today,
    trade_of,
    where,
)
from apps.verticals.after_hours.tools.reporting import check_number_of_reports
from apps.verticals.after_hours.visits import Opening, openings

_REFUSALS = {
    "in_the_past": "That time is past or less than two hours away.",
    "too_far_ahead": "We plan visits up to two months ahead.",
    "booking_closed": "That visit is cancelled or has already begun, so I cannot change it.",
    "not_bookable": "That technician takes no visits at the moment.",
}


@tool(label="Checking our technicians' calendars")
def find_visit_times(
    ctx: ToolContext,
    *,
    date: Annotated[dt.date | None, "the day the caller wishes, if they named one"] = None,
    time: Annotated[Time | None, "the time the caller wishes, if they named one"] = None,
    part_of_day: Annotated[PartOfDay | None, "part of the day the caller prefers, if they said so"] = None,
) -> ToolResult:
    """Finds the next free times at which a technician can come by for a visit, looking two weeks ahead.

    Give the wished day and time if there are any. Returns free slots, at most four: technician_id, technician_name,
    date, time.
    """
    start = bookable_day(ctx, date) if date else today(ctx)
    team = visits.technicians_for(_trade(ctx))
    found = openings(team, date_from=start, date_to=start + AHEAD, now=ctx.now)
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
        {"slots": [one.as_data() for one in offered]},
    )


@tool(label="Booking the visit", writes=True)
def schedule_visit(
    ctx: ToolContext,
    *,
    description: Description,
    address: Address,
    name: FullName,
    phone: Callback,
    technician_id: Annotated[Id, "technician_id of the chosen free slot"],
    date: Annotated[dt.date, "date of the chosen free slot"],
    time: Annotated[Time, "time of the chosen free slot"],
) -> ToolResult:
    """Books a visit of a technician, for what can wait, at a free time that the caller has chosen.

    Use it to schedule a visit or appointment; never for an emergency. Confirm before calling. Returns report_id,
    reference, technician_name, date, time.
    """
    if score(description).value >= line_rules().threshold:
        raise ToolRefused(
            "is_emergency", "That sounds like an emergency, so I rather ring our people on call.", field="description"
        )
    building = where(address, anywhere=False).building
    callback = number(phone)
    technician = _technician(technician_id)
    starts_at = _instant(ctx, date, time)
    contact = caller(ctx, name, callback)
    incident, is_new = incidents.open_incident(
        channel="chat" if ctx.channel == "chat" else "phone",
        description=description,
        trade=_trade(ctx, description),
        contact=contact,
        callback_phone=callback,
        building=building,
        address=address,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    if is_new:
        check_number_of_reports(ctx)
    existing = booked_visit(incident)
    if existing is not None:
        return _booked_already(ctx, existing, technician, starts_at)
    if incident.contact_id is None:
        incident.contact = contact
        incident.save(update_fields=["contact"])
    try:
        visit = visits.schedule(
            incident=incident,
            contact=contact,
            technician=technician,
            starts_at=starts_at,
            now=ctx.now,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, technician, field="time") from refusal
    return ToolResult(
        f"The visit is booked {spoken_visit(ctx, visit)}; your reference is {incident.reference}.", _data(ctx, visit)
    )


@tool(label="Moving the visit", writes=True)
def reschedule_visit(
    ctx: ToolContext,
    *,
    report_id: ReportId,
    new_date: Annotated[dt.date, "date of the chosen free slot"],
    new_time: Annotated[Time, "time of the chosen free slot"],
    new_technician_id: Annotated[Id | None, "technician_id of the chosen free slot"] = None,
) -> ToolResult:
    """Moves the visit that is booked for a report to another free time.

    Use it to change or reschedule a visit; look up free times first. Confirm before calling. Returns report_id,
    reference, technician_name, date, time.
    """
    visit = _own_visit(ctx, report_id)
    technician: Responder = visit.booking.staff.responder
    if new_technician_id:
        technician = _technician(new_technician_id, field="new_technician_id")
    starts_at = _instant(ctx, new_date, new_time, prefix="new_")
    if (visit.booking.starts_at, visit.booking.staff_id) == (starts_at, technician.staff_id):
        return ToolResult(f"The visit is {spoken_visit(ctx, visit)} already.", _data(ctx, visit))
    try:
        visit = visits.move(visit=visit, starts_at=starts_at, technician=technician, now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, technician, field="new_time") from refusal
    return ToolResult(f"The visit is now {spoken_visit(ctx, visit)}.", _data(ctx, visit))


@tool(label="Cancelling the visit", writes=True)
def cancel_visit(
    ctx: ToolContext, *, report_id: ReportId, reason: Annotated[Topic | None, "why, if the caller said so"] = None
) -> ToolResult:
    """Cancels the visit that is booked for a report; the report stays open.

    Confirm before calling. Returns report_id, reference, date, time, status.
    """
    visit = _own_visit(ctx, report_id)
    try:
        visit = visits.cancel(visit=visit, reason=reason or "", now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise ToolRefused("too_late", "That visit has already begun, so there is nothing left to cancel.") from refusal
    return ToolResult(f"The visit {spoken_visit(ctx, visit)} is cancelled.", _data(ctx, visit))


def spoken_visit(ctx: ToolContext, visit: Visit) -> str:
    """Such as "on Tuesday, November 24 at 9 AM with Nadia Flores"."""
    local = visit.booking.starts_at.astimezone(ctx.now.tzinfo)
    return f"on {spoken_moment(local, today=today(ctx))} with {visit.booking.staff.name}"


def _booked_already(ctx: ToolContext, visit: Visit, technician: Responder, starts_at: dt.datetime) -> ToolResult:
    if (visit.booking.staff_id, visit.booking.starts_at) == (technician.staff_id, starts_at):
        return ToolResult(f"That visit is booked already, {spoken_visit(ctx, visit)}.", _data(ctx, visit))
    raise ToolRefused(
        "already_booked",
        f"There is a visit for that already, {spoken_visit(ctx, visit)}; I can move it.",
        data=_data(ctx, visit),
    )


def _own_visit(ctx: ToolContext, report_id: str) -> Visit:
    """Raises ToolRefused: `report_not_found` or `no_visit`."""
    visit = booked_visit(own_report(ctx, report_id))
    if visit is None:
        raise ToolRefused("no_visit", "No visit is booked for that report.", field="report_id")
    return visit


def _trade(ctx: ToolContext, description: str = "") -> str:
    """What a visit is for: by the words, by the agent, or by what was reported in this conversation last."""
    if (found := categorize(description)) != "other":
        return found
    if own := trade_of(ctx):
        return own
    made = Incident.objects.filter(conversation_id=ctx.conversation_id).values_list("trade", flat=True).first()
    return made or "other"


def _technician(technician_id: str, *, field: str = "technician_id") -> Responder:
    team = Responder.objects.filter(is_active=True, staff__is_active=True).select_related("staff")
    found = team.filter(pk=technician_id).first()
    if found is None:
        raise ToolRefused("technician_not_found", "I cannot find that technician in our team.", field=field)
    return found


def _instant(ctx: ToolContext, date: dt.date, time: dt.time, *, prefix: str = "") -> dt.datetime:
    day = bookable_day(ctx, date, field=f"{prefix}date")
    try:
        return at(day=day, local=time.replace(second=0, microsecond=0, tzinfo=None))
    except NoSuchTime:
        raise ToolRefused(
            "no_such_time", "The clocks change that night, so that time does not exist.", field=f"{prefix}time"
        ) from None


def _wish(ctx: ToolContext, day: dt.date | None, part_of_day: str | None, time: dt.time | None) -> str:
    """Such as "on Tuesday, November 24 in the morning"."""
    parts = (
        f"on {spoken_date(day, today=today(ctx))}" if day else "",
        f"at {spoken_time(time)}" if time else f"in the {part_of_day}" if part_of_day else "",
    )
    return " ".join(part for part in parts if part)


def _refused(ctx: ToolContext, refusal: BookingRefused, technician: Responder, *, field: str) -> ToolRefused:
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


def _data(ctx: ToolContext, visit: Visit) -> dict[str, object]:
    local = visit.booking.starts_at.astimezone(ctx.now.tzinfo)
    return {
        **report_data(visit.incident),
        "technician_name": visit.booking.staff.name,
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "visit_status": str(visit.booking.status),
    }
