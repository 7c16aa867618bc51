"""The tool that puts a customer on the waitlist."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.openings import best, in_part
from apps.business.core.wording import spoken_date
from apps.verticals.salon.house_rules import booking_notice, house_rules
from apps.verticals.salon.menu import spoken_services
from apps.verticals.salon.models import WaitlistEntry
from apps.verticals.salon.slots import openings, spoken_openings
from apps.verticals.salon.tools.arguments import (
    Id,
    Ids,
    PartOfDay,
    active_stylist,
    actor,
    bookable_day,
    own_customer,
    quotes_for,
    today,
    wished_services,
)
from apps.verticals.salon.waitlist import join, waiting

MOST_WAITS = 5
"""Entries of one customer at a time."""
LONGEST = dt.timedelta(days=14)


@tool(label="Putting you on the waitlist", writes=True)
def join_waitlist(
    ctx: ToolContext,
    *,
    service_ids: Annotated[Ids, "service_ids of everything wished in one visit"],
    customer_id: Annotated[Id, "customer_id of the identified customer"],
    date: Annotated[dt.date, "the day the visitor wishes"],
    last_day: Annotated[dt.date | None, "the last day that would do as well, if they said so"] = None,
    stylist_id: Annotated[Id | None, "stylist_id, only when they want one stylist"] = None,
    part_of_day: Annotated[PartOfDay | None, "part of the day the visitor prefers, if they said so"] = None,
) -> ToolResult:
    """Puts the identified customer on the waitlist for a day that is full: the first time that comes free is booked
    for them.

    Use it when nothing suits and the customer wants to wait. Confirm before calling. Returns waitlist_id, date,
    last_day.
    """
    customer = own_customer(ctx, customer_id)
    services = wished_services(service_ids)
    stylist = active_stylist(stylist_id) if stylist_id else None
    quotes = quotes_for(services, stylist)
    first = bookable_day(ctx, date)
    last = bookable_day(ctx, last_day, field="last_day") if last_day else first
    if not first <= last <= first + LONGEST:
        raise ToolRefused(
            "invalid_span", "The waitlist is for up to two weeks, from the first day on.", field="last_day"
        )
    rules = house_rules()
    free = openings(quotes, date_from=first, date_to=last, now=ctx.now, notice=booking_notice(rules))
    if fitting := best(in_part(free, part_of_day)):
        raise ToolRefused(
            "not_full",
            f"You do not need to wait: I have {spoken_openings(fitting, today=today(ctx))}.",
            data={"slots": [opening.as_data() for opening in fitting]},
        )
    waits = waiting(customer, today=today(ctx))
    wish = {service.pk for service in services}
    entry = next((one for one in waits if _is_same(one, wish, first, stylist_id)), None)
    if entry is None and len(waits) >= MOST_WAITS:
        raise ToolRefused("too_many_waits", "You are on the waitlist for several days already; please call us.")
    already = entry is not None
    entry = entry or join(
        customer=customer,
        services=services,
        stylist=stylist,
        first_date=first,
        last_date=last,
        part_of_day=part_of_day or "",
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    days = spoken_date(first, today=today(ctx))
    days += f" to {spoken_date(last, today=today(ctx))}" if last != first else ""
    who = f" with {stylist.staff.name}" if stylist else ""
    return ToolResult(
        f"You are {'already ' if already else ''}on the waitlist for {spoken_services(services)}{who} on {days}. As "
        "soon as a time comes free, it is booked for you.",
        {"waitlist_id": entry.pk, "date": first.isoformat(), "last_day": last.isoformat()},
    )


def _is_same(entry: WaitlistEntry, wish: set[str], first: dt.date, stylist_id: str | None) -> bool:
    services = {one.service_id for one in entry.wishes.all()}
    return (services, entry.first_date, entry.stylist_id) == (wish, first, stylist_id)
