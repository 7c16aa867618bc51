"""The tools that arrange, move and call off viewings. What exists is shown only to whom it belongs."""

import datetime as dt
from typing import Annotated

from django.db.models import Q

from apps.agents.sdk import Email, Phone, Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.bookings import BookingRefused, SlotTaken, cancel, reschedule
from apps.business.calendar import NoSuchTime, at
from apps.business.contacts import InvalidEmail, InvalidName
from apps.business.core.openings import AHEAD, best, in_part, spoken_openings
from apps.business.core.wording import listed, spoken_date, spoken_moment, spoken_time
from apps.business.models import Contact
from apps.verticals.real_estate import enquiries, viewings
from apps.verticals.real_estate.models import Listing, Renter, Viewing
from apps.verticals.real_estate.tools.arguments import (
    SPOKEN,
    Id,
    Name,
    PartOfDay,
    Topic,
    actor,
    bookable_day,
    check_attempts,
    known_listing,
    number,
    today,
)
from apps.verticals.real_estate.viewings import Opening, as_data, openings

MOST_UPCOMING = 6
"""Viewings ahead of one visitor, so that nobody can fill the calendars from a chat window."""
ListingId = Annotated[Id, "listing_id of the home"]
_REFUSALS = {
    "in_the_past": "That time is past or less than two hours away.",
    "too_far_ahead": "We only book up to a year ahead.",
    "booking_closed": "That viewing is cancelled or has already begun, so I cannot change it.",
    "not_bookable": "The agent for this home takes no viewings at the moment. Please call our office.",
}


@tool(label="Checking when it can be seen")
def get_viewing_times(
    ctx: ToolContext,
    *,
    listing_id: ListingId,
    date: Annotated[dt.date | None, "the day the visitor wishes, if they named one"] = None,
    time: Annotated[Time | None, "the time the visitor wishes, if they named one"] = None,
    part_of_day: Annotated[PartOfDay | None, "part of the day the visitor prefers, if they said so"] = None,
) -> ToolResult:
    """Lists the free times at which a home can be seen, from the calendar of its agent, up to two weeks ahead.

    Use it before booking or moving a viewing (an inspection, an open home). Returns agent_name, date, time of each.
    """
    one = known_listing(listing_id)
    start = bookable_day(ctx, date) if date else today(ctx)
    found = openings(one, date_from=start, date_to=start + AHEAD, now=ctx.now)
    on_day = [opening for opening in found if opening.starts_at.date() == date]
    fitting = in_part(on_day if date else found, part_of_day)
    at_time = [opening for opening in fitting if opening.starts_at.time() == time]
    note = ""
    if not fitting or (time and not at_time):
        if found and (date or part_of_day or time):
            note = f"There is nothing free {_wish(ctx, date, part_of_day, time)}. "
        fitting = fitting or on_day or in_part(found, part_of_day) or found
    offered = best(at_time or fitting, near=time)
    if not offered:
        return ToolResult("I see no free time for a viewing within two weeks of that day.", {"times": []})
    return ToolResult(
        f"{note}{one.agent.name} can show you {one.property.street_address} on "
        f"{spoken_openings(offered, today=today(ctx))}.",
        {"times": [opening.as_data() for opening in offered]},
    )


@tool(label="Booking your viewing", writes=True)
def book_viewing(
    ctx: ToolContext,
    *,
    listing_id: ListingId,
    date: Annotated[dt.date, "date of the chosen free time"],
    time: Annotated[Time, "time of the chosen free time"],
    first_name: Annotated[Name, "the visitor's first name"],
    last_name: Annotated[Name, "the visitor's last name"],
    phone: Annotated[Phone, "the visitor's phone number"],
    email: Annotated[Email | None, "the visitor's e-mail address, if they gave one"] = None,
) -> ToolResult:
    """Books a viewing of a home at a free time that the visitor has chosen.

    Use it to schedule an inspection, after the visitor has picked one of the offered times. Confirm before
    calling. Returns viewing_id, agent_name, date, time, reference.
    """
    one = known_listing(listing_id)
    starts_at = _instant(ctx, date, time)
    contact, is_new = _contact(ctx, first_name, last_name, phone, email)
    existing = _overlapping(ctx, starts_at)
    if existing is not None:
        return _already(ctx, existing, one, starts_at)
    if len(viewings.upcoming(Q(booking__contact=contact), now=ctx.now)) >= MOST_UPCOMING:
        raise ToolRefused(
            "too_many_viewings", "You have many viewings ahead already. Please call our office to add one."
        )
    try:
        viewing = viewings.arrange(
            listing=one,
            contact=contact,
            starts_at=starts_at,
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, one, field="time") from refusal
    if is_new:
        ctx.bind_contact(contact.pk)
    enquiries.note(conversation_id=ctx.conversation_id, now=ctx.now, favorite=one, intent="viewing", contact=contact)
    return ToolResult(
        f"Your viewing {_spoken(ctx, viewing)} is booked. Your reference is {viewing.booking.reference}.",
        as_data(viewing, zone=ctx.now.tzinfo),
    )


@tool(label="Looking for your viewing")
def find_viewing(
    ctx: ToolContext,
    *,
    reference: Annotated[Topic, "reference of the viewing, such as HH-20261122-001"],
    phone: Annotated[Phone, "the phone number it was booked with"],
) -> ToolResult:
    """Finds a viewing that was booked before, by its reference and the phone number it was booked with.

    Use it when the visitor comes back to move or cancel a viewing. Returns viewing_id, property_name, date, time.
    """
    check_attempts(ctx, "find_viewing", codes=("viewing_not_found",))
    viewing = viewings.by_reference(reference=reference, phone=number(phone))
    if viewing is None:
        raise ToolRefused("viewing_not_found", "I could not find a viewing with that reference and phone number.")
    contact = viewing.booking.contact
    if Renter.objects.filter(contact=contact).exists():
        # A renter's account needs better proof than a reference.
        raise ToolRefused("identify_first", "For that I need to find your tenancy first, by phone and date of birth.")
    ctx.bind_contact(contact.pk)
    return ToolResult(f"I have found your viewing {_spoken(ctx, viewing)}.", as_data(viewing, zone=ctx.now.tzinfo))


@tool(label="Looking at your viewings")
def get_my_viewings(ctx: ToolContext) -> ToolResult:
    """Lists the visitor's upcoming viewings: those booked in this conversation, or found by reference.

    Use it before moving or cancelling one. Returns viewing_id, property_name, agent_name, date, time, status of each.
    """
    found = viewings.upcoming(_mine(ctx), now=ctx.now)
    if not found:
        return ToolResult("I see no upcoming viewing of yours here.", {"viewings": []})
    count = "one viewing" if len(found) == 1 else f"{len(found)} viewings"
    said = listed([_spoken(ctx, viewing) for viewing in found[:SPOKEN]])
    return ToolResult(
        f"You have {count}: {said}.", {"viewings": [as_data(viewing, zone=ctx.now.tzinfo) for viewing in found]}
    )


@tool(label="Cancelling your viewing", writes=True)
def cancel_viewing(
    ctx: ToolContext,
    *,
    viewing_id: Annotated[Id, "viewing_id of the visitor's viewing"],
    reason: Annotated[Topic | None, "why, if the visitor said so"] = None,
) -> ToolResult:
    """Cancels an upcoming viewing of the visitor.

    Use it when the visitor no longer wants to come; list their viewings first. Confirm before calling. Returns
    viewing_id, date, time, status.
    """
    viewing = _own(ctx, viewing_id)
    try:
        viewing.booking = cancel(booking=viewing.booking, reason=reason or "", now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise ToolRefused(
            "too_late", "That viewing is cancelled or has already begun, so there is nothing left to cancel."
        ) from refusal
    return ToolResult(f"Your viewing {_spoken(ctx, viewing)} is cancelled.", as_data(viewing, zone=ctx.now.tzinfo))


@tool(label="Moving your viewing", writes=True)
def reschedule_viewing(
    ctx: ToolContext,
    *,
    viewing_id: Annotated[Id, "viewing_id of the visitor's viewing"],
    new_date: Annotated[dt.date, "date of the chosen free time"],
    new_time: Annotated[Time, "time of the chosen free time"],
) -> ToolResult:
    """Moves an upcoming viewing of the visitor to another free time of the same agent.

    Use it to change or reschedule; list their viewings first, then free times. Confirm before calling. Returns
    viewing_id, agent_name, date, time, status.
    """
    viewing = _own(ctx, viewing_id)
    starts_at = _instant(ctx, new_date, new_time, prefix="new_")
    other = _overlapping(ctx, starts_at)
    if other is not None and other.pk != viewing.pk:
        raise _double(ctx, other, field="new_time")
    try:
        viewing.booking = reschedule(
            booking=viewing.booking, starts_at=starts_at, now=ctx.now, notice=viewings.NOTICE, actor=actor(ctx)
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, viewing.listing, field="new_time") from refusal
    return ToolResult(f"Your viewing is now {_spoken(ctx, viewing)}.", as_data(viewing, zone=ctx.now.tzinfo))


def _mine(ctx: ToolContext) -> Q:
    """Booked in this conversation, or by whom it has identified."""
    mine = Q(booking__conversation_id=ctx.conversation_id)
    return mine | Q(booking__contact_id=ctx.contact_id) if ctx.contact_id else mine


def _own(ctx: ToolContext, viewing_id: str) -> Viewing:
    viewing = viewings.viewing_of(_mine(ctx), viewing_id)
    if viewing is None:
        # In the same words whether such a viewing exists or not.
        raise ToolRefused(
            "not_identified", "To change a viewing I need its reference and the phone number it was booked with."
        )
    return viewing


def _contact(ctx: ToolContext, first_name: str, last_name: str, phone: str, email: str | None) -> tuple[Contact, bool]:
    """Who comes, and whether this conversation may be bound to them: never to somebody who was there before."""
    if ctx.contact_id:
        return Contact.objects.get(pk=ctx.contact_id), False
    try:
        return viewings.visitor(
            first_name=first_name, last_name=last_name, phone=number(phone), email=email or "", actor=actor(ctx)
        )
    except InvalidName:
        raise ToolRefused("invalid_name", "I am not sure that I have that name right.", field="first_name") from None
    except InvalidEmail:
        raise ToolRefused("invalid_email", "That e-mail address does not look complete.", field="email") from None


def _overlapping(ctx: ToolContext, starts_at: dt.datetime) -> Viewing | None:
    """Of this visitor's own viewings only: who has merely said a name hears nothing of that person's."""
    then = Q(booking__starts_at__lt=starts_at + viewings.LENGTH, booking__ends_at__gt=starts_at)
    ahead = viewings.upcoming(_mine(ctx) & then, now=starts_at - viewings.LENGTH)
    return ahead[0] if ahead else None


def _already(ctx: ToolContext, existing: Viewing, one: Listing, starts_at: dt.datetime) -> ToolResult:
    """The very viewing asked for exists: that is success. Another at the same time is not."""
    if (existing.listing_id, existing.booking.starts_at) != (one.pk, starts_at):
        raise _double(ctx, existing, field="time")
    return ToolResult(
        f"You are booked already for a viewing {_spoken(ctx, existing)}.", as_data(existing, zone=ctx.now.tzinfo)
    )


def _double(ctx: ToolContext, existing: Viewing, *, field: str) -> ToolRefused:
    when = spoken_moment(existing.booking.starts_at.astimezone(ctx.now.tzinfo), today=today(ctx))
    return ToolRefused("already_booked", f"You already have a viewing then, on {when}.", field=field)


def _instant(ctx: ToolContext, date: dt.date, time: dt.time, *, prefix: str = "") -> dt.datetime:
    day = bookable_day(ctx, date, field=f"{prefix}date")
    try:
        return at(day=day, local=time.replace(second=0, microsecond=0, tzinfo=None))
    except NoSuchTime:
        raise ToolRefused(
            "no_such_time", "The clocks change that night, so that time does not exist.", field=f"{prefix}time"
        ) from None


def _refused(ctx: ToolContext, refusal: BookingRefused, one: Listing, *, field: str) -> ToolRefused:
    """The book's refusal in the agency's words, with the free times nearest to the wish."""
    if say := _REFUSALS.get(refusal.code):
        return ToolRefused(refusal.code, say, field=field)
    free = [
        Opening(one, dt.datetime.fromisoformat(start).replace(tzinfo=ctx.now.tzinfo))
        for start in refusal.details.get("free", [])
    ]
    problem = (
        "I am sorry, that time has just been taken."
        if isinstance(refusal, SlotTaken)
        else f"{one.agent.name} does not show homes at that time."
    )
    instead = f"I have {spoken_openings(free, today=today(ctx))}." if free else "I see nothing free near it."
    return ToolRefused(
        refusal.code, f"{problem} {instead}", field=field, data={"times": [opening.as_data() for opening in free]}
    )


def _spoken(ctx: ToolContext, viewing: Viewing) -> str:
    """Such as "of 12 Harbour Street on Tuesday, November 24 at 9:30 AM with Grace Lim"."""
    moment = spoken_moment(viewing.booking.starts_at.astimezone(ctx.now.tzinfo), today=today(ctx))
    return f"of {viewing.listing.property.street_address} on {moment} with {viewing.booking.staff.name}"


def _wish(ctx: ToolContext, day: dt.date | None, part_of_day: str | None, time: dt.time | None) -> str:
    words = (
        f"on {spoken_date(day, today=today(ctx))}" if day else "",
        f"at {spoken_time(time)}" if time else f"in the {part_of_day}" if part_of_day else "",
    )
    return " ".join(word for word in words if word)
