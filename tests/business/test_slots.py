"""The pure core, by properties: inside hours, never over what is taken, and nothing left out."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.business.core.slots import (
    Opening,
    Span,
    common,
    free_slots,
    instant,
    merged,
    opened,
    passing,
    union,
    utc,
)

pytestmark = pytest.mark.once
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # moves by 30 minutes
SANTIAGO = ZoneInfo("America/Santiago")  # at midnight
HAVANA = ZoneInfo("America/Havana")  # at midnight and at one
KATHMANDU = ZoneInfo("Asia/Kathmandu")  # +05:45, never

# Each zone with its days of change in 2026 and one ordinary day.
CHANGES = [
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    (LORD_HOWE, date(2026, 4, 5)),
    (LORD_HOWE, date(2026, 10, 4)),
    (SANTIAGO, date(2026, 4, 4)),
    (SANTIAGO, date(2026, 9, 6)),
    (HAVANA, date(2026, 3, 8)),
    (HAVANA, date(2026, 11, 1)),
    (ZoneInfo("Europe/London"), date(2026, 10, 25)),
    (ZoneInfo("Pacific/Apia"), date(2011, 12, 30)),  # a day that never was
    (KATHMANDU, date(2026, 6, 1)),
]
HALF_HOUR = timedelta(minutes=30)
ALWAYS = {"earliest": datetime(2000, 1, 1, tzinfo=UTC), "latest": datetime(2100, 1, 1, tzinfo=UTC)}

minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
openings = st.tuples(minutes, minutes).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Opening(*pair))
weeks = st.fixed_dictionaries({}, optional={day: st.lists(openings, max_size=3) for day in range(7)})
durations = st.integers(1, 36).map(lambda number: timedelta(minutes=5 * number))
steps = st.sampled_from([5, 15, 20, 30, 45, 60]).map(lambda number: timedelta(minutes=number))


@st.composite
def calendars(draw: st.DrawFn) -> dict:
    zone, change = draw(st.sampled_from(CHANGES))
    start = datetime.combine(change, time(), UTC) - timedelta(days=2)
    offsets = st.integers(0, 4 * 24 * 60)
    busy = [
        Span(
            start + timedelta(minutes=draw(offsets)),
            start + timedelta(minutes=draw(offsets)) + timedelta(days=4),
        )
        if draw(st.integers(0, 9)) == 0
        else Span(begin := start + timedelta(minutes=draw(offsets)), begin + draw(durations))
        for _ in range(draw(st.integers(0, 6)))
    ]
    return {
        "days": [change + timedelta(days=number) for number in (-1, 0, 1)],
        "week": draw(weeks),
        "zone": zone,
        "busy": busy,
        "duration": draw(durations),
        "step": draw(steps),
        "earliest": start + timedelta(minutes=draw(offsets)) if draw(st.booleans()) else ALWAYS["earliest"],
        "latest": start + timedelta(minutes=draw(offsets)) if draw(st.booleans()) else ALWAYS["latest"],
    }


def minute_by_minute(calendar: dict) -> dict[date, set[datetime]]:
    """The slow truth about the doors: every minute of the three days, by looking at the clock on the wall.

    A closing time that comes twice means its first coming: once the clock has shown it, that opening is over.
    """
    zone, open_minutes = calendar["zone"], {}
    for day in calendar["days"]:
        spans: list[list] = []
        for opening in union(calendar["week"].get(day.weekday(), ())):
            closes = datetime.combine(day, opening.closes)
            if opening.closes >= time(23, 59):
                closes = datetime.combine(day + timedelta(days=1), time())
            spans.append([datetime.combine(day, opening.opens), closes, "before"])
        minute = datetime.combine(day, time(), UTC) - timedelta(hours=16)
        shown = set()
        for _ in range(56 * 60):
            clock = minute.astimezone(zone).replace(tzinfo=None)
            for span in spans:
                if span[2] == "before" and clock >= span[0]:
                    span[2] = "open"
                if span[2] == "open" and clock >= span[1]:
                    span[2] = "over"
            if any(span[2] == "open" for span in spans):
                shown.add(minute)
            minute += timedelta(minutes=1)
        open_minutes[day] = shown
    return open_minutes


@given(calendars())
@settings(deadline=None)  # the truth is slow
def test_what_is_offered_is_exactly_what_fits(calendar: dict) -> None:
    offered = list(free_slots(**calendar))
    zone, duration, step = calendar["zone"], calendar["duration"], calendar["step"]
    doors = minute_by_minute(calendar)
    whole = [timedelta(minutes=number) for number in range(int(duration.total_seconds()) // 60)]

    expected = []
    for day in calendar["days"]:
        local = datetime.combine(day, time())
        while local.date() == day:
            comings = [
                moment
                for moment in (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
                if moment.astimezone(zone).replace(tzinfo=None) == local
            ]
            for start in comings[:1]:
                end = start + duration
                inside = all(start + minute in doors[day] for minute in whole)
                taken = any(span.starts_at < end and start < span.ends_at for span in calendar["busy"])
                if inside and not taken and calendar["earliest"] <= start <= calendar["latest"]:
                    expected.append(Span(start, end))
            local += step
    assert offered == expected


@given(calendars())
@settings(deadline=None)
def test_slots_last_real_time_and_show_each_clock_time_once(calendar: dict) -> None:
    offered = list(free_slots(**calendar))
    clocks = [slot.starts_at.astimezone(calendar["zone"]).replace(tzinfo=None) for slot in offered]
    assert len(set(clocks)) == len(clocks)
    assert all(slot.ends_at - slot.starts_at == calendar["duration"] for slot in offered)
    assert all(clock.date() in calendar["days"] for clock in clocks)


def clocks(zone: ZoneInfo, day: date, opening: Opening, duration: timedelta = HALF_HOUR) -> list[str]:
    slots = free_slots(
        days=[day],
        week={day.weekday(): [opening]},
        zone=zone,
        busy=[],
        duration=duration,
        step=HALF_HOUR,
        **ALWAYS,
    )
    return [slot.starts_at.astimezone(zone).strftime("%H:%M%z") for slot in slots]


def test_the_hour_that_spring_skips_is_not_offered() -> None:
    assert clocks(NEW_YORK, date(2026, 3, 8), Opening(time(1), time(4))) == [
        "01:00-0500", "01:30-0500", "03:00-0400", "03:30-0400",
    ]  # fmt: skip


def test_the_hour_that_autumn_repeats_is_offered_once() -> None:
    assert clocks(NEW_YORK, date(2026, 11, 1), Opening(time(0, 30), time(2, 30))) == [
        "00:30-0400", "01:00-0400", "01:30-0400", "02:00-0500",
    ]  # fmt: skip


def test_a_long_slot_may_use_the_repeated_hour() -> None:
    """From 01:00 to 02:30 two and a half hours pass in the night on which the clocks go back."""
    assert clocks(NEW_YORK, date(2026, 11, 1), Opening(time(1), time(2, 30)), timedelta(hours=2.5)) == ["01:00-0400"]
    assert clocks(NEW_YORK, date(2026, 10, 31), Opening(time(1), time(2, 30)), timedelta(hours=2.5)) == []


def test_lord_howe_moves_by_half_an_hour() -> None:
    assert clocks(LORD_HOWE, date(2026, 10, 4), Opening(time(1), time(3))) == [
        "01:00+1030", "01:30+1030", "02:30+1100",
    ]  # fmt: skip
    assert clocks(LORD_HOWE, date(2026, 4, 5), Opening(time(1), time(3))) == [
        "01:00+1100", "01:30+1100", "02:00+1030", "02:30+1030",
    ]  # fmt: skip


def test_where_midnight_itself_is_skipped_the_day_starts_at_one() -> None:
    assert clocks(SANTIAGO, date(2026, 9, 6), Opening(time(0), time(2))) == ["01:00-0300", "01:30-0300"]
    assert clocks(SANTIAGO, date(2026, 9, 5), Opening(time(23), time(23, 59))) == ["23:00-0400", "23:30-0400"]


def test_a_closing_time_that_is_skipped_is_the_moment_of_the_change() -> None:
    assert clocks(NEW_YORK, date(2026, 3, 8), Opening(time(1), time(2, 30))) == ["01:00-0500", "01:30-0500"]


def test_a_day_that_never_was_has_no_slots() -> None:
    assert clocks(ZoneInfo("Pacific/Apia"), date(2011, 12, 30), Opening(time(9), time(17))) == []


def test_2359_is_midnight() -> None:
    assert clocks(KATHMANDU, date(2026, 6, 1), Opening(time(23), time(23, 59)))[-1] == "23:30+0545"


@pytest.mark.parametrize("wrong", [{"duration": timedelta(0)}, {"step": timedelta(minutes=-5)}])
def test_a_duration_or_step_of_nothing_is_refused(wrong: dict) -> None:
    calendar = {
        "days": [],
        "week": {},
        "zone": NEW_YORK,
        "busy": [],
        "duration": HALF_HOUR,
        "step": HALF_HOUR,
    }
    with pytest.raises(ValueError, match="positive"):
        list(free_slots(**{**calendar, **ALWAYS, **wrong}))


@given(st.sampled_from(CHANGES), st.integers(0, 3 * 24 * 60))
@example((NEW_YORK, date(2026, 3, 8)), 26 * 60 + 30)
def test_passing_is_the_first_instant_whose_clock_has_reached_it(change: tuple, minute: int) -> None:
    zone, day = change
    local = datetime.combine(day, time()) + timedelta(minutes=minute) - timedelta(days=1)
    moment = passing(local, zone)
    second = timedelta(seconds=1)
    assert moment.astimezone(zone).replace(tzinfo=None) >= local
    assert (moment - second).astimezone(zone).replace(tzinfo=None) < local
    assert instant(local, zone) in (moment, None)


@given(st.lists(openings, max_size=5), st.lists(openings, max_size=5), minutes)
def test_union_and_common_hold_the_right_minutes(first: list[Opening], second: list[Opening], minute: time) -> None:
    def holds(spans: list[Opening]) -> bool:
        return any(span.opens <= minute < span.closes for span in spans)

    assert holds(union(first)) == holds(first)
    assert holds(common(first, second)) == (holds(first) and holds(second))
    joined = union(first)
    assert all(a.closes < b.opens for a, b in pairwise(joined))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=8), st.integers(0, 80))
def test_merged_holds_the_same_time_in_order(pairs: list[tuple[int, int]], minute: int) -> None:
    base = datetime(2026, 1, 1, tzinfo=UTC)
    spans = [Span(base + timedelta(minutes=a), base + timedelta(minutes=a + b)) for a, b in pairs]
    moment = base + timedelta(minutes=minute)
    joined = merged(spans)
    assert any(s.starts_at <= moment < s.ends_at for s in joined) == any(
        s.starts_at <= moment < s.ends_at for s in spans
    )
    assert all(a.ends_at < b.starts_at for a, b in pairwise(joined))


def test_an_opening_inside_the_skipped_hour_never_happens() -> None:
    assert opened(date(2026, 3, 8), [Opening(time(2), time(2, 45))], NEW_YORK) == []


def test_an_instant_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        utc(datetime(2026, 1, 1))
