"""Companies, verdicts and hand-overs: what the brain makes of them, whatever the trade."""

from typing import Any

import pytest

from apps.sandbox.core.companies import find_company
from apps.sandbox.core.handover import errand_of, taken_over_at
from apps.sandbox.core.history import Heard, Result, Spoke
from apps.sandbox.core.schema import Tool, read_tool
from apps.sandbox.core.verdict import taker_of, verdict


def make_tool(name: str, description: str = "", **arguments: dict[str, Any]) -> Tool:
    parameters = {"type": "object", "properties": arguments, "required": list(arguments)}
    return read_tool({"name": name, "description": description, "parameters": parameters})


TEXT = {"type": "string"}
NOTE = make_tool("note_reply", quiz_id=TEXT, right={"type": "boolean"})
ASKED = Result("c", "start_quiz", {}, True, "Look at the map. Is it upside down?", {"quiz_id": "q1"})


@pytest.mark.parametrize(
    ("text", "name", "asked", "company"),
    [
        ("I'm Ann Lee from Blue Door Books, code 1234", "Ann Lee", False, "Blue Door Books"),
        ("Ann Lee, Reed & Sons, 1234", "Ann Lee", False, "Reed & Sons"),
        ("I work for Blue Door", "", False, "Blue Door"),
        ("I cannot print from Excel", "", False, None),
        ("it's blue door books", "", True, "blue door books"),
        ("Ann Lee", "Ann Lee", True, None),
        ("Why do you ask?", "", True, None),
    ],
)
def test_a_company(text: str, name: str, asked: bool, company: str | None) -> None:
    assert find_company(text, name, asked=asked) == company


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No, it is still stuck", False),
        ("yes!", True),
        ("still the same", False),
        ("it didn't help", False),
        ("that fixed it", True),
        ("which one?", None),
        ("I want to talk to a real person", None),
        ("bananas", None),
    ],
)
def test_a_verdict(text: str, said: bool | None) -> None:
    assert verdict(text) is said


def test_who_takes_the_answer_to_a_tools_question() -> None:
    found = taker_of("Fine. Is it upside down?", ASKED, [NOTE])
    assert found is not None
    assert (found[0], found[1].name) == (NOTE, "right")
    assert taker_of("Is there anything else?", ASKED, [NOTE]) is None
    assert taker_of("Is it upside down?", ASKED, [make_tool("note_reply", other_id=TEXT, right=TEXT)]) is None
    assert taker_of("Is it upside down?", None, [NOTE]) is None


def test_only_the_words_of_the_last_hand_over_count() -> None:
    handed = Result("c", "transfer_to_maps", {}, True, "")
    assert taken_over_at([Heard("one"), Spoke("?"), Heard("two"), handed, Spoke("Hello")]) == 2
    assert taken_over_at([Heard("one"), Spoke("Hello")]) == -1


def test_what_an_agent_does_with_a_matter_that_it_was_handed() -> None:
    errand = make_tool("open_case", problem=TEXT)
    ask = make_tool("search_archive", question=TEXT)
    human = make_tool("request_human", problem=TEXT)
    assert errand_of([ask, human, NOTE, errand]) == errand
    assert errand_of([ask, human, NOTE]) is None
    assert errand_of([make_tool("transfer_to_maps", intent=TEXT)]) is None  # to pass it on does nothing about it
