"""Monthly periods on the calendar of the business."""

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.plans.core.period import Period, period_at

ZONES = [
    "UTC",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
]
moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES).map(ZoneInfo)


@given(moments, moments, zones)
def test_every_moment_is_in_one_period_that_adjoins_its_neighbors(
    started: datetime, now: datetime, zone: ZoneInfo
) -> None:
    anchor = started.astimezone(zone)
    period = period_at(anchor=anchor, now=now)
    assert period.started_at <= now < period.ends_at
    assert period_at(anchor=anchor, now=period.ends_at).started_at == period.ends_at
    assert period_at(anchor=anchor, now=period.started_at) == period
    assert timedelta(days=27) < period.ends_at - period.started_at < timedelta(days=32)


@given(moments, moments, zones)
def test_a_period_starts_on_the_anchors_day_or_on_the_months_last(
    started: datetime, now: datetime, zone: ZoneInfo
) -> None:
    anchor = started.astimezone(zone)
    # Lord Howe and the rest skip at most an hour, so away from midnight the date holds.
    anchor = anchor.replace(hour=12)
    first = period_at(anchor=anchor, now=now).started_at.astimezone(zone)
    assert first.day == min(anchor.day, calendar.monthrange(first.year, first.month)[1])
    assert (first.hour, first.minute, first.second) == (12, anchor.minute, anchor.second)


@given(moments, zones)
def test_the_first_period_starts_at_the_anchor(started: datetime, zone: ZoneInfo) -> None:
    assert period_at(anchor=started.astimezone(zone), now=started).started_at == started


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        ("2027-01-31T08:59", (2026, 12, 31), (2027, 1, 31)),
        ("2027-01-31T09:00", (2027, 1, 31), (2027, 2, 28)),
        ("2027-03-01T00:00", (2027, 2, 28), (2027, 3, 31)),
        ("2028-02-29T09:00", (2028, 2, 29), (2028, 3, 31)),
        ("2026-04-30T10:00", (2026, 4, 30), (2026, 5, 31)),
    ],
)
def test_the_31st_becomes_the_months_last_day_and_the_31st_again(
    now: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    zone = ZoneInfo("America/New_York")
    anchor = datetime(2026, 1, 31, 9, tzinfo=zone)
    period = period_at(anchor=anchor, now=datetime.fromisoformat(now).replace(tzinfo=zone))
    assert period == Period(datetime(*first, 9, tzinfo=zone), datetime(*last, 9, tzinfo=zone))


def test_clocks_set_back_at_midnight_repeat_no_period() -> None:
    """In 2009 St. John's went from November 1, 00:01 back to October 31, 23:01."""
    zone = ZoneInfo("America/St_Johns")
    anchor = datetime(2009, 10, 1, 0, 0, 30, tzinfo=zone)
    november = datetime(2009, 11, 1, 2, 30, 30, tzinfo=UTC)
    again_october = november + timedelta(minutes=30)
    assert again_october.astimezone(zone).day == 31
    assert period_at(anchor=anchor, now=again_october).started_at == november


def test_a_start_in_the_skipped_hour_moves_by_the_gap() -> None:
    zone = ZoneInfo("America/New_York")
    anchor = datetime(2026, 2, 8, 2, 30, tzinfo=zone)
    period = period_at(anchor=anchor, now=datetime(2026, 3, 8, 12, tzinfo=zone))
    assert period.started_at == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)  # 03:30 on the wall
