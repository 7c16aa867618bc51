"""Listings: finding them by words and filters, by address, and putting them into words."""

import re
from typing import Any

from apps.business.core.names import fold
from apps.business.core.wording import spoken_money
from apps.verticals.real_estate.core.addresses import find_address
from apps.verticals.real_estate.core.matching import Found, Home, search
from apps.verticals.real_estate.core.wishes import FEATURES, Wish
from apps.verticals.real_estate.core.wording import spoken_count
from apps.verticals.real_estate.models import Listing, Property
from apps.verticals.real_estate.models.listings import ON_MARKET, ListingStatus, Purpose


def on_market() -> list[Listing]:
    """Every listing that visitors may see, with its home, suburb and agent."""
    return list(
        Listing.objects.filter(status__in=ON_MARKET).select_related("property__suburb", "agent").order_by("price_cents")
    )


def listing(listing_id: str) -> Listing | None:
    """A listing on the market."""
    found = Listing.objects.filter(pk=listing_id, status__in=ON_MARKET)
    return found.select_related("property__suburb", "agent").first()


def matching(wish: Wish, listings: list[Listing]) -> tuple[list[Listing], Found]:
    """The listings that fit the wish, the best first, and what had to be given up for them."""
    found = search([_home(one) for one in listings], wish)
    by_id = {one.pk: one for one in listings}
    return [by_id[key] for key in found.ids], found


def at_address(said: str, listings: list[Listing]) -> list[Listing]:
    """The listings at an address as people say it; several when it is not clear."""
    keys = set(find_address(said, {one.pk: one.property.address for one in listings}))
    return [one for one in listings if one.pk in keys]


def _home(one: Listing) -> Home:
    home = one.property
    text = f"{home.address} {home.features} {one.headline} {one.description}"
    return Home(
        id=one.pk,
        purpose=one.purpose,
        kind=home.property_type,
        suburb=home.suburb.name,
        bedrooms=home.bedrooms,
        bathrooms=home.bathrooms,
        parking=home.parking_spaces,
        price=one.price_cents,
        features=_features(home, text),
        words=frozenset(re.findall(r"[a-z]{3,}", fold(text))),
    )


def _features(home: Property, text: str) -> frozenset[str]:
    said = f" {fold(text)} "
    held = {
        name for name, words in FEATURES.items() if any(re.search(rf"\b{word}s?\b", said) for word in words.split(", "))
    }
    return frozenset(held - {"pets"} | ({"pets"} if home.pets_considered else set()))


def spoken_price(one: Listing) -> str:
    """Such as "$1,150,000", "$780 a week" or the agency's own words."""
    if one.price_text:
        return one.price_text
    money = spoken_money(one.price_cents)
    return f"{money} a week" if one.purpose == Purpose.RENT else money


def spoken_rooms(home: Property) -> str:
    """Such as "3 bedrooms, 2 bathrooms and 1 parking space"; "no rooms" never: land has none."""
    parts = [
        spoken_count(count, noun)
        for count, noun in (
            (home.bedrooms, "bedroom"),
            (home.bathrooms, "bathroom"),
            (home.parking_spaces, "parking space"),
        )
        if count
    ]
    return ", ".join(parts)


def spoken(one: Listing) -> str:
    """Such as "12 Harbour Street in Balmain, a house with 3 bedrooms for $1,950,000"."""
    home = one.property
    kind = home.get_property_type_display().lower()
    rooms = f" with {spoken_count(home.bedrooms, 'bedroom')}" if home.bedrooms else ""
    offer = ", under offer" if one.status == ListingStatus.UNDER_OFFER else ""
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{home.street_address} in {home.suburb.name}, {article} {kind}{rooms} for {spoken_price(one)}{offer}"


def as_data(one: Listing) -> dict[str, Any]:
    """The facts a model may chain on, under the names of the tools' arguments."""
    home = one.property
    return {
        "listing_id": one.pk,
        "property_name": home.street_address,
        "suburb": home.suburb.name,
        "purpose": one.purpose,
        "property_type": home.property_type,
        "bedrooms": home.bedrooms,
        "bathrooms": home.bathrooms,
        "parking_spaces": home.parking_spaces,
        "price": spoken_price(one),
        "status": one.status,
    }
