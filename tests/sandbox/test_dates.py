"""Dates in words: fixed readings, and properties over all days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sandbox.core.dates import WEEKDAYS, find_dates

SUNDAY = date(2026, 11, 22)
DAYS = st.dates(date(1930, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("today", SUNDAY),
        ("tomorrow morning", date(2026, 11, 23)),
        ("the day after tomorrow", date(2026, 11, 24)),
        ("next Tuesday at 10", date(2026, 11, 24)),
        ("this Friday", date(2026, 11, 27)),
        ("fri works", date(2026, 11, 27)),
        ("Sunday", date(2026, 11, 29)),
        ("the 3rd", date(2026, 12, 3)),
        ("on the 25th", date(2026, 11, 25)),
        ("the twenty-first of January", date(2027, 1, 21)),
        ("May 4th 1985", date(1985, 5, 4)),
        ("4 May 1985", date(1985, 5, 4)),
        ("May 4, 1985", date(1985, 5, 4)),
        ("born 05/04/1985", date(1985, 5, 4)),
        ("25/12/1985", date(1985, 12, 25)),
        ("4.5.1985", date(1985, 5, 4)),
        ("5/4/85", date(1985, 5, 4)),
        ("2026-12-01", date(2026, 12, 1)),
        ("in two weeks", date(2026, 12, 6)),
        ("in a month", date(2026, 12, 22)),
        ("a week from Tuesday", date(2026, 12, 1)),
    ],
)
def test_reads_a_day(text: str, expected: date) -> None:
    assert [f.day for f in find_dates(text, SUNDAY)] == [expected]


def test_reads_a_span() -> None:
    (found,) = find_dates("sometime next week", SUNDAY)
    assert (found.day, found.until) == (date(2026, 11, 23), date(2026, 11, 29))


def test_day_first_is_for_other_countries() -> None:
    assert find_dates("05/04/1985", SUNDAY, day_first=True)[0].day == date(1985, 4, 5)


@pytest.mark.parametrize(
    "text",
    [
        "call 212-555-0199",
        "+1 (212) 555-0199",
        "at 9:30",
        "GB-20261122-001",
        "I may come",
        "the second one",
        "31/02/2027",
        "2026-13-01",
        "half past nine",
        "room 12",
    ],
)
def test_finds_no_day_where_there_is_none(text: str) -> None:
    assert find_dates(text, SUNDAY) == []


FORMS = [
    lambda d: d.isoformat(),
    lambda d: f"{d:%B} {d.day}, {d.year}",
    lambda d: f"{d.day} {d:%B} {d.year}",
    lambda d: f"the {d.day}th of {d:%B} {d.year}",
    lambda d: f"{d:%b} {d.day} {d.year}",
    lambda d: f"{d.month}/{d.day}/{d.year}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
]


@given(day=DAYS, today=DAYS, form=st.sampled_from(FORMS))
def test_a_full_date_is_read_back_whatever_the_day(day: date, today: date, form) -> None:
    text = f"I was there on {form(day)}, I think"
    (found,) = find_dates(text, today)
    assert (found.day, found.until, found.has_year) == (day, day, True)
    assert form(day).removeprefix("the ") in text[found.start : found.end] or form(day) in text


@given(today=DAYS, index=st.integers(0, 6), which=st.sampled_from(["", "next ", "this "]))
def test_a_weekday_is_that_weekday_within_two_weeks(today: date, index: int, which: str) -> None:
    (found,) = find_dates(f"{which}{WEEKDAYS[index]}", today)
    assert found.day.weekday() == index
    assert timedelta(0) <= found.day - today <= timedelta(days=14)
    if which != "this ":
        assert found.day > today


@given(today=DAYS, day=DAYS)
def test_a_day_without_a_year_is_never_past(today: date, day: date) -> None:
    (found,) = find_dates(f"{day:%B} {day.day}", today)
    assert found.day >= today
    assert (found.day.month, found.day.day) == (day.month, day.day)


@given(text=st.text(max_size=200), today=DAYS)
def test_any_text_is_survived(text: str, today: date) -> None:
    for found in find_dates(text, today):
        assert 0 <= found.start < found.end <= len(text)
        assert found.day <= found.until
