"""The day view: positions are elapsed time, so days on which the clocks change are right too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.business import bookings
from apps.business.admin.day import bounds, lay_out
from apps.business.core.slots import Span
from apps.business.models import Booking, Staff
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World, next_weekday

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [NEW_YORK, ZoneInfo("Europe/London"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"), UTC]
URL = "admin:business_booking_day"


def plan(day: date, *spans: Span, zone: ZoneInfo = NEW_YORK, now: datetime | None = None):
    staff = Staff(id="stf_1", tenant_id="ten_1", name="Dr. Hart")
    rows = [
        Booking(id=f"bkg_{n}", tenant_id="ten_1", staff=staff, starts_at=span.starts_at, ends_at=span.ends_at)
        for n, span in enumerate(spans)
    ]
    return lay_out(
        day=day,
        zone=zone,
        staff=[staff],
        open_spans={},
        away={},
        bookings=rows,
        now=now or datetime(2000, 1, 1, tzinfo=UTC),
    )


def local(day: date, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK, fold=fold).astimezone(UTC)


def test_a_block_lies_where_its_time_is() -> None:
    day = date(2026, 11, 24)
    shown = plan(day, Span(local(day, 10, 15), local(day, 11)))
    assert [hour.starts_at.hour for hour in shown.hours] == [10]
    block = shown.columns[0].booked[0]
    assert (block.top, block.bottom, shown.minutes) == (15, 60, 60)
    assert not shown.changes_clocks


def test_the_hour_that_comes_twice_is_drawn_twice() -> None:
    day = date(2026, 11, 1)
    first, second = local(day, 1, 30), local(day, 1, 30, fold=1)
    shown = plan(day, Span(first, first + timedelta(minutes=30)), Span(second, second + timedelta(minutes=30)))
    assert [hour.starts_at.hour for hour in shown.hours] == [1, 1]
    assert [(block.top, block.bottom) for block in shown.columns[0].booked] == [(30, 60), (90, 120)]
    assert shown.changes_clocks


def test_the_hour_that_is_skipped_is_not_drawn() -> None:
    day = date(2026, 3, 8)
    shown = plan(day, Span(local(day, 1), local(day, 4)))
    assert [hour.starts_at.hour for hour in shown.hours] == [1, 3]
    assert shown.minutes == 120


def test_an_empty_day_shows_the_usual_hours() -> None:
    shown = plan(date(2026, 11, 24))
    assert (shown.hours[0].starts_at.hour, len(shown.hours)) == (8, 10)


def test_what_reaches_over_midnight_is_cut_at_it() -> None:
    day = date(2026, 11, 24)
    shown = plan(day, Span(local(day, 23), local(day, 23) + timedelta(hours=3)))
    assert (shown.columns[0].booked[0].bottom, shown.minutes) == (60, 60)


@given(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.sampled_from(ZONES),
    st.lists(st.tuples(st.integers(0, 1400), st.integers(5, 300)), max_size=6),
)
def test_every_block_keeps_its_length_and_lies_on_the_track(
    day: date, zone: ZoneInfo, times: list[tuple[int, int]]
) -> None:
    whole = bounds(day, zone)
    spans = []
    for start, length in times:
        starts_at = whole.starts_at + timedelta(minutes=start)
        if starts_at < whole.ends_at:
            spans.append(Span(starts_at, min(starts_at + timedelta(minutes=length), whole.ends_at)))
    shown = plan(day, *spans, zone=zone)
    assert 0 < shown.minutes <= 25 * 60
    for span, block in zip(spans, shown.columns[0].booked, strict=True):
        assert 0 <= block.top < block.bottom <= shown.minutes
        assert block.bottom - block.top == (span.ends_at - span.starts_at).total_seconds() // 60
    assert all(hour.top < shown.minutes for hour in shown.hours)


def test_the_page_shows_bookings_and_their_neighbors(owner: Client, mine: World) -> None:
    day = next_weekday(mine.tenant.zone, 10).date()
    page = owner.get(reverse(URL), {"date": day.isoformat()}).content.decode()
    assert "Larkspurcontact Doe" in page
    assert reverse("admin:business_booking_change", args=[mine.booking.pk]) in page
    assert "10:00–10:30 AM" in page
    assert f"?date={day - timedelta(days=1)}" in page
    assert f"?date={day + timedelta(days=1)}" in page


def test_a_cancelled_booking_is_listed_apart(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        bookings.cancel(booking=mine.booking, now=datetime.now(UTC))
    day = next_weekday(mine.tenant.zone, 10).date()
    response = owner.get(reverse(URL), {"date": day.isoformat()})
    assert response.context["plan"].columns[0].booked == []
    assert "Cancelled or not shown up" in response.content.decode()


@pytest.mark.parametrize("text", ["", "nonsense", "2026-13-45", "0001-01-01", "9999-12-31", "٢"])
def test_an_odd_date_shows_today(owner: Client, mine: World, text: str) -> None:
    response = owner.get(reverse(URL), {"date": text})
    assert response.status_code == 200
    assert response.context["plan"].day == response.context["today"]


def test_a_booking_of_the_evening_belongs_to_the_local_day(owner: Client, mine: World) -> None:
    """8 p.m. in New York is the next day in UTC."""
    with tenant_scope(mine.tenant.pk):
        Booking.objects.filter(pk=mine.booking.pk).update(
            starts_at=next_weekday(mine.tenant.zone, 20), ends_at=next_weekday(mine.tenant.zone, 21)
        )
    day = next_weekday(mine.tenant.zone, 20).date()
    assert len(owner.get(reverse(URL), {"date": str(day)}).context["plan"].columns[0].booked) == 1
    assert owner.get(reverse(URL), {"date": str(day + timedelta(days=1))}).context["plan"].columns[0].booked == []


def test_everybody_on_the_team_sees_the_day_and_nobody_else(
    manager: Client, staff_member: Client, administrator: Client, charlie, login
) -> None:
    assert manager.get(reverse(URL)).status_code == 200
    assert staff_member.get(reverse(URL)).status_code == 200
    assert login(charlie).get(reverse(URL)).status_code == 404
    assert administrator.get(reverse(URL)).status_code == 302
