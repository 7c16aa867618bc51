"""A visit, and a refusal of the book, as the salon says them."""

import datetime as dt

from apps.agents.sdk import ToolContext, ToolRefused
from apps.business.bookings import BookingRefused, SlotTaken
from apps.business.core.openings import AHEAD, best
from apps.business.core.wording import spoken_moment
from apps.verticals.salon.core.wording import spoken_hours
from apps.verticals.salon.house_rules import booking_notice
from apps.verticals.salon.menu import spoken_services
from apps.verticals.salon.models import Appointment, SalonSettings
from apps.verticals.salon.slots import openings, spoken_openings
from apps.verticals.salon.stylists import Quote
from apps.verticals.salon.tools.arguments import today
from apps.verticals.salon.visits import services_of


def spoken_visit(ctx: ToolContext, appointment: Appointment) -> str:
    """Such as "balayage and gloss on Tuesday, November 24 at 9:30 AM with Maya Torres"."""
    booking = appointment.booking
    moment = spoken_moment(booking.starts_at.astimezone(ctx.now.tzinfo), today=today(ctx))
    return f"{spoken_services(services_of(appointment)) or 'a visit'} on {moment} with {booking.staff.name}"


def refused(
    ctx: ToolContext,
    refusal: BookingRefused,
    quote: Quote,
    *,
    starts_at: dt.datetime,
    rules: SalonSettings,
    field: str,
) -> ToolRefused:
    """The book's refusal in the salon's words, with the free times nearest to the wish."""
    if refusal.code == "too_far_ahead":
        return ToolRefused(refusal.code, "We only book up to a year ahead.", field=field)
    if refusal.code == "booking_closed":
        return ToolRefused(
            refusal.code, "That appointment is cancelled or has already begun, so I cannot change it.", field=field
        )
    wished = starts_at.astimezone(ctx.now.tzinfo)
    found = openings(
        [quote], date_from=wished.date(), date_to=wished.date() + AHEAD, now=ctx.now, notice=booking_notice(rules)
    )
    free = best(found, near=wished.time())
    if refusal.code == "in_the_past":
        problem = f"We need {spoken_hours(rules.booking_notice_hours)} notice, so that time is too soon."
    elif isinstance(refusal, SlotTaken):
        problem = "I am sorry, that time has just been taken."
    else:
        problem = f"{quote.stylist.staff.name} does not work at that time."
    instead = f"I have {spoken_openings(free, today=today(ctx))}." if free else "I see nothing free near it."
    return ToolRefused(
        refusal.code,
        f"{problem} {instead}",
        field=field,
        data={"slots": [opening.as_data() for opening in free]},
    )
