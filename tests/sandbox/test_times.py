"""Times, parts of the day and durations in words."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sandbox.core.times import clock, find_minutes, find_times, find_window


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 10", time(10)),
        ("at 3", time(15)),
        ("9:30am", time(9, 30)),
        ("9.30 works", time(9, 30)),
        ("2pm", time(14)),
        ("14:00", time(14)),
        ("half past nine", time(9, 30)),
        ("quarter to four", time(15, 45)),
        ("ten past 10", time(10, 10)),
        ("8 in the evening", time(20)),
        ("ten o'clock", time(10)),
        ("nine thirty", time(9, 30)),
        ("at noon", time(12)),
        ("12 am", time(0)),
    ],
)
def test_reads_a_time(text: str, expected: time) -> None:
    assert [f.at for f in find_times(text)] == [expected]


@pytest.mark.parametrize(
    "text", ["in 3 days", "for 45 minutes", "25 people", "$9.30", "4.5.1985", "about my knee", "for 2 persons"]
)
def test_finds_no_time_where_there_is_none(text: str) -> None:
    assert find_times(text) == []


def test_a_bare_number_is_a_time_only_when_asked() -> None:
    assert find_times("10 please") == []
    assert [f.at for f in find_times("10 please", asked=True)] == [time(10)]


@given(at=st.times(), style=st.sampled_from(["at {c}", "{c} please", "ok, {c} then"]))
def test_a_clock_time_is_read_back(at: time, style: str) -> None:
    at = at.replace(second=0, microsecond=0)
    (found,) = find_times(style.format(c=clock(at)))
    assert (found.at, found.sure) == (at, True)


@given(text=st.text(max_size=200), asked=st.booleans())
def test_any_text_is_survived(text: str, asked: bool) -> None:
    spans = [(f.start, f.end) for f in find_times(text, asked=asked)]
    assert spans == sorted(spans)
    assert all(a < b for a, b in spans)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("tomorrow morning", time(9), time(13)),
        ("in the afternoon", time(14), time(9)),
        ("after 3pm", time(15), time(14)),
        ("before noon", time(11), time(12)),
        ("evenings are best", time(19), time(12)),
    ],
)
def test_reads_a_part_of_the_day(text: str, inside: time, outside: time) -> None:
    window = find_window(text)
    assert window is not None
    assert window.earliest <= inside < window.latest
    assert not window.earliest <= outside < window.latest


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("45 minutes", 45),
        ("an hour", 60),
        ("an hour and a half", 90),
        ("half an hour", 30),
        ("2 hrs", 120),
        ("soon", None),
    ],
)
def test_reads_a_duration(text: str, minutes: int | None) -> None:
    assert find_minutes(text) == minutes
