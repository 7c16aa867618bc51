"""The tool that looks for free times."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.openings import AHEAD, best, in_part
from apps.business.core.wording import spoken_date, spoken_time
from apps.verticals.salon.house_rules import booking_notice, house_rules
from apps.verticals.salon.models import Appointment
from apps.verticals.salon.slots import Opening, openings, spoken_openings
from apps.verticals.salon.stylists import Quote
from apps.verticals.salon.tools.arguments import (
    Id,
    Ids,
    PartOfDay,
    active_stylist,
    bookable_day,
    identified_customer,
    own_appointment,
    quotes_for,
    today,
    wished_services,
)
from apps.verticals.salon.visits import services_of


@tool(label="Checking free times")
def get_available_slots(
    ctx: ToolContext,
    *,
    service_ids: Annotated[Ids | None, "service_ids of everything wished in one visit, for a new appointment"] = None,
    appointment_id: Annotated[Id | None, "appointment_id, to move an appointment instead"] = None,
    stylist_id: Annotated[Id | None, "stylist_id, only when the visitor wants one stylist"] = None,
    date: Annotated[dt.date | None, "the day the visitor wishes, if they named one"] = None,
    time: Annotated[Time | None, "the time the visitor wishes, if they named one"] = None,
    part_of_day: Annotated[PartOfDay | None, "part of the day the visitor prefers, if they said so"] = None,
) -> ToolResult:
    """Finds free times for the wished services, or for an appointment that is to be moved; two weeks from the day on.

    Without a stylist the first who is free. Returns at most four free slots: stylist_id, stylist_name, date, time,
    duration, price.
    """
    moved = own_appointment(ctx, appointment_id) if appointment_id and not service_ids else None
    quotes = _quotes_to_move(moved, stylist_id) if moved else _quotes(service_ids, stylist_id)
    start = bookable_day(ctx, date) if date else today(ctx)
    notice = booking_notice(house_rules())
    found = openings(quotes, date_from=start, date_to=start + AHEAD, now=ctx.now, notice=notice)
    on_day = [one for one in found if one.starts_at.date() == date]
    fitting = in_part(on_day if date else found, part_of_day)
    at_time = [one for one in fitting if one.starts_at.time() == time]
    note = ""
    if (not fitting or (time and not at_time)) and found and (date or part_of_day or time):
        note = f"There is nothing free {_wish(ctx, date, part_of_day, time)}. "
        if date and dt.datetime.combine(date, dt.time.max, ctx.now.tzinfo) < ctx.now + notice:
            note += f"We need {int(notice.total_seconds() // 3600)} hours notice. "
    fitting = fitting or on_day or in_part(found, part_of_day) or found
    preferred = _preferred(ctx, moved)
    offered = best(at_time or fitting, near=time, rather=lambda one: one.quote.stylist.pk == preferred)
    if not offered:
        return ToolResult("I see nothing free within two weeks of that day; I can put you on the waitlist.", _data([]))
    return ToolResult(f"{note}I have {spoken_openings(offered, today=today(ctx))}.", _data(offered))


def _quotes(service_ids: list[str] | None, stylist_id: str | None) -> list[Quote]:
    if not service_ids:
        raise ToolRefused("service_needed", "Which service would you like?", field="service_ids")
    stylist = active_stylist(stylist_id) if stylist_id else None
    return quotes_for(wished_services(service_ids), stylist)


def _quotes_to_move(appointment: Appointment, stylist_id: str | None) -> list[Quote]:
    """With the stylist of the appointment unless another is wished."""
    stylist = active_stylist(stylist_id) if stylist_id else appointment.booking.staff.stylist
    return quotes_for(services_of(appointment), stylist)


def _preferred(ctx: ToolContext, moved: Appointment | None) -> str:
    """The id of the stylist whom the visitor knows best; empty when there is none."""
    if moved is not None:
        return str(moved.booking.staff.stylist.pk)
    customer = identified_customer(ctx)
    return str(customer.preferred_stylist_id or "") if customer else ""


def _wish(ctx: ToolContext, day: dt.date | None, part_of_day: str | None, time: dt.time | None) -> str:
    """Such as "on Tuesday, November 24 in the morning"."""
    words = (
        f"on {spoken_date(day, today=today(ctx))}" if day else "",
        f"at {spoken_time(time)}" if time else f"in the {part_of_day}" if part_of_day else "",
    )
    return " ".join(word for word in words if word)


def _data(offered: list[Opening]) -> dict[str, list[dict[str, object]]]:
    return {"slots": [opening.as_data() for opening in offered]}
