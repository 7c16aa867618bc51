"""When a person is brought in: words, searches without a find, tools that break down."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.desk.core import rules

MISS: rules.Called = ("search_knowledge", "done", {"data": {"passages": []}})
FIND: rules.Called = ("search_knowledge", "done", {"data": {"passages": ["Park behind the house."]}})
OTHER: rules.Called = ("get_services", "done", {"data": {}})
BROKEN: rules.Called = ("get_services", "failed", {"ok": False})
CALLS = st.lists(st.sampled_from([MISS, FIND, OTHER, BROKEN]))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("I call my LAWYER.", True),
        ("lawyers", False),
        ("money  back!", True),
        ("money, back", True),
        ("my moneyback", False),
        ("back money", False),
        ("", False),
        ("Ich will mein Geld zurück", True),
    ],
)
def test_words_are_whole_and_in_any_case(text: str, named: bool) -> None:
    assert rules.names_one(text, rules.phrases("lawyer\n\n  Money back \nGeld ZURÜCK\n...")) is named


@given(st.text(), st.lists(st.text(alphabet="ab (*+\\.", max_size=6)))
def test_what_the_owner_lists_is_never_a_pattern(text: str, lines: list[str]) -> None:
    listed = rules.phrases("\n".join(lines))
    rules.names_one(text, listed)
    for phrase in listed:
        assert rules.names_one(f"well, {phrase}!", listed)


@given(CALLS)
def test_nothing_without_two_in_a_row(calls: list[Any]) -> None:
    """Newest first."""
    reason = rules.trigger(calls)
    if reason == "tool_failures":
        assert calls[:2] == [BROKEN, BROKEN]
    elif reason == "low_confidence":
        assert calls[0] == MISS
        assert [call for call in calls if call in (MISS, FIND)][:2] == [MISS, MISS]
    else:
        assert calls[:2] != [BROKEN, BROKEN]
        assert calls[:2] != [MISS, MISS]
