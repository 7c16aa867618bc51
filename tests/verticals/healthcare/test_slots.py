"""Free times: on the wished day, near the wished time, with who treats the complaint; four at most."""

import datetime as dt

import pytest

from apps.business.models import Closure
from apps.verticals.healthcare.models import Provider
from apps.verticals.healthcare.tools import find_next_available, get_available_slots
from tests.verticals.healthcare.conftest import Clinic, Visit, make_provider

TUESDAY, SUNDAY = "2026-11-24", "2026-11-29"


def times(result: object) -> list[str]:
    return [slot["time"] for slot in result.data["slots"]]  # type: ignore[attr-defined]


def test_the_days_free_times(riverside: Clinic, visit: Visit) -> None:
    riverside.book(riverside.maria, riverside.nair, dt.datetime(2026, 11, 24, 9, 30))
    result = visit.call(get_available_slots, provider_id=riverside.nair.pk, date=TUESDAY)
    assert result.say == (
        "I have Dr. Priya Nair on Tuesday, November 24 at 9 AM, 10 AM, 10:30 AM or 11 AM, among others."
    )
    assert len(times(result)) == 15
    assert "09:30" not in times(result)
    assert result.data["slots"][0] == {
        "provider_id": riverside.nair.pk,
        "provider_name": "Dr. Priya Nair",
        "specialization": "Orthopedic Surgery",
        "date": TUESDAY,
        "time": "09:00",
        "duration": 30,
    }


def test_a_part_of_the_day(riverside: Clinic, visit: Visit) -> None:
    result = visit.call(
        get_available_slots, provider_id=riverside.nair.pk, date=TUESDAY, part_of_day="afternoon", duration=60
    )
    assert times(result)[0] == "12:00"
    assert result.data["slots"][0]["duration"] == 60
    assert times(result)[-1] == "16:00"


def test_a_closed_day_gives_the_next_times(riverside: Clinic, visit: Visit) -> None:
    result = visit.call(get_available_slots, provider_id=riverside.nair.pk, date=SUNDAY)
    assert result.say == (
        "Dr. Priya Nair has nothing free on Sunday, November 29. "
        "I have Dr. Priya Nair on Monday, November 30 at 9 AM, 9:30 AM, 10 AM or 10:30 AM."
    )


def test_nothing_within_two_weeks(riverside: Clinic, visit: Visit) -> None:
    Closure.objects.create(start_date=dt.date(2026, 11, 1), end_date=dt.date(2027, 1, 31), reason="Flood")
    for arguments in ({}, {"date": TUESDAY}):
        result = visit.call(find_next_available, **arguments)
        assert result.data == {"slots": []}
        assert "nothing free within two weeks" in result.say


def test_a_complaint_on_a_wished_morning(riverside: Clinic, visit: Visit) -> None:
    result = visit.call(find_next_available, specialization="my knee hurts", date=TUESDAY, part_of_day="morning")
    assert result.say == "I have Dr. Priya Nair on Tuesday, November 24 at 9 AM, 9:30 AM, 10 AM or 10:30 AM."
    assert {slot["provider_id"] for slot in result.data["slots"]} == {riverside.nair.pk}


def test_nobody_is_offered_a_time_within_the_hour(visit: Visit) -> None:
    result = visit.call(find_next_available)
    assert (result.data["slots"][0]["date"], times(result)[0]) == ("2026-11-23", "11:00")


def test_the_times_nearest_to_the_wish(riverside: Clinic, visit: Visit) -> None:
    wish = {"provider_id": riverside.nair.pk, "date": TUESDAY, "time": "14:00"}
    assert times(visit.call(find_next_available, **wish)) == ["14:00"]
    riverside.book(riverside.maria, riverside.nair, dt.datetime(2026, 11, 24, 14))
    result = visit.call(find_next_available, **wish)
    assert result.say.startswith("There is nothing free on Tuesday, November 24 at 2 PM. I have")
    assert times(result) == ["13:00", "13:30", "14:30", "15:00"]


def test_a_full_part_of_the_day_gives_the_same_days_other_times(riverside: Clinic, visit: Visit) -> None:
    result = visit.call(find_next_available, specialization="knee", date=TUESDAY, part_of_day="evening")
    assert result.say.startswith("There is nothing free on Tuesday, November 24 in the evening. I have")
    assert result.data["slots"][0]["date"] == TUESDAY


def test_each_time_is_offered_once(visit: Visit) -> None:
    make_provider("Dr. Noah Bell", "Orthopedics")
    result = visit.call(find_next_available, specialization="knee", date=TUESDAY)
    assert times(result) == ["09:00", "09:30", "10:00", "10:30"]


def test_a_specialty_that_is_not_here(visit: Visit) -> None:
    result = visit.call(find_next_available, specialization="my eyes")
    assert result.say.startswith("We have nobody for ophthalmology at the moment, so I would start with primary care.")
    assert {slot["specialization"] for slot in result.data["slots"]} == {"Primary Care"}


def test_new_patients_are_offered_who_accepts_them(riverside: Clinic, visit: Visit) -> None:
    Provider.objects.filter(pk=riverside.nair.pk).update(accepting_new_patients=False)
    result = visit.call(find_next_available, specialization="knee")
    assert result.say.startswith("Our providers for orthopedic surgery only see existing patients, so I would start")
    assert {slot["provider_id"] for slot in result.data["slots"]} == {riverside.hart.pk}
    visit.identified_as(riverside.newcomer)
    assert visit.call(find_next_available, specialization="knee").data == result.data
    visit.identified_as(riverside.maria)
    result = visit.call(find_next_available, specialization="knee")
    assert {slot["provider_id"] for slot in result.data["slots"]} == {riverside.nair.pk}


def test_a_new_patient_is_not_offered_who_accepts_none(riverside: Clinic, visit: Visit) -> None:
    arguments = {"provider_id": riverside.okafor.pk, "date": TUESDAY}
    for tool in (get_available_slots, find_next_available):
        assert visit.call(tool, **arguments).data["slots"]
        visit.identified_as(riverside.newcomer)
        assert visit.refused(tool, **arguments).code == "not_accepting_new_patients"
        visit.identified_as(riverside.maria)
        assert visit.call(tool, **arguments).data["slots"]


def test_nobody_takes_bookings(riverside: Clinic, visit: Visit) -> None:
    for provider in (riverside.hart, riverside.nair, riverside.okafor):
        provider.staff.is_active = False
        provider.staff.save()
    assert visit.refused(find_next_available).code == "no_providers"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"date": "2026-11-22"}, "in_the_past", "date"),
        ({"date": "2028-01-01"}, "too_far_ahead", "date"),
        ({"date": "9999-12-31"}, "too_far_ahead", "date"),
        ({"date": "0001-01-01"}, "in_the_past", "date"),
        ({"duration": 0}, "duration_not_offered", "duration"),
        ({"duration": 100_000}, "duration_not_offered", "duration"),
        ({"provider_id": "prv_invented"}, "provider_not_found", "provider_id"),
        ({"part_of_day": "night"}, "invalid_arguments", "part_of_day"),
    ],
)
def test_what_cannot_be_looked_up(riverside: Clinic, visit: Visit, change: dict, code: str, field: str) -> None:
    for tool in (get_available_slots, find_next_available):
        refusal = visit.refused(tool, **({"provider_id": riverside.nair.pk, "date": TUESDAY} | change))
        assert (refusal.code, refusal.field) == (code, field)


def test_another_clinics_provider(harbor: Clinic, visit: Visit) -> None:
    for tool in (get_available_slots, find_next_available):
        refusal = visit.refused(tool, provider_id=harbor.nair.pk, date=TUESDAY)
        assert refusal.code == "provider_not_found"
