"""Hasty spelling and declined wishes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sandbox.core.declined import without_declined
from apps.sandbox.core.mentions import read_mentions
from apps.sandbox.core.questions import Asked
from apps.sandbox.core.schema import Kind
from apps.sandbox.core.spelling import spell_out
from apps.sandbox.core.words import concepts

from .test_dates import SUNDAY as TODAY


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("can u see me tmrw pls", "can you see me tomorrow please"),
        ("wat r ur hours on saterday", "what are your hours on saturday"),
        ("dont move my appt", "don't move my appointment"),
        ("wendsday or Thurdsay", "wednesday or thursday"),
        ("U. Thant, R. Moore, write to im@ur.example", "U. Thant, R. Moore, write to im@ur.example"),
        ("Maria Santos, BR-1024", "Maria Santos, BR-1024"),
        ("on Sundays", "on Sundays"),
    ],
)
def test_shorthand_and_days_are_spelled_out(typed: str, meant: str) -> None:
    assert spell_out(typed) == meant


@given(st.text(max_size=80))
def test_spelled_out_text_stays_as_it_is(text: str) -> None:
    once = spell_out(text)
    assert spell_out(once) == once


@pytest.mark.parametrize(
    ("text", "left", "declined"),
    [
        ("don't cancel it", set(), {"@cancel"}),
        ("I will not book anything today", set(), {"@book"}),
        ("I don't want to cancel, I want to postpone", {"@move"}, {"@cancel"}),
        ("I do not need my booking any longer", {"@cancel"}, set()),
        ("never mind, what does it cost", {"@price"}, set()),
    ],
)
def test_what_is_declined_is_no_wish(text: str, left: set[str], declined: set[str]) -> None:
    rest, found = without_declined(text)
    assert found == declined | ({"@update"} & found)
    assert left <= concepts(rest)
    assert not declined & concepts(rest)


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("about my knee on Tuesday", ""),
        ("move my visit on Tuesday", "source"),
        ("cancel my Tuesday visit", "source"),
        ("from Tuesday to Friday", "source"),
    ],
)
def test_only_what_is_to_be_changed_is_left_behind(text: str, role: str) -> None:
    first = next(m for m in read_mentions(text, 0, TODAY, Asked()) if m.kind is Kind.DATE)
    assert first.role == role


def test_a_limit_is_no_time_to_book() -> None:
    assert not [m for m in read_mentions("Wednesday after 2pm", 0, TODAY, Asked()) if m.kind is Kind.TIME]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ann Lee, 4 May 1985, a new wheel please", ("Ann", "Lee")),
        ("Please cancel my visit. Ann Lee, born 4 May 1985.", ("Ann", "Lee")),
        ("cancel it! ann lee 4 may 1985", ("Ann", "Lee")),
        ("how many days can I keep it?", None),
    ],
)
def test_a_name_beside_a_birth_date_needs_no_question(text: str, name: tuple[str, str] | None) -> None:
    found = {m.kind: m.value for m in read_mentions(text, 0, TODAY, Asked(frozenset({Kind.PHONE})))}
    said = (found.get(Kind.FIRST_NAME), found.get(Kind.LAST_NAME))
    assert said == (name or (None, None))


def test_a_question_is_not_the_name_that_was_asked_for() -> None:
    wanted = Asked(frozenset({Kind.FIRST_NAME, Kind.LAST_NAME}))
    found = read_mentions("How many grams can I take?", 0, TODAY, wanted)
    assert not [m for m in found if m.kind in (Kind.FIRST_NAME, Kind.LAST_NAME)]
