"""Meetings with sales reps: free times, booking, moving and cancelling, for the identified lead only."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.bookings import BookingRefused, SlotTaken
from apps.business.core.wording import listed, spoken_date, spoken_moment, spoken_time
from apps.verticals.sales.meetings import (
    AHEAD,
    LENGTH,
    NOTICE,
    Opening,
    as_data,
    best,
    book,
    cancel,
    in_part,
    move,
    openings,
    reps,
    spoken_openings,
    upcoming,
)
from apps.verticals.sales.models import Meeting, SalesRep
from apps.verticals.sales.tools.arguments import (
    Id,
    PartOfDay,
    Topic,
    active_rep,
    actor,
    bookable_day,
    bookable_time,
    city,
    identified_lead,
    own_lead,
    own_meeting,
    today,
)

MOST_UPCOMING = 3
"""Meetings ahead of one lead, so that nobody can fill a rep's calendar from a chat window."""
_SPOKEN = 4


@tool(label="Checking free times")
def get_available_slots(
    ctx: ToolContext,
    *,
    rep_id: Annotated[Id | None, "rep_id, only when the visitor wants one sales rep"] = None,
    appointment_id: Annotated[Id | None, "appointment_id, to move an appointment instead"] = None,
    date: Annotated[dt.date | None, "the day the visitor wishes, if they named one"] = None,
    time: Annotated[Time | None, "the time the visitor wishes, if they named one"] = None,
    part_of_day: Annotated[PartOfDay | None, "part of the day the visitor prefers, if they said so"] = None,
) -> ToolResult:
    """Finds free times for a meeting or demo with a sales rep, or for an appointment that is to be moved; two weeks
    from the day on.

    Without a rep it is the visitor's own, else the first who is free. Returns at most four free slots: rep_id,
    rep_name, date, time, duration.
    """
    lead = identified_lead(ctx)
    if appointment_id and not rep_id:
        of = [own_meeting(ctx, appointment_id).booking.staff.sales_rep]
    else:
        of = [active_rep(rep_id)] if rep_id else reps()
    if not of:
        return ToolResult("None of our experts takes meetings at the moment.", _data([]))
    start = bookable_day(ctx, date) if date else today(ctx)
    found = openings(of, date_from=start, date_to=start + AHEAD, now=ctx.now)
    on_day = [one for one in found if one.starts_at.date() == date]
    fitting = in_part(on_day if date else found, part_of_day)
    at_time = [one for one in fitting if one.starts_at.time() == time]
    note = ""
    if (not fitting or (time and not at_time)) and found and (date or part_of_day or time):
        note = f"There is nothing free {_wish(ctx, date, part_of_day, time)}. "
    fitting = fitting or on_day or in_part(found, part_of_day) or found
    offered = best(at_time or fitting, near=time, first=lead.rep_id or "" if lead else "")
    if not offered:
        return ToolResult("I see nothing free within two weeks of that day.", _data([]))
    said = spoken_openings(offered, today=today(ctx))
    return ToolResult(f"{note}I have {said}, {city(ctx.now.tzinfo)} time.", _data(offered))


@tool(label="Booking your appointment", writes=True)
def book_appointment(
    ctx: ToolContext,
    *,
    lead_id: Annotated[Id, "lead_id of the identified visitor"],
    rep_id: Annotated[Id, "rep_id of the chosen free slot"],
    date: Annotated[dt.date, "date of the chosen free slot"],
    time: Annotated[Time, "time of the chosen free slot"],
    topic: Annotated[Topic | None, "what the visitor wants to see or discuss, if they said so"] = None,
) -> ToolResult:
    """Books an appointment, meeting or demo with a sales rep at a free time that the visitor has chosen.

    Use it after the visitor is identified and has picked one of the offered times. Confirm before calling. Returns
    appointment_id, reference, rep_name, date, time.
    """
    lead = own_lead(ctx, lead_id)
    rep = active_rep(rep_id)
    starts_at = bookable_time(ctx, date, time)
    ahead = upcoming(lead, now=ctx.now)
    clash = next((one for one in ahead if _overlap(one, starts_at)), None)
    if clash is not None:
        if (clash.booking.starts_at, clash.booking.staff_id) == (starts_at, rep.staff_id):
            return ToolResult(f"You are booked already: {_spoken(ctx, clash)}.", as_data(clash, zone=ctx.now.tzinfo))
        raise _double(ctx, clash, field="time")
    if len(ahead) >= MOST_UPCOMING:
        raise ToolRefused(
            "too_many_appointments", "You have several appointments ahead already. Please call us to add one."
        )
    try:
        meeting = book(
            lead=lead,
            rep=rep,
            starts_at=starts_at,
            topic=topic or "",
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, rep, starts_at=starts_at, field="time") from refusal
    return ToolResult(
        f"You are booked: {_spoken(ctx, meeting)}, {city(ctx.now.tzinfo)} time. "
        f"Your reference is {meeting.booking.reference}.",
        as_data(meeting, zone=ctx.now.tzinfo),
    )


@tool(label="Looking at your appointments")
def get_lead_appointments(
    ctx: ToolContext, *, lead_id: Annotated[Id, "lead_id of the identified visitor"]
) -> ToolResult:
    """Lists the identified visitor's upcoming appointments with our sales reps, the next one first.

    Use it when they ask about their appointments, and before moving or cancelling one. Returns appointment_id,
    reference, rep_name, date, time, topic, status of each.
    """
    found = upcoming(own_lead(ctx, lead_id), now=ctx.now)
    if not found:
        return ToolResult("You have no upcoming appointments.", {"appointments": []})
    said = listed([_spoken(ctx, meeting) for meeting in found[:_SPOKEN]])
    count = "one appointment" if len(found) == 1 else f"{len(found)} appointments"
    return ToolResult(
        f"You have {count}: {said}.",
        {"appointments": [as_data(meeting, zone=ctx.now.tzinfo) for meeting in found]},
    )


@tool(label="Moving your appointment", writes=True)
def reschedule_appointment(
    ctx: ToolContext,
    *,
    appointment_id: Annotated[Id, "appointment_id of the visitor's appointment"],
    new_date: Annotated[dt.date, "date of the chosen free slot"],
    new_time: Annotated[Time, "time of the chosen free slot"],
) -> ToolResult:
    """Moves an upcoming appointment of the identified visitor to another free time of the same sales rep.

    Use it to change or reschedule; list their appointments first, then free times. Confirm before calling. Returns
    appointment_id, reference, rep_name, date, time, status.
    """
    meeting = own_meeting(ctx, appointment_id)
    starts_at = bookable_time(ctx, new_date, new_time, prefix="new_")
    others = (one for one in upcoming(meeting.lead, now=ctx.now) if one.pk != meeting.pk)
    if (clash := next((one for one in others if _overlap(one, starts_at)), None)) is not None:
        raise _double(ctx, clash, field="new_time")
    rep = meeting.booking.staff.sales_rep
    try:
        moved = move(meeting=meeting, starts_at=starts_at, now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, rep, starts_at=starts_at, field="new_time") from refusal
    return ToolResult(
        f"Your appointment is now {_spoken(ctx, moved)}, {city(ctx.now.tzinfo)} time. "
        f"Your reference stays {moved.booking.reference}.",
        as_data(moved, zone=ctx.now.tzinfo),
    )


@tool(label="Cancelling your appointment", writes=True)
def cancel_appointment(
    ctx: ToolContext,
    *,
    appointment_id: Annotated[Id, "appointment_id of the visitor's appointment"],
    reason: Annotated[Topic | None, "why, if the visitor said so"] = None,
) -> ToolResult:
    """Cancels an upcoming appointment of the identified visitor.

    Use it when they no longer want to meet; list their appointments first. Confirm before calling. Returns
    appointment_id, reference, date, time, status.
    """
    meeting = own_meeting(ctx, appointment_id)
    try:
        cancelled = cancel(meeting=meeting, reason=reason or "", now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise ToolRefused(
            "too_late", "That appointment is cancelled or has already begun, so there is nothing left to cancel."
        ) from refusal
    return ToolResult(
        f"Your appointment, {_spoken(ctx, cancelled)}, is cancelled.", as_data(cancelled, zone=ctx.now.tzinfo)
    )


def _spoken(ctx: ToolContext, meeting: Meeting) -> str:
    """Such as "Tuesday, November 24 at 9:30 AM with Dana Cole"."""
    moment = meeting.booking.starts_at.astimezone(ctx.now.tzinfo)
    return f"{spoken_moment(moment, today=today(ctx))} with {meeting.booking.staff.name}"


def _overlap(meeting: Meeting, starts_at: dt.datetime) -> bool:
    return meeting.booking.starts_at < starts_at + LENGTH and starts_at < meeting.booking.ends_at


def _double(ctx: ToolContext, clash: Meeting, *, field: str) -> ToolRefused:
    return ToolRefused("already_booked", f"You already have an appointment then: {_spoken(ctx, clash)}.", field=field)


def _refused(
    ctx: ToolContext, refusal: BookingRefused, rep: SalesRep, *, starts_at: dt.datetime, field: str
) -> ToolRefused:
    """The calendar's refusal in words, with the free times nearest to the wish."""
    if refusal.code == "booking_closed":
        return ToolRefused(
            refusal.code, "That appointment is cancelled or has already begun, so I cannot change it.", field=field
        )
    wished = starts_at.astimezone(ctx.now.tzinfo)
    found = openings([rep], date_from=wished.date(), date_to=wished.date() + AHEAD, now=ctx.now)
    free = best(found, near=wished.time())
    if refusal.code == "in_the_past":
        problem = f"We need {NOTICE // dt.timedelta(hours=1)} hours notice, so that time is too soon."
    elif isinstance(refusal, SlotTaken):
        problem = "I am sorry, that time has just been taken."
    else:
        problem = f"{rep.staff.name} has no meetings at that time."
    instead = f"I have {spoken_openings(free, today=today(ctx))}." if free else "I see nothing free near it."
    return ToolRefused(refusal.code, f"{problem} {instead}", field=field, data=_data(free))


def _wish(ctx: ToolContext, day: dt.date | None, part_of_day: str | None, time: dt.time | None) -> str:
    """Such as "on Tuesday, November 24 in the morning"."""
    words = (
        f"on {spoken_date(day, today=today(ctx))}" if day else "",
        f"at {spoken_time(time)}" if time else f"in the {part_of_day}" if part_of_day else "",
    )
    return " ".join(word for word in words if word)


def _data(offered: list[Opening]) -> dict[str, list[dict[str, object]]]:
    return {"slots": [opening.as_data() for opening in offered]}
