"""When the clinic is open and who is free."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.business import calendar
from apps.business.calendar import Slot, free_slots, is_open, next_free, office_hours
from apps.business.core.slots import Opening
from apps.business.models import (
    Booking,
    BookingStatus,
    Closure,
    Contact,
    Service,
    Staff,
    TimeOff,
    WeeklyHours,
)
from apps.tenants.models import Tenant
from tests.business.conftest import NOW, new_york, open_on_weekdays

TUESDAY = date(2026, 11, 24)


def clocks(slots: list[Slot], tenant: Tenant) -> list[str]:
    return [slot.starts_at.astimezone(tenant.zone).strftime("%d %H:%M") for slot in slots]


def on_tuesday(**options: object) -> list[Slot]:
    return free_slots(**{"date_from": TUESDAY, "date_to": TUESDAY, "now": NOW, **options})  # type: ignore[arg-type]


def booked(staff: Staff, contact: Contact, start: str, minutes: int = 60, **fields: object) -> Booking:
    return Booking.objects.create(
        staff=staff,
        contact=contact,
        starts_at=new_york(start),
        ends_at=new_york(start) + timedelta(minutes=minutes),
        reference=start,
        **fields,
    )


def test_a_whole_free_day(tenant: Tenant, chen: Staff) -> None:
    slots = on_tuesday(staff=chen)
    assert len(slots) == 16
    assert slots[0] == Slot(chen, new_york("2026-11-24 09:00"), new_york("2026-11-24 09:30"))
    assert clocks(slots[-1:], tenant) == ["24 16:30"]


def test_bookings_and_time_off_are_left_out(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    booked(chen, jane, "2026-11-24 10:00")
    TimeOff.objects.create(staff=chen, starts_at=new_york("2026-11-24 12:15"), ends_at=new_york("2026-11-26 00:00"))
    assert clocks(on_tuesday(staff=chen), tenant) == ["24 09:00", "24 09:30", "24 11:00", "24 11:30"]


@pytest.mark.parametrize("status", BookingStatus)
def test_only_a_cancelled_or_missed_booking_frees_its_time(
    tenant: Tenant, chen: Staff, jane: Contact, status: BookingStatus
) -> None:
    booked(chen, jane, "2026-11-24 09:00", minutes=480, status=status)
    frees = status in (BookingStatus.CANCELLED, BookingStatus.NO_SHOW)
    assert len(on_tuesday(staff=chen)) == (16 if frees else 0)


def test_a_closure_covers_its_first_and_last_day(tenant: Tenant, chen: Staff) -> None:
    Closure.objects.create(start_date=TUESDAY, end_date=TUESDAY + timedelta(days=1), reason="Thanksgiving")
    slots = free_slots(date_from=date(2026, 11, 23), date_to=date(2026, 11, 26), now=NOW)
    assert {slot.starts_at.day for slot in slots} == {23, 26}


def test_staff_hours_count_within_the_businesss(tenant: Tenant, chen: Staff) -> None:
    for opens, closes in ((time(7), time(10)), (time(15), time(16, 45))):
        WeeklyHours.objects.create(staff=chen, weekday=1, opens=opens, closes=closes)
    WeeklyHours.objects.create(staff=chen, weekday=6, opens=time(9), closes=time(10))
    slots = free_slots(staff=chen, date_from=date(2026, 11, 23), date_to=date(2026, 11, 30), now=NOW)
    assert clocks(slots, tenant) == ["24 09:00", "24 09:30", "24 15:00", "24 15:30", "24 16:00"]


def test_a_business_without_hours_is_closed(tenant: Tenant, jane: Contact) -> None:
    staff = Staff.objects.create(name="Sam")
    WeeklyHours.objects.create(staff=staff, weekday=1, opens=time(9), closes=time(10))
    assert on_tuesday(staff=staff) == []


def test_everyone_who_takes_bookings_by_start_then_name(tenant: Tenant, chen: Staff, osei: Staff) -> None:
    Staff.objects.create(name="Dr. Away", is_active=False)
    assert [slot.staff for slot in on_tuesday()[:4]] == [chen, osei, chen, osei]
    assert {slot.staff for slot in on_tuesday(staff=[osei])} == {osei}


def test_a_service_is_offered_by_who_does_it_at_their_own_pace(
    tenant: Tenant, chen: Staff, osei: Staff, can_do: Callable[..., Service]
) -> None:
    service = can_do(chen, duration_minutes=60)
    osei.skills.create(service=service, duration_minutes=240)
    Staff.objects.create(name="Someone else")
    slots = on_tuesday(service=service)
    assert {(slot.staff, slot.ends_at - slot.starts_at) for slot in slots} == {
        (chen, timedelta(hours=1)),
        (osei, timedelta(hours=4)),
    }
    assert len(on_tuesday(service=service, duration=timedelta(hours=8))) == 2


@pytest.mark.parametrize("field", ["is_active", "bookable"])
def test_a_service_that_cannot_be_booked_has_no_times(
    tenant: Tenant, chen: Staff, can_do: Callable[..., Service], field: str
) -> None:
    assert on_tuesday(service=can_do(chen, **{field: False})) == []


def test_nothing_in_the_past_within_the_notice_or_beyond_a_year(tenant: Tenant, chen: Staff) -> None:
    at_noon = new_york("2026-11-24 12:00")
    assert clocks(on_tuesday(now=at_noon)[:1], tenant) == ["24 12:00"]
    assert clocks(on_tuesday(now=at_noon + timedelta(minutes=1))[:1], tenant) == ["24 12:30"]
    assert on_tuesday(now=at_noon, notice=timedelta(days=1)) == []
    slots = free_slots(date_from=date.min, date_to=date.max, now=at_noon)
    assert slots[0].starts_at == at_noon
    assert slots[-1].starts_at <= at_noon.astimezone(UTC) + calendar.HORIZON


def test_next_free_offers_each_start_once(tenant: Tenant, chen: Staff, osei: Staff, jane: Contact) -> None:
    booked(chen, jane, "2026-11-23 09:00")
    slots = next_free(now=NOW, limit=3)
    assert clocks(slots, tenant) == ["23 09:00", "23 09:30", "23 10:00"]
    assert [slot.staff for slot in slots] == [osei, osei, chen]


def test_next_free_sees_this_evening_though_utc_is_a_day_ahead(tenant: Tenant) -> None:
    open_on_weekdays(time(9), time(22))
    Staff.objects.create(name="Sam")
    assert clocks(next_free(now=new_york("2026-11-24 20:10"), limit=1), tenant) == ["24 20:30"]


def test_next_free_stops_at_the_horizon(tenant: Tenant, chen: Staff) -> None:
    Closure.objects.create(start_date=date(2026, 11, 22), end_date=date(2026, 12, 6))
    assert next_free(now=NOW) == []
    assert clocks(next_free(now=NOW, horizon=timedelta(days=15), limit=1), tenant) == ["07 09:00"]


def test_local_hours_hold_across_the_change_of_clocks(tenant: Tenant, chen: Staff) -> None:
    slots = free_slots(date_from=date(2027, 3, 12), date_to=date(2027, 3, 15), now=NOW)
    firsts = [slot.starts_at for slot in slots if slot.starts_at.astimezone(tenant.zone).time() == time(9)]
    assert firsts == [datetime(2027, 3, 12, 14, tzinfo=UTC), datetime(2027, 3, 15, 13, tzinfo=UTC)]


def test_the_number_of_queries_grows_with_neither_days_nor_staff(
    tenant: Tenant, chen: Staff, osei: Staff, jane: Contact, can_do: Callable[..., Service]
) -> None:
    service = can_do(chen, osei)
    booked(chen, jane, "2026-11-24 10:00")

    def queries(days: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert free_slots(service=service, date_from=TUESDAY, date_to=TUESDAY + timedelta(days=days), now=NOW)
        return len(captured)

    few = queries(0)
    for number in range(8):
        member = Staff.objects.create(name=f"Dr. {number}")
        member.skills.create(service=service)
        booked(member, jane, f"2026-11-25 {9 + number:02d}:00")
        TimeOff.objects.create(
            staff=member, starts_at=new_york("2026-11-26 09:00"), ends_at=new_york("2026-11-26 11:00")
        )
    assert queries(60) == few == 7


def test_office_hours_are_seven_days_with_seams_closed(tenant: Tenant, hours: None) -> None:
    WeeklyHours.objects.create(weekday=5, opens=time(9), closes=time(12))
    WeeklyHours.objects.create(weekday=5, opens=time(12), closes=time(13))
    WeeklyHours.objects.create(weekday=5, opens=time(15), closes=time(16))
    week = office_hours()
    assert [day.name for day in week] == [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]  # fmt: skip
    assert week[0].openings == [Opening(time(9), time(17))]
    assert week[5].openings == [Opening(time(9), time(13)), Opening(time(15), time(16))]
    assert week[6].openings == []


def test_open_from_the_first_minute_to_before_the_last(tenant: Tenant, chen: Staff) -> None:
    assert not is_open(now=new_york("2026-11-24 08:59"))
    assert is_open(now=new_york("2026-11-24 09:00"))
    assert not is_open(now=new_york("2026-11-24 17:00"))
    assert not is_open(now=NOW)
    Closure.objects.create(start_date=TUESDAY, end_date=TUESDAY)
    assert not is_open(now=new_york("2026-11-24 09:00"))


def test_a_wall_clock_time_becomes_an_instant_unless_it_is_skipped(tenant: Tenant) -> None:
    assert calendar.at(day=TUESDAY, local=time(10)) == datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert calendar.at(day=date(2026, 11, 1), local=time(1, 30)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    with pytest.raises(calendar.NoSuchTime) as refusal:
        calendar.at(day=date(2027, 3, 14), local=time(2, 30))
    assert refusal.value.field == "time"
    with pytest.raises(calendar.NoSuchTime):
        calendar.at(day=date.max, local=time(23))


@pytest.mark.parametrize("duration", [timedelta(minutes=-30), timedelta(0), timedelta(days=400)])
def test_a_duration_that_makes_no_sense_is_refused(tenant: Tenant, chen: Staff, duration: timedelta) -> None:
    with pytest.raises(calendar.InvalidDuration) as refusal:
        on_tuesday(duration=duration)
    assert refusal.value.field == "duration"


def test_the_past_is_not_read_again(tenant: Tenant, chen: Staff) -> None:
    """SQLite would prefer the index by start, and read every booking that ever was. (PostgreSQL knows its tables.)"""
    if connection.vendor != "sqlite":
        assert connection.vendor == "postgresql"
        return
    with CaptureQueriesContext(connection) as captured:
        on_tuesday(staff=chen)
    query = next(query["sql"] for query in captured if 'FROM "business_booking"' in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query}")
        assert "booking_by_staff (tenant_id=? AND staff_id=? AND ends_at>?)" in str(cursor.fetchall())
