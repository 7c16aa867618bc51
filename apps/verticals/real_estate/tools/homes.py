"""The tools about homes to rent, homes under management and the office."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.calendar import is_open, office_hours
from apps.business.contacts import readable_phone
from apps.business.core.wording import listed, spoken_date, spoken_week
from apps.business.models import Closure
from apps.tenants.models import Tenant
from apps.verticals.real_estate import enquiries
from apps.verticals.real_estate.core.addresses import find_address
from apps.verticals.real_estate.core.urgency import emergency_number
from apps.verticals.real_estate.core.wishes import Wish, narrowed, read_wish
from apps.verticals.real_estate.core.wording import spoken_count
from apps.verticals.real_estate.listings import as_data, matching, on_market, spoken, spoken_rooms
from apps.verticals.real_estate.models import Property
from apps.verticals.real_estate.renters import current_lease
from apps.verticals.real_estate.suburbs import all_suburbs, named
from apps.verticals.real_estate.tools.arguments import (
    SPOKEN,
    Count,
    Dollars,
    Id,
    Topic,
    cents,
    identified_renter,
    today,
)

_CLOSURES_AHEAD = dt.timedelta(days=45)


@tool(label="Looking for homes to rent")
def get_available_units(
    ctx: ToolContext,
    *,
    bedrooms: Annotated[Count | None, "least number of bedrooms"] = None,
    max_weekly_rent: Annotated[Dollars | None, "most rent in dollars a week"] = None,
    suburb: Annotated[Topic | None, "the suburb or area the visitor wants to live in"] = None,
    pets: Annotated[bool | None, "true when a pet moves in too"] = None,
) -> ToolResult:
    """Lists the homes that are available to rent now: vacant units, apartments and houses, with rent and bedrooms.

    Use it for questions about rentals and vacancies. Returns listing_id, property_name, suburb, bedrooms, price of
    each.
    """
    suburbs = all_suburbs()
    place = named(suburb, suburbs) if suburb else None
    wish = narrowed(
        Wish(purpose="rent"),
        suburbs=frozenset({place.name}) if place else read_wish(suburb or "", [one.name for one in suburbs]).suburbs,
        min_bedrooms=bedrooms,
        max_price=max_weekly_rent and cents(max_weekly_rent),
    )
    rentals = [one for one in on_market() if one.purpose == "rent" and (one.property.pets_considered or not pets)]
    found, how = matching(wish, rentals)
    enquiries.note(
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        shown=found[:SPOKEN],
        intent="rent",
        budget_cents=wish.max_price or None,
    )
    data = {"units": [as_data(one) for one in found[:SPOKEN]]}
    if not found:
        return ToolResult("I am sorry, we have nothing like that to rent at the moment.", data)
    homes = listed([spoken(one) for one in found[:SPOKEN]])
    if how.gave_up:
        return ToolResult(
            f"Nothing to rent fits all of that, but if you give way on {how.gave_up} there is {homes}.", data
        )
    return ToolResult(f"We have {spoken_count(len(found), 'home')} to rent: {homes}.", data)


@tool(label="Looking up the home")
def get_property_info(
    ctx: ToolContext,
    *,
    property_id: Annotated[Id | None, "property_id, when it is known"] = None,
    property_name: Annotated[Topic | None, "which home is meant, as the visitor said it"] = None,
) -> ToolResult:
    """Tells about one property by its address: rooms, size, year, pets; to the renter who lives there also house notes
    (bins, parking, keys).

    Use it for questions about a property we manage or list. Returns property_id, property_name, suburb, bedrooms,
    bathrooms, parking_spaces, built_year, pets, notes.
    """
    home = _home(ctx, property_id, property_name or "")
    renter = identified_renter(ctx)
    lease = current_lease(renter, today=today(ctx)) if renter else None
    own = lease is not None and lease.property_id == home.pk
    kind = home.get_property_type_display().lower()
    rooms = f" with {spoken_rooms(home)}" if home.bedrooms else ""
    built = f", built in {home.built_year}" if home.built_year else ""
    pets = "Pets are considered" if home.pets_considered else "Pets are not allowed"
    article = "an" if kind[0] in "aeiou" else "a"
    notes = f" {home.notes}" if own and home.notes else ""
    return ToolResult(
        f"{home.address} is {article} {kind}{rooms}{built}. {pets}.{notes}",
        {
            "property_id": home.pk,
            "property_name": home.street_address,
            "suburb": home.suburb.name,
            "bedrooms": home.bedrooms,
            "bathrooms": home.bathrooms,
            "parking_spaces": home.parking_spaces,
            "built_year": home.built_year,
            "features": home.features,
            "pets": pets,
            "notes": home.notes if own else None,
        },
    )


def _home(ctx: ToolContext, property_id: str | None, said: str) -> Property:
    homes = {one.pk: one for one in Property.objects.select_related("suburb")}
    if property_id:
        found = [property_id] if property_id in homes else []
    elif said.strip():
        found = find_address(said, {key: one.address for key, one in homes.items()})
    else:
        raise ToolRefused("property_needed", "Which home do you mean? The street is enough.", field="property_name")
    if len(found) == 1:
        return homes[found[0]]
    if found:
        which = listed([homes[key].address for key in found[:SPOKEN]], word="or")
        raise ToolRefused("which_property", f"Do you mean {which}?", field="property_name")
    raise ToolRefused("property_not_found", "I cannot find a home of ours at that address.", field="property_name")


@tool(label="Looking up our office")
def get_office_info(ctx: ToolContext) -> ToolResult:
    """Tells the opening hours of the office, whether it is open now, holidays, its address and phone number.

    Use it for questions about when or where the office is. Returns hours by weekday, closures, address, phone.
    """
    days = office_hours()
    week = spoken_week([[(span.opens, span.closes) for span in day.openings] for day in days])
    day = today(ctx)
    ahead = Closure.objects.filter(end_date__gte=day, start_date__lte=day + _CLOSURES_AHEAD)
    closures = list(ahead[:SPOKEN])
    closed = "".join(f" We are closed on {_spoken(closure, day)}." for closure in closures)
    state = "We are open right now" if is_open(now=ctx.now) else "We are closed right now"
    tenant = Tenant.objects.get()
    hours = f"Our office is open {week}." if week else "Our office has no regular hours; please call us."
    return ToolResult(
        f"{hours}{closed} {state}.",
        {
            "hours": {
                one.name: [f"{span.opens:%H:%M} to {span.closes:%H:%M}" for span in one.openings] for one in days
            },
            "closures": [f"{one.start_date} to {one.end_date} {one.reason}".strip() for one in closures],
            "address": tenant.address,
            "phone": readable_phone(tenant.phone, tenant.region),
            "life_threatening": f"call {emergency_number(tenant.region)}",
        },
    )


def _spoken(closure: Closure, day: dt.date) -> str:
    first = spoken_date(closure.start_date, today=day)
    if closure.end_date != closure.start_date:
        first += f" to {spoken_date(closure.end_date, today=day)}"
    return f"{first} for {closure.reason}" if closure.reason else first
