"""The judge that counts words: what it says of plain cases, and that it is always within its bounds."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.analysis.core.dialogue import Dialogue, Line, Used
from apps.analysis.core.lexical import judge
from apps.analysis.core.verdict import Verdict, read, schema

pytestmark = pytest.mark.once


def dialogue(*visitor: str, tools: tuple[tuple[str, str], ...] = (), answers: int = 1, **more: Any) -> Dialogue:
    lines = [Line("visitor", text) for text in visitor] + [Line("agent", "Sure.")] * answers
    return Dialogue(tuple(lines), tuple(Used(*tool) for tool in tools), agent="Grace", **more)


def test_a_booking_is_a_warm_lead_and_a_happy_end() -> None:
    verdict = judge(
        dialogue(
            "I want to book an appointment tomorrow",
            "Perfect, thank you!",
            tools=(("schedule_appointment", "done"),),
            booked=1,
            is_known=True,
        )
    )
    assert verdict.intent == "Book an appointment"
    assert verdict.lead_score >= 70
    assert (verdict.label, verdict.escalation, verdict.satisfaction) == ("positive", False, 5)
    assert verdict.summary.startswith("A known visitor wrote: book an appointment. Grace answered once, with schedule")
    assert verdict.summary.endswith("It ended with a booking.")


def test_an_angry_visitor_needs_a_look() -> None:
    verdict = judge(dialogue("This is terrible, I want a refund!", "Horrible service. I am furious."))
    assert (verdict.intent, verdict.label, verdict.escalation) == ("Complain", "negative", True)
    assert verdict.satisfaction == 1
    assert verdict.escalation_reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (dialogue("Let me talk to a human please"), "The visitor asked for a person."),
        (dialogue("There is a gas leak, help, emergency"), "It sounds like an emergency."),
        (dialogue("hi", tools=(("a", "failed"), ("b", "failed"))), "2 of its tools failed."),
        (dialogue("hello?", answers=0), "Nobody answered."),
        (dialogue("hello", with_person=True), "A person was asked for or took part."),
    ],
)
def test_why_a_person_should_look(said: Dialogue, reason: str) -> None:
    assert judge(said).escalation_reason == reason


def test_who_is_not_interested_is_no_lead() -> None:
    assert judge(dialogue("Not interested in any appointment, stop calling")).lead_score == 0


def test_topics_are_the_intents_and_what_was_said_most() -> None:
    verdict = judge(dialogue("How much is a balayage?", "And the balayage takes how long?"))
    assert verdict.topics[:2] == ["ask about prices", "balayage"]
    assert judge(dialogue("I want to book an appointment")).topics == ["book an appointment", "appointment"]
    assert judge(dialogue("hi")).topics == ["general question", "first contact"]


SAID = (
    "book",
    "cancel",
    "price",
    "angry",
    "refund",
    "love",
    "thanks",
    "human",
    "gas",
    "leak",
    "now",
    "not",
    "ünï",
    "🙂",
)
WORDS = st.lists(st.sampled_from(SAID), max_size=12).map(" ".join)


@given(
    st.lists(st.tuples(st.sampled_from(["visitor", "agent", "person"]), WORDS), max_size=8),
    st.lists(st.tuples(st.sampled_from(["book_visit", "x"]), st.sampled_from(["done", "failed"])), max_size=4),
    st.integers(0, 3),
    st.booleans(),
)
def test_it_is_always_within_its_bounds(
    lines: list[tuple[str, str]], tools: list[tuple[str, str]], booked: int, with_person: bool
) -> None:
    said = Dialogue(
        tuple(Line(*line) for line in lines),
        tuple(Used(*tool) for tool in tools),
        booked=booked,
        with_person=with_person,
    )
    verdict = judge(said)
    assert read(msgspec.json.encode(verdict).decode()) == verdict
    assert bool(verdict.escalation_reason) == verdict.escalation
    assert 2 <= verdict.summary.count(". ") + 1 <= 3 or not said.answers
    assert judge(said) == verdict


GOOD = {
    "sentiment": 0.5, "lead_score": 40, "intent": "Book", "topics": ["a", "b"], "satisfaction": 4,
    "escalation": False, "escalation_reason": "", "summary": "Two sentences. Or so.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sentiment", 1.5), ("sentiment", "good"), ("lead_score", 101), ("lead_score", 1.5), ("topics", ["a"]),
        ("topics", ["a", ""]), ("satisfaction", 0), ("escalation", 1), ("summary", ""), ("intent", "x" * 81),
        ("more", 1),
    ],
)  # fmt: skip
def test_what_a_model_makes_up_is_not_believed(field: str, value: Any) -> None:
    assert isinstance(read(json.dumps(GOOD)), Verdict)
    assert field in str(read(json.dumps(GOOD | {field: value})))


def test_the_schema_asks_for_what_is_read() -> None:
    assert set(schema()["properties"]) == set(schema()["required"]) == set(GOOD)
    assert schema()["additionalProperties"] is False
