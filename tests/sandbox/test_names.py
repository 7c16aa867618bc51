"""A visitor's own name, with and without a question for it."""

import pytest

from apps.sandbox.core.names import FoundName, find_name


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("I'm Maria Santos", "Maria", "Santos"),
        ("Hi, this is Maria Santos, born 4 May 1985", "Maria", "Santos"),
        ("my name is maria santos and I need help", "Maria", "Santos"),
        ("My name's Jean-Luc O'Neill.", "Jean-Luc", "O'Neill"),
        ("I am Lena van der Berg", "Lena", "van der Berg"),
        ("Maria Santos is my name", "Maria", "Santos"),
        ("first name Maria, last name Santos", "Maria", "Santos"),
        ("my last name is Santos", None, "Santos"),
        ("an appointment for my son Leo Santos", "Leo", "Santos"),
    ],
)
def test_finds_a_name_that_was_offered(text: str, first: str | None, last: str) -> None:
    assert find_name(text) == FoundName(first, last)


@pytest.mark.parametrize(
    "text",
    [
        "I'm looking for a table",
        "Maria Santos",
        "I'm sorry about that",
        "this is ridiculous",
        "it's urgent",
        "I need to see Dr. Chen",
        "I'm new here",
        "can you call me back tomorrow",
    ],
)
def test_takes_nothing_for_a_name_that_is_none(text: str) -> None:
    assert find_name(text) is None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("maria santos", "Maria", "Santos"),
        ("Sure, Maria Santos", "Maria", "Santos"),
        ("Yes. It's José García López", "José García", "López"),
        ("Mrs. Santos Maria", "Santos", "Maria"),
        ("maria", "Maria", None),
        ("Maria S-A-N-T-O-S", "Maria", "Santos"),
    ],
)
def test_finds_a_bare_name_when_asked(text: str, first: str, last: str | None) -> None:
    assert find_name(text, asked=True) == FoundName(first, last)


def test_a_single_word_completes_the_name() -> None:
    assert find_name("Santos", asked=True, last_asked=True) == FoundName(None, "Santos")
