"""The tools that find homes on the market."""

from typing import Annotated, Literal

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.core.wording import listed, spoken_date
from apps.verticals.real_estate import enquiries
from apps.verticals.real_estate.core.wishes import Wish, narrowed, read_wish
from apps.verticals.real_estate.core.wording import spoken_count
from apps.verticals.real_estate.listings import as_data, matching, on_market, spoken, spoken_price, spoken_rooms
from apps.verticals.real_estate.models import Listing
from apps.verticals.real_estate.suburbs import all_suburbs, named
from apps.verticals.real_estate.tools.arguments import (
    LISTED,
    SPOKEN,
    Count,
    Dollars,
    Id,
    Topic,
    Words,
    cents,
    known_listing,
    named_listing,
    today,
)

PropertyType = Literal["house", "apartment", "townhouse", "villa", "land"]
Purpose = Literal["sale", "rent"]
_RENTS_BELOW = 20_000_00
"""Cents: who wishes to pay less speaks of a week's rent."""


@tool(label="Searching our listings")
def search_listings(
    ctx: ToolContext,
    *,
    query: Annotated[Words, "what kind of home the visitor is looking for, in the visitor's words"],
    purpose: Annotated[Purpose | None, "whether to buy or to rent: sale (buy, purchase), rent (rental, lease)"] = None,
    suburb: Annotated[Topic | None, "the suburb or area the visitor wants to live in"] = None,
    property_type: Annotated[
        PropertyType | None,
        "kind of home: house (houses, cottage), apartment (flat, unit), townhouse (terrace house), villa, land (block)",
    ] = None,
    min_bedrooms: Annotated[Count | None, "least number of bedrooms"] = None,
    min_bathrooms: Annotated[Count | None, "least number of bathrooms"] = None,
    parking_spaces: Annotated[Count | None, "least number of parking spaces"] = None,
    min_price: Annotated[Dollars | None, "least price in dollars; of a week when renting"] = None,
    max_price: Annotated[Dollars | None, "budget in dollars; of a week when renting"] = None,
) -> ToolResult:
    """Searches the homes for sale and to rent by the visitor's own words and by filters: houses, apartments, price,
    bedrooms.

    Use it whenever somebody is looking for a home, a property or a listing. When nothing fits it gives up one thing
    and says which. Returns listing_id, property_name, suburb, bedrooms, price of each, the best first.
    """
    suburbs = all_suburbs()
    wish = read_wish(f"{query} {suburb or ''}", [one.name for one in suburbs])
    meant = named(suburb, suburbs) if suburb else None
    wish = narrowed(
        wish,
        purpose=purpose,
        suburbs=frozenset({meant.name}) if meant else None,
        kinds=frozenset({property_type}) if property_type else None,
        min_bedrooms=min_bedrooms,
        min_bathrooms=min_bathrooms,
        min_parking=parking_spaces,
        min_price=min_price and cents(min_price),
        max_price=max_price and cents(max_price),
    )
    if not wish.purpose and wish.max_price:
        wish = narrowed(wish, purpose="rent" if wish.max_price < _RENTS_BELOW else "sale")
    found, how = matching(wish, on_market())
    enquiries.note(
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        shown=found[:SPOKEN],
        wish=query[:300],
        intent={"sale": "buy", "rent": "rent"}.get(wish.purpose),
        budget_cents=wish.max_price or None,
    )
    return ToolResult(
        _told(wish, found, how.gave_up, how.lacking), {"listings": [as_data(one) for one in found[:SPOKEN]]}
    )


def _told(wish: Wish, found: list[Listing], gave_up: str, lacking: frozenset[str]) -> str:
    if not found:
        return (
            "I am sorry, I have nothing like that at the moment; tell me what matters most and I will look again."
            if not wish.is_empty
            else "We have nothing on the market at the moment."
        )
    homes = listed([spoken(one) for one in found[:SPOKEN]])
    if gave_up:
        return f"Nothing fits all of that, but if you give way on {gave_up} there is {homes}."
    without = f" None of them has {listed(sorted(lacking), word='or')}." if lacking else ""
    count = spoken_count(len(found), "home")
    more = f"I found {count}, the best of them are" if len(found) > SPOKEN else f"I found {count}:"
    return f"{more} {homes}.{without}"


@tool(label="Looking at the listing")
def get_listing_details(
    ctx: ToolContext,
    *,
    listing_id: Annotated[Id | None, "listing_id, when it is known"] = None,
    property_name: Annotated[Topic | None, "which home is meant, as the visitor said it"] = None,
) -> ToolResult:
    """Tells all about one home that is listed, by its address: rooms, size, price, features, pets, who
    shows it.

    Use it when the visitor asks about one home. Returns listing_id, property_name, suburb,
    price, bedrooms, bathrooms, land_area, features, description, agent_name.
    """
    one = known_listing(listing_id) if listing_id else named_listing(property_name or "")
    home = one.property
    enquiries.note(conversation_id=ctx.conversation_id, now=ctx.now, favorite=one)
    rooms = f" has {spoken_rooms(home)} and" if home.bedrooms else ""
    verb = "rents for" if one.purpose == "rent" else "is for sale at"
    free = ""
    if one.available_from_date and one.available_from_date > today(ctx):
        free = f", available from {spoken_date(one.available_from_date, today=today(ctx))}"
    features = f" It has {listed(_features(one))}." if home.features else ""
    offer = " It is under offer." if one.status == "under_offer" else ""
    data = {
        **as_data(one),
        "address": home.address,
        "floor_area": f"{home.floor_area} m²" if home.floor_area else None,
        "land_area": f"{home.land_area} m²" if home.land_area else None,
        "built_year": home.built_year,
        "features": home.features,
        "pets": "considered" if home.pets_considered else "not allowed" if one.purpose == "rent" else None,
        "headline": one.headline,
        "description": one.description,
        "agent_name": one.agent.name,
    }
    return ToolResult(
        f"{home.street_address} in {home.suburb.name}{rooms} {verb} {spoken_price(one)}{free}.{features}{offer}", data
    )


def _features(one: Listing) -> list[str]:
    return [part.strip() for part in one.property.features.split(",")][:LISTED]
