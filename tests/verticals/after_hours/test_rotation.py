"""Whose turn it is: handovers at a local hour, leave and swaps."""

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from apps.verticals.after_hours.core.ladder import MOST
from apps.verticals.after_hours.core.rotation import Override, Rotation, on_call, turn, turn_ends

ZONE = ZoneInfo("America/Chicago")
MONDAY = dt.date(2026, 11, 23)
WEEKLY = Rotation(("a", "b", "c"), MONDAY, dt.time(8))


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=ZONE)


def away(who: str, instead: str = "") -> Override:
    return Override(who, instead, local(2026, 11, 23, 8), local(2026, 11, 30, 8))


NOON = local(2026, 11, 24, 12)


def test_turns_end_at_the_handover() -> None:
    assert [turn(WEEKLY, local(2026, 11, day, hour)) for day, hour in ((23, 7), (23, 8), (30, 7), (30, 8))] == [
        -1,
        0,
        0,
        1,
    ]
    assert on_call(WEEKLY, (), now=local(2026, 11, 30, 7)) == ("a", "b", "c")
    assert on_call(WEEKLY, (), now=local(2026, 11, 30, 8)) == ("b", "c", "a")
    assert on_call(WEEKLY, (), now=local(2026, 11, 23, 7)) == ("c", "a", "b")
    assert turn_ends(WEEKLY, dt.datetime(2026, 11, 29, 23)) == dt.datetime(2026, 11, 30, 8)


def test_a_turn_ends_at_the_same_hour_when_the_clocks_change() -> None:
    daily = Rotation(("a", "b"), dt.date(2026, 10, 31), dt.time(8), 1)
    for day, person in ((1, "b"), (2, "a")):  # the night to November 1 is an hour longer
        assert on_call(daily, (), now=local(2026, 11, day, 8))[0] == person
        assert on_call(daily, (), now=local(2026, 11, day, 7, 59))[0] != person


def test_leave_and_swaps() -> None:
    assert on_call(WEEKLY, [away("a")], now=NOON) == ("b", "c")
    assert on_call(WEEKLY, [away("a", "d")], now=NOON) == ("d", "b", "c")
    assert on_call(WEEKLY, [away("a", "b"), away("b", "a")], now=NOON) == ("b", "a", "c")
    assert on_call(WEEKLY, [away("a", "b"), away("b")], now=NOON) == ("c",)
    assert on_call(WEEKLY, [away("a", "b"), away("b", "d")], now=NOON) == ("d", "c")
    assert on_call(WEEKLY, [away("a"), away("b"), away("c")], now=NOON) == ()
    assert on_call(WEEKLY, [away("a")], now=local(2026, 11, 30, 8)) == ("b", "c", "a")
    assert on_call(Rotation((), MONDAY, dt.time(8)), (), now=NOON) == ()


PEOPLE = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)
OVERRIDES = st.lists(
    st.builds(
        lambda who, instead, start, length: Override(
            who, instead, NOON + dt.timedelta(hours=start), NOON + dt.timedelta(hours=start + length)
        ),
        st.sampled_from("abcdefghijkl"),
        st.sampled_from(["", *"abcdefghijkl"]),
        st.integers(-100, 100),
        st.integers(1, 100),
    ).filter(lambda one: one.away != one.instead),
    max_size=6,
)


@given(PEOPLE, OVERRIDES, st.integers(-500, 500), st.integers(1, 30))
def test_nobody_twice_nobody_on_leave_and_at_most_eight(
    people: list[str], overrides: list[Override], hours: int, days: int
) -> None:
    now = NOON + dt.timedelta(hours=hours)
    called = on_call(Rotation(tuple(people), MONDAY, dt.time(8), days), overrides, now=now)
    active = {one.away: one.instead for one in overrides if one.starts_at <= now < one.ends_at}
    assert len(called) == len(set(called)) <= MOST
    assert set(called) <= {*people, *active.values()}
    assert not {who for who, instead in active.items() if not instead} & set(called)
    if not active:
        assert called == tuple(called[:MOST])
        assert set(called) == set(people) or len(people) > MOST


@given(st.integers(1, 8), st.integers(1, 14))
def test_everybody_is_first_equally_often(count: int, days: int) -> None:
    people = tuple("abcdefgh"[:count])
    rotation = Rotation(people, MONDAY, dt.time(8), days)
    first = [
        on_call(rotation, (), now=local(2026, 11, 23, 12) + dt.timedelta(days=days * number))[0]
        for number in range(count * 3)
    ]
    assert {person: first.count(person) for person in people} == dict.fromkeys(people, 3)
