"""Search over listings: free words and filters, what is given up when nothing fits, and suburbs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from apps.verticals.real_estate.core.addresses import find_address
from apps.verticals.real_estate.core.matching import Home, fits, search
from apps.verticals.real_estate.core.wishes import FEATURES, TYPES, Wish, read_wish
from apps.verticals.real_estate.models import EnquiredListing, Enquiry, Listing
from apps.verticals.real_estate.tools import (
    compare_suburbs,
    get_available_units,
    get_listing_details,
    get_suburb_facts,
    search_listings,
)
from tests.verticals.real_estate.conftest import Agency, Visit, make_listing

SUBURBS = ["Fernleigh", "Millbrook", "Wattle Bay"]
HOMES = st.lists(
    st.builds(
        Home,
        id=st.uuids().map(str),
        purpose=st.sampled_from(["sale", "rent"]),
        kind=st.sampled_from(sorted(TYPES)),
        suburb=st.sampled_from(SUBURBS),
        bedrooms=st.integers(0, 6),
        bathrooms=st.integers(0, 4),
        parking=st.integers(0, 3),
        price=st.integers(1, 500_000_000),
        features=st.frozensets(st.sampled_from(sorted(FEATURES)), max_size=4),
    ),
    max_size=12,
)
WISHES = st.builds(
    Wish,
    purpose=st.sampled_from(["", "sale", "rent"]),
    kinds=st.frozensets(st.sampled_from(sorted(TYPES)), max_size=2),
    suburbs=st.frozensets(st.sampled_from(SUBURBS), max_size=2),
    min_bedrooms=st.integers(0, 5),
    min_bathrooms=st.integers(0, 3),
    min_parking=st.integers(0, 2),
    max_price=st.integers(0, 500_000_000),
    features=st.frozensets(st.sampled_from(sorted(FEATURES)), max_size=3),
)


@given(HOMES, WISHES)
def test_what_is_found_fits_or_says_what_was_given_up(homes: list[Home], wish: Wish) -> None:
    found = search(homes, wish)
    by_id = {home.id: home for home in homes}
    fitting = {home.id for home in homes if fits(home, wish)}
    if fitting:
        assert set(found.ids) == fitting
        assert found.gave_up == ""
        hits = [len(wish.features & by_id[key].features) for key in found.ids]
        assert hits == sorted(hits, reverse=True)
    else:
        assert bool(found.ids) == bool(found.gave_up)
        assert all(by_id[key].purpose == wish.purpose for key in found.ids if wish.purpose)
    assert found == search(list(reversed(homes)), wish)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("3 bedroom house in Fernleigh with a garden under 1.6 million",
         Wish(kinds=frozenset({"house"}), suburbs=frozenset({"Fernleigh"}), min_bedrooms=3, max_price=160_000_000,
              features=frozenset({"garden"}))),
        ("two bed flat to rent in wattle bay up to $850 a week",
         Wish(purpose="rent", kinds=frozenset({"apartment"}), suburbs=frozenset({"Wattle Bay"}), min_bedrooms=2,
              max_price=85_000)),
        ("Somthing in Milbrook between 700k and 1.2m with 2 bathrooms",
         Wish(suburbs=frozenset({"Millbrook"}), min_bathrooms=2, min_price=70_000_000, max_price=120_000_000,
              words=("somthing", "milbrook"))),
        ("buy a townhouse with a home office and 2 car spaces, no more than $1,900,000",
         Wish(purpose="sale", kinds=frozenset({"townhouse"}), min_parking=2, max_price=190_000_000,
              features=frozenset({"study"}))),
        ("", Wish()),
    ],
)  # fmt: skip
def test_free_words(said: str, expected: Wish) -> None:
    assert read_wish(said, SUBURBS) == expected


@given(st.text(max_size=80))
def test_any_words_are_read(said: str) -> None:
    wish = read_wish(said, SUBURBS)
    assert wish.min_price >= 0
    assert wish.max_price >= 0


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ("8 Banksia Ave", ["a"]),
        ("banksia avenue", ["a"]),
        ("the house in Banksa Avenue", ["a"]),
        ("3/18 wharf rd", ["b"]),
        ("unit 3 18 Wharf Road", ["b"]),
        ("9 Banksia Avenue", []),
        ("Wharf Road", ["b", "c"]),
        ("4 Wharf Road", ["c"]),
        ("", []),
        ("Main Street", []),
    ],
)
def test_addresses(said: str, keys: list[str]) -> None:
    known = {"a": "8 Banksia Avenue, Fernleigh", "b": "3/18 Wharf Road, Fernleigh", "c": "4 Wharf Road, Millbrook"}
    assert find_address(said, known) == keys


def ids(result) -> list[str]:
    return [row["listing_id"] for row in result.data.get("listings", result.data.get("units"))]


def test_a_search_by_words(harbour: Agency, visit: Visit) -> None:
    result = visit.call(search_listings, query="a 3 bedroom house in fernleigh with a garden", purpose="sale")
    assert ids(result) == [harbour.cottage.pk]
    assert result.say == "I found 1 home: 8 Banksia Avenue in Fernleigh, a house with 3 bedrooms for $1,495,000."
    known = Enquiry.objects.get()
    assert (known.intent, known.conversation_id) == ("buy", visit.context.conversation_id)
    assert EnquiredListing.objects.get().listing == harbour.cottage


def test_filters_count_more_than_words(harbour: Agency, visit: Visit) -> None:
    result = visit.call(search_listings, query="house in Fernleigh", suburb="Milbrook", property_type="house")
    assert ids(result) == [harbour.villa.pk]
    result = visit.call(
        search_listings, query="home", min_bedrooms=2, min_bathrooms=2, parking_spaces=1, max_price=1_400_000
    )
    assert ids(result) == [harbour.villa.pk]
    assert ids(visit.call(search_listings, query="home", max_price=900)) == [harbour.rental.pk]
    assert ids(visit.call(search_listings, query="home", min_price=1_400_000, purpose="sale")) == [harbour.cottage.pk]


def test_what_is_given_up_is_said(harbour: Agency, visit: Visit) -> None:
    result = visit.call(search_listings, query="house in Fernleigh under 1.4 million", purpose="sale")
    assert ids(result) == [harbour.cottage.pk]
    assert result.say.startswith("Nothing fits all of that, but if you give way on the budget there is 8 Banksia")
    result = visit.call(search_listings, query="house with a sauna and a fireplace", purpose="sale")
    assert result.say.endswith("None of them has fireplace.")


def test_nothing_at_all(harbour: Agency, visit: Visit) -> None:
    assert visit.call(search_listings, query="land under 100 thousand with 6 bedrooms").data == {"listings": []}
    Listing.objects.update(status="sold")
    assert visit.call(search_listings, query="home").say == "We have nothing on the market at the moment."


def test_what_is_sold_is_not_shown(harbour: Agency, visit: Visit) -> None:
    Listing.objects.filter(pk=harbour.cottage.pk).update(status="sold")
    assert harbour.cottage.pk not in ids(visit.call(search_listings, query="house"))
    assert visit.refused(get_listing_details, listing_id=harbour.cottage.pk).code == "listing_not_found"
    assert visit.refused(get_listing_details, property_name="8 Banksia Avenue").code == "listing_not_found"


def test_the_queries_of_a_search_stay_the_same(harbour: Agency, visit: Visit) -> None:
    visit.call(search_listings, query="house")

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            visit.call(search_listings, query="house")
        return len(captured)

    before = queries()
    for number in range(30):
        make_listing(harbour.fernleigh, f"{number} Long Street", harbour.grace, 900_000 + number, bedrooms=3)
    assert queries() == before


def test_a_listing_by_address(harbour: Agency, visit: Visit) -> None:
    result = visit.call(get_listing_details, property_name="Banksia Ave")
    assert result.say == (
        "8 Banksia Avenue in Fernleigh has 3 bedrooms, 1 bathroom, 1 parking space and is for sale at $1,495,000. "
        "It has garden."
    )
    assert result.data["agent_name"] == "Grace Lim"
    assert EnquiredListing.objects.get().is_favorite
    Listing.objects.filter(pk=harbour.cottage.pk).update(status="under_offer", price_text="Auction, guide $1.4m")
    again = visit.call(get_listing_details, listing_id=harbour.cottage.pk)
    assert "Auction, guide $1.4m" in again.say
    assert again.say.endswith("It is under offer.")


def test_which_home(harbour: Agency, visit: Visit) -> None:
    make_listing(harbour.millbrook, "9 Banksia Avenue", harbour.tom, 500_000)
    refusal = visit.refused(get_listing_details, property_name="Banksia Avenue")
    assert (refusal.code, refusal.field) == ("which_listing", "property_name")
    assert len(refusal.data["listings"]) == 2
    assert visit.refused(get_listing_details).code == "listing_needed"
    assert visit.refused(get_listing_details, property_name="1 Nowhere Road").code == "listing_not_found"


def test_another_agencys_listing(foreign: Agency, visit: Visit) -> None:
    assert visit.refused(get_listing_details, listing_id=foreign.cottage.pk).code == "listing_not_found"
    assert foreign.cottage.pk not in ids(visit.call(search_listings, query="house"))


def test_a_suburb(visit: Visit) -> None:
    result = visit.call(get_suburb_facts, suburb_name="fernliegh")
    assert result.say == (
        "In Fernleigh, houses have a median price of $1,680,000, apartments one of $890,000, the median rent is $700 a "
        "week and prices are up 3.2% in 12 months. It is 28 minutes from the center."
    )
    assert result.data["schools"] == "Fernleigh Public School"
    assert "down 1.5%" in visit.call(get_suburb_facts, suburb_name="2992").say


def test_two_suburbs(visit: Visit) -> None:
    result = visit.call(compare_suburbs, suburb_names=["Fernleigh", "Millbrook"])
    assert "Fernleigh has houses at $1,680,000" in result.say
    assert result.say.endswith("These are past figures, not a forecast.")
    assert visit.refused(compare_suburbs, suburb_names=["Fernleigh"]).code == "second_suburb_needed"
    assert visit.refused(compare_suburbs, suburb_names=["Fernleigh", "Atlantis"]).code == "suburb_not_found"
    assert visit.refused(compare_suburbs, suburb_names=[]).code == "invalid_arguments"


def test_an_unknown_suburb(harbour: Agency, visit: Visit) -> None:
    refusal = visit.refused(get_suburb_facts, suburb_name="Atlantis")
    assert refusal.say == "I have no figures for that suburb. I know Fernleigh and Millbrook well."


def test_another_agencys_suburb(foreign: Agency, visit: Visit) -> None:
    foreign.fernleigh.name = "Farfield"
    from apps.tenants.scope import tenant_scope

    with tenant_scope(foreign.tenant.pk):
        foreign.fernleigh.save()
    assert visit.refused(get_suburb_facts, suburb_name="Farfield").code == "suburb_not_found"


def test_homes_to_rent(harbour: Agency, foreign: Agency, visit: Visit) -> None:
    result = visit.call(get_available_units, bedrooms=3, max_weekly_rent=800, suburb="Fernleigh", pets=True)
    assert ids(result) == [harbour.rental.pk]
    assert result.say == (
        "We have 1 home to rent: 21 Palm Street in Fernleigh, a house with 3 bedrooms for $760 a week."
    )
    assert Enquiry.objects.get().intent == "rent"
    result = visit.call(get_available_units, max_weekly_rent=700)
    assert "give way on the budget" in result.say
    assert visit.call(get_available_units, max_weekly_rent=100).data == {"units": []}
