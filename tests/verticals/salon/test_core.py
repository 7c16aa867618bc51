"""The salon's rules in numbers, and how it says them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.business.core.names import is_name, same_name
from apps.business.core.wording import (
    listed,
    spoken_date,
    spoken_length,
    spoken_moment,
    spoken_money,
    spoken_time,
    spoken_week,
)
from apps.verticals.salon.core.rules import is_late, late_fee, total
from apps.verticals.salon.core.wording import spoken_hours

NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)


@given(st.integers(0, 10_000_000), st.integers(0, 100))
def test_a_fee_is_a_share_to_the_nearest_cent(price: int, percent: int) -> None:
    fee = late_fee(price, percent)
    assert 0 <= fee <= price
    assert abs(fee * 100 - price * percent) <= 50


def test_no_price_no_fee() -> None:
    assert late_fee(None, 50) == 0
    assert late_fee(7_501, 50) == 3_751


@given(st.integers(0, 10_000), st.integers(0, 200))
def test_late_is_less_than_the_window(minutes: int, hours: int) -> None:
    starts_at = NOW + dt.timedelta(minutes=minutes)
    assert is_late(starts_at, now=NOW, window=dt.timedelta(hours=hours)) == (minutes < hours * 60)


@given(st.lists(st.one_of(st.none(), st.integers(0, 100_000))))
def test_a_total_is_the_sum_or_on_request(prices: list[int | None]) -> None:
    expected = None if None in prices else sum(price or 0 for price in prices)
    assert total(prices) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (spoken_hours(1), "1 hour"),
        (spoken_hours(24), "24 hours"),
        (spoken_hours(48), "2 days"),
        (spoken_hours(50), "50 hours"),
        (spoken_time(dt.time(12)), "noon"),
        (spoken_time(dt.time(0)), "midnight"),
        (spoken_time(dt.time(15, 30)), "3:30 PM"),
        (spoken_date(dt.date(2028, 1, 3), today=NOW.date()), "Monday, January 3, 2028"),
        (spoken_moment(NOW, today=NOW.date()), "Monday, November 23 at 10 AM"),
        (spoken_length(150), "2 hours 30 minutes"),
        (spoken_money(12_345_67), "$12,345.67"),
        (spoken_money(7_500), "$75"),
        (listed(["a", "b", "c"], word="or"), "a, b or c"),
        (listed([]), ""),
        (spoken_week([[(dt.time(9), dt.time(17))]] * 2 + [[]] * 5), "Monday and Tuesday from 9 AM to 5 PM"),
    ],
)
def test_wording(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Lena Park", "léna park", True),
        ("Park, Lena", "Lena Park", True),
        ("Lena Park", "Lena Parc", True),
        ("Lena Marie Park", "Lena Park", True),
        ("Lena Park", "Lena", False),
        ("Lena Park", "Sofia Park", False),
    ],
)
def test_names(first: str, second: str, same: bool) -> None:
    assert same_name(first, second) == same_name(second, first) == same


def test_what_is_a_name() -> None:
    assert is_name("Zoë O’Hara-Li")
    assert not is_name("<script>")
    assert not is_name("4711")
