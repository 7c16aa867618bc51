"""The pure parts: names, specialties, wording and codes."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.business.core.names import folded, is_name, same_name
from apps.business.core.wording import (
    listed,
    spoken_date,
    spoken_length,
    spoken_moment,
    spoken_money,
    spoken_time,
    spoken_week,
)
from apps.verticals.healthcare.core.codes import code_system
from apps.verticals.healthcare.core.specialties import recognize

PART = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10)
FULL_NAME = st.lists(PART, min_size=2, max_size=4).map(" ".join)


@given(FULL_NAME)
def test_a_name_is_itself_however_it_is_written(name: str) -> None:
    assert same_name(name, name.upper())
    assert same_name(name, " ".join(reversed(name.split())))
    assert same_name(name.replace("a", "á").replace("e", "ë"), name.replace(" ", "-"))


@given(FULL_NAME, FULL_NAME)
def test_names_match_both_ways_or_not_at_all(first: str, second: str) -> None:
    assert same_name(first, second) == same_name(second, first)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_compared(first: str, second: str) -> None:
    same_name(first, second)
    assert folded(folded(first)) == folded(first)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("José O’Neil-Ruiz", "jose oneil ruiz", True),
        ("Anna Lindqvist", "Ana Lindquist", True),
        ("Maria Elena Santos", "Maria Santos", True),
        ("Li Wang", "Lu Wang", False),
        ("Jon Smith", "Jan Smith", False),
        ("Maria Santos", "Maria", False),
        ("Maria Santos", "James Santos", False),
        ("", "", False),
        ("Madonna", "Madonna", True),
    ],
)
def test_names_that_do_and_do_not_match(first: str, second: str, same: bool) -> None:
    assert same_name(first, second) is same


@pytest.mark.parametrize("name", ["Anne-Marie", "O'Neil", "Zoë", "王芳", "Martin Luther, Jr."])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("text", ["", "  ", "R2D2", "<script>", "a: b", "{x}", "a\nb", "- -"])
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("words", "specialty"),
    [
        ("my knee hurts", "Orthopedics"),
        ("KNEES", "Orthopedics"),
        ("skin", "Dermatology"),
        ("a strange rash", "Dermatology"),
        ("heart", "Cardiology"),
        ("high blood pressure", "Cardiology"),
        ("toothache", "Dentistry"),
        ("root canal", "Dentistry"),
        ("my baby", "Pediatrics"),
        ("I need glasses", "Ophthalmology"),
        ("sore throat", "Primary Care"),
        ("a checkup", "Primary Care"),
        ("big toe", "Podiatry"),
        ("dermatolgist", "Dermatology"),
        ("migrane", "Neurology"),
        ("Orthopedic Surgery", "Orthopedics"),
        ("Family Medicine", "Primary Care"),
    ],
)
def test_a_specialty_by_lay_words(words: str, specialty: str) -> None:
    assert recognize(words)[0] == specialty


@pytest.mark.parametrize("words", ["", "   ", "qwertz", "pizza with cheese"])
def test_words_of_no_specialty(words: str) -> None:
    assert recognize(words) == []


def test_a_foot_is_a_podiatrists_then_an_orthopedists() -> None:
    assert recognize("my foot")[:2] == ["Podiatry", "Orthopedics"]


@given(st.text(max_size=60))
def test_any_words_can_be_recognized(words: str) -> None:
    assert len(recognize(words)) == len(set(recognize(words)))


@given(st.times())
def test_a_spoken_time_reads_back(time: dt.time) -> None:
    spoken = spoken_time(time)
    minute = time.replace(second=0, microsecond=0)
    if spoken in ("noon", "midnight"):
        assert minute == (dt.time(12) if spoken == "noon" else dt.time(0))
        return
    form = "%I:%M %p" if ":" in spoken else "%I %p"
    assert dt.datetime.strptime(spoken, form).time() == minute


def test_dates_and_moments() -> None:
    today = dt.date(2026, 11, 23)
    assert spoken_date(dt.date(2026, 11, 24), today=today) == "Tuesday, November 24"
    assert spoken_date(dt.date(2027, 11, 24), today=today) == "Wednesday, November 24, 2027"
    moment = dt.datetime(2026, 11, 24, 9, 30)
    assert spoken_moment(moment, today=today) == "Tuesday, November 24 at 9:30 AM"


@pytest.mark.parametrize(
    ("minutes", "spoken"),
    [(1, "1 minute"), (45, "45 minutes"), (60, "1 hour"), (90, "1 hour 30 minutes"), (120, "2 hours")],
)
def test_lengths(minutes: int, spoken: str) -> None:
    assert spoken_length(minutes) == spoken


@pytest.mark.parametrize(("cents", "spoken"), [(0, "$0"), (15_000, "$150"), (14_950, "$149.50"), (125_000, "$1,250")])
def test_prices(cents: int, spoken: str) -> None:
    assert spoken_money(cents) == spoken


def test_lists() -> None:
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], word="or")] == [
        "",
        "a",
        "a and b",
        "a, b or c",
    ]


def test_weeks() -> None:
    day = [(dt.time(8), dt.time(12)), (dt.time(13), dt.time(17))]
    half = [(dt.time(9), dt.time(13))]
    assert spoken_week([[]] * 7) == ""
    assert spoken_week([day, day, [], half, half, half, []]) == (
        "Monday and Tuesday from 8 AM to noon and from 1 PM to 5 PM and Thursday to Saturday from 9 AM to 1 PM"
    )


@pytest.mark.parametrize(
    ("code", "system"),
    [("99213", "CPT"), ("0001F", "CPT"), ("D0120", "CDT"), ("", ""), ("D12", ""), ("abc", "")],
)
def test_codes(code: str, system: str) -> None:
    assert code_system(code) == system
