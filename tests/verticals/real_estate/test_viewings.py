"""Viewings: on the agents' calendars, never twice, and only for whom they belong to."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections

from apps.agents.sdk import Tool, ToolRefused
from apps.business.models import Booking, BookingStatus, Closure, Contact
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.real_estate.models import Enquiry, Listing, Viewing
from apps.verticals.real_estate.tools import (
    book_viewing,
    cancel_viewing,
    find_viewing,
    get_my_viewings,
    get_viewing_times,
    reschedule_viewing,
)
from apps.verticals.real_estate.tools.viewings import MOST_UPCOMING
from tests.verticals.real_estate.conftest import MIA_PHONE, Agency, Visit, make_agency, make_listing

TUESDAY, SUNDAY = "2026-11-24", "2026-11-29"
AT_TEN = dt.datetime(2026, 11, 24, 10)
EMMA = {"first_name": "Emma", "last_name": "Wilson", "phone": "(212) 555-0177"}


def wish(agency: Agency, **change: Any) -> dict[str, Any]:
    return {"listing_id": agency.cottage.pk, "date": TUESDAY, "time": "10:00", **EMMA} | change


def times(result: Any) -> list[str]:
    return [slot["time"] for slot in result.data["times"]]


def make_contact(name: str = "Ben") -> Contact:
    return Contact.objects.create(given_name=name, family_name="Stone", phone="+12125550188")


def test_the_times_of_a_day(harbour: Agency, visit: Visit) -> None:
    result = visit.call(get_viewing_times, listing_id=harbour.cottage.pk, date=TUESDAY)
    assert result.say == (
        "Grace Lim can show you 8 Banksia Avenue on Tuesday, November 24 at 9 AM, 9:30 AM, 10 AM or 10:30 AM."
    )
    assert result.data["times"][0] == {
        "listing_id": harbour.cottage.pk,
        "agent_name": "Grace Lim",
        "date": TUESDAY,
        "time": "09:00",
    }


def test_a_wished_time_and_part_of_the_day(harbour: Agency, visit: Visit) -> None:
    asked = {"listing_id": harbour.cottage.pk, "date": TUESDAY}
    assert times(visit.call(get_viewing_times, **asked, time="14:00")) == ["14:00"]
    assert times(visit.call(get_viewing_times, **asked, part_of_day="afternoon"))[0] == "12:00"
    harbour.view(make_contact(), harbour.cottage, dt.datetime(2026, 11, 24, 14))
    near = visit.call(get_viewing_times, **asked, time="14:00")
    assert near.say.startswith("There is nothing free on Tuesday, November 24 at 2 PM.")
    assert times(near) == ["13:00", "13:30", "14:30", "15:00"]
    evening = visit.call(get_viewing_times, **asked, part_of_day="evening")
    assert "nothing free on Tuesday, November 24 in the evening" in evening.say


def test_two_hours_of_notice_and_a_closed_day(harbour: Agency, visit: Visit) -> None:
    assert times(visit.call(get_viewing_times, listing_id=harbour.cottage.pk))[0] == "12:00"
    closed = visit.call(get_viewing_times, listing_id=harbour.cottage.pk, date=SUNDAY)
    assert closed.data["times"][0]["date"] == "2026-11-30"
    Closure.objects.create(start_date=dt.date(2026, 11, 1), end_date=dt.date(2027, 1, 31))
    assert visit.call(get_viewing_times, listing_id=harbour.cottage.pk).data == {"times": []}


@pytest.mark.parametrize(
    ("change", "code"),
    [({"date": "2026-11-01"}, "in_the_past"), ({"date": "2029-01-01"}, "too_far_ahead")],
)
def test_days_that_cannot_be_looked_up(harbour: Agency, visit: Visit, change: dict, code: str) -> None:
    assert visit.refused(get_viewing_times, listing_id=harbour.cottage.pk, **change).code == code


def test_a_booked_viewing(harbour: Agency, visit: Visit) -> None:
    result = visit.call(book_viewing, **wish(harbour))
    reference = result.data["reference"]
    assert result.say == (
        "Your viewing of 8 Banksia Avenue on Tuesday, November 24 at 10 AM with Grace Lim is booked. "
        f"Your reference is {reference}."
    )
    viewing = Viewing.objects.select_related("booking__contact").get(pk=result.data["viewing_id"])
    assert viewing.booking.staff == harbour.grace
    assert viewing.booking.contact.phone == "+12125550177"
    assert viewing.booking.starts_at == dt.datetime(2026, 11, 24, 15, tzinfo=dt.UTC)
    assert visit.context.contact_id == viewing.booking.contact_id
    assert Enquiry.objects.get().intent == "viewing"


def test_asked_twice_booked_once(harbour: Agency, visit: Visit) -> None:
    first = visit.call(book_viewing, **wish(harbour))
    second = visit.call(book_viewing, **wish(harbour))
    assert second.data == first.data
    assert second.say.startswith("You are booked already")
    assert Viewing.objects.count() == 1
    assert Contact.objects.filter(family_name="Wilson").count() == 1


def test_a_known_name_and_number_identify_nobody(harbour: Agency, visit: Visit) -> None:
    """A stranger who books in Mia's name is put down under her, and neither becomes her nor hears of her viewings."""
    harbour.view(harbour.mia.contact, harbour.villa, AT_TEN)
    mia = {"first_name": "Mia", "last_name": "Thompson", "phone": MIA_PHONE}
    result = visit.call(book_viewing, **wish(harbour, **mia, time="11:00"))
    assert Viewing.objects.get(pk=result.data["viewing_id"]).booking.contact == harbour.mia.contact
    assert visit.context.contact_id is None
    assert len(visit.call(get_my_viewings).data["viewings"]) == 1


def test_a_taken_time_comes_with_free_ones(harbour: Agency, visit: Visit) -> None:
    harbour.view(make_contact(), harbour.villa, AT_TEN)
    refusal = visit.refused(book_viewing, **wish(harbour))
    assert (refusal.code, refusal.field) == ("slot_taken", "time")
    assert refusal.say.startswith("I am sorry, that time has just been taken. I have Tuesday, November 24 at 9 AM")
    slot = refusal.data["times"][0]
    visit.call(book_viewing, **wish(harbour, date=slot["date"], time=slot["time"]))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"date": SUNDAY, "time": "03:00"}, "outside_hours", "time"),
        ({"date": "2026-11-23", "time": "11:00"}, "in_the_past", "time"),
        ({"date": "2026-11-22"}, "in_the_past", "date"),
        ({"date": "2028-01-03"}, "too_far_ahead", "date"),
        ({"date": "2027-03-14", "time": "02:30"}, "no_such_time", "time"),
        ({"listing_id": "lst_invented"}, "listing_not_found", "listing_id"),
        ({"phone": "12"}, "invalid_phone", "phone"),
        ({"first_name": "123"}, "invalid_name", "first_name"),
        ({"email": "emma@"}, "invalid_email", "email"),
        ({"time": "ten"}, "invalid_arguments", "time"),
    ],
)
def test_what_cannot_be_booked(harbour: Agency, visit: Visit, change: dict, code: str, field: str) -> None:
    refusal = visit.refused(book_viewing, **wish(harbour, **change))
    assert (refusal.code, refusal.field) == (code, field)
    assert not Booking.objects.exists()


def test_an_agent_who_takes_no_bookings(harbour: Agency, visit: Visit) -> None:
    harbour.grace.is_active = False
    harbour.grace.save()
    assert visit.refused(book_viewing, **wish(harbour)).code == "not_bookable"


def test_nobody_is_in_two_places_or_fills_the_calendar(harbour: Agency, visit: Visit) -> None:
    visit.call(book_viewing, **wish(harbour))
    double = visit.refused(book_viewing, **wish(harbour, listing_id=harbour.flat.pk))
    assert double.code == "already_booked"
    assert "Tuesday, November 24 at 10 AM" in double.say
    for number in range(MOST_UPCOMING - 1):
        visit.call(book_viewing, **wish(harbour, date="2026-12-01", time=f"{9 + number:02}:00"))
    assert visit.refused(book_viewing, **wish(harbour, time="15:00")).code == "too_many_viewings"


def test_coming_back_with_the_reference(harbour: Agency, visit: Visit) -> None:
    viewing = harbour.view(make_contact(), harbour.cottage, AT_TEN)
    assert visit.call(get_my_viewings).data == {"viewings": []}
    asked = {"reference": viewing.booking.reference.lower(), "phone": "212 555 0188"}
    assert visit.refused(find_viewing, **asked | {"phone": "212 555 0189"}).code == "viewing_not_found"
    assert visit.refused(find_viewing, **asked | {"reference": "RC-1"}).code == "viewing_not_found"
    result = visit.call(find_viewing, **asked)
    assert result.data["viewing_id"] == viewing.pk
    assert visit.call(get_my_viewings).say == (
        "You have one viewing: of 8 Banksia Avenue on Tuesday, November 24 at 10 AM with Grace Lim."
    )


def test_a_reference_opens_no_renters_file(harbour: Agency, visit: Visit) -> None:
    viewing = harbour.view(harbour.mia.contact, harbour.cottage, AT_TEN)
    refusal = visit.refused(find_viewing, reference=viewing.booking.reference, phone=MIA_PHONE)
    assert refusal.code == "identify_first"
    assert visit.context.contact_id is None


def test_a_cancelled_viewing(harbour: Agency, visit: Visit) -> None:
    viewing_id = visit.call(book_viewing, **wish(harbour)).data["viewing_id"]
    result = visit.call(cancel_viewing, viewing_id=viewing_id, reason="found another")
    assert result.say.endswith("with Grace Lim is cancelled.")
    assert Booking.objects.get().status == BookingStatus.CANCELLED
    assert visit.refused(cancel_viewing, viewing_id=viewing_id).code == "too_late"
    moved = {"viewing_id": viewing_id, "new_date": TUESDAY, "new_time": "11:00"}
    assert visit.refused(reschedule_viewing, **moved).code == "booking_closed"


def test_a_moved_viewing(harbour: Agency, visit: Visit) -> None:
    booked = visit.call(book_viewing, **wish(harbour)).data
    moved = visit.call(reschedule_viewing, viewing_id=booked["viewing_id"], new_date="2026-11-25", new_time="14:00")
    assert moved.say == "Your viewing is now of 8 Banksia Avenue on Wednesday, November 25 at 2 PM with Grace Lim."
    assert moved.data["reference"] == booked["reference"]


@pytest.mark.parametrize(
    ("new_date", "new_time", "code"),
    [
        (TUESDAY, "12:00", "slot_taken"),
        (TUESDAY, "15:00", "already_booked"),
        (SUNDAY, "10:00", "outside_hours"),
        ("2026-11-23", "11:00", "in_the_past"),
        ("2029-01-01", "10:00", "too_far_ahead"),
    ],
)
def test_a_move_that_cannot_be(harbour: Agency, visit: Visit, new_date: str, new_time: str, code: str) -> None:
    viewing_id = visit.call(book_viewing, **wish(harbour)).data["viewing_id"]
    visit.call(book_viewing, **wish(harbour, listing_id=harbour.flat.pk, time="15:00"))
    harbour.view(make_contact(), harbour.villa, dt.datetime(2026, 11, 24, 12))
    refusal = visit.refused(reschedule_viewing, viewing_id=viewing_id, new_date=new_date, new_time=new_time)
    assert refusal.code == code
    assert Booking.objects.get(viewing=viewing_id).status == BookingStatus.SCHEDULED


@pytest.mark.parametrize(
    ("tool", "more"),
    [(cancel_viewing, {}), (reschedule_viewing, {"new_date": TUESDAY, "new_time": "11:00"})],
    ids=["cancel", "reschedule"],
)
def test_only_ones_own(harbour: Agency, foreign: Agency, visit: Visit, tool: Tool, more: dict[str, Any]) -> None:
    other = harbour.view(make_contact(), harbour.cottage, AT_TEN)
    with tenant_scope(foreign.tenant.pk):
        theirs = foreign.view(make_contact(), foreign.cottage, AT_TEN)
    ids = [other.pk, theirs.pk, "vwg_invented"]
    refusals = [visit.refused(tool, viewing_id=one, **more) for one in ids]
    visit.identified_as(harbour.mia)
    refusals += [visit.refused(tool, viewing_id=one, **more) for one in ids]
    assert {(one.code, one.say) for one in refusals} == {("not_identified", refusals[0].say)}
    assert set(Booking.objects.values_list("status", flat=True)) == {"scheduled"}


def test_another_agencys_home(foreign: Agency, harbour: Agency, visit: Visit) -> None:
    assert visit.refused(book_viewing, **wish(foreign)).code == "listing_not_found"
    assert visit.refused(get_viewing_times, listing_id=foreign.cottage.pk).code == "listing_not_found"
    with tenant_scope(foreign.tenant.pk):
        theirs = foreign.view(make_contact(), foreign.cottage, AT_TEN)
    assert visit.refused(find_viewing, reference=theirs.booking.reference, phone="+12125550188").code == (
        "viewing_not_found"
    )


def test_a_viewing_is_with_the_homes_own_agent(harbour: Agency) -> None:
    from django.core.exceptions import ValidationError

    viewing = harbour.view(make_contact(), harbour.cottage, AT_TEN)
    viewing.clean()
    viewing.listing = Listing.objects.get(pk=harbour.flat.pk)
    with pytest.raises(ValidationError, match="Tom Whitlam shows this home"):
        viewing.clean()


@pytest.mark.django_db(transaction=True)
def test_many_want_one_time(clinic: Tenant) -> None:
    """Six conversations book the same agent at the same moment: one wins, the others hear free times."""
    with tenant_scope(clinic.pk):
        agency = make_agency(clinic)
        homes = [make_listing(agency.millbrook, f"{n} Twin Street", agency.grace, 900_000) for n in range(6)]
        visits = [Visit(agency) for _ in homes]
    together = threading.Barrier(len(visits))
    outcomes: list[Any] = []

    def book(number: int) -> None:
        try:
            together.wait(30)
            with tenant_scope(clinic.pk):
                who = {"last_name": f"Twin{chr(65 + number)}"}
                outcomes.append(visits[number].call(book_viewing, **wish(agency, listing_id=homes[number].pk, **who)))
        except ToolRefused as refusal:
            outcomes.append(refusal)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=book, args=(number,)) for number in range(len(visits))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    refusals = [one for one in outcomes if isinstance(one, ToolRefused)]
    assert (len(outcomes), len(refusals)) == (6, 5)
    assert {(one.code, len(one.data["times"])) for one in refusals} == {("slot_taken", 4)}
    with tenant_scope(clinic.pk):
        assert (Booking.objects.count(), Viewing.objects.count()) == (1, 1)
