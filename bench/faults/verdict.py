"""The judge: what one visitor was told against what the contract promises. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from faults.client import Event, Told
from faults.plan import Plan

Wrong = Literal["seq", "terminal", "effect", "orphan", "text", "answer"]
"""What can be violated: every seq once; one terminal event, last; each effect once; an end in time; the words that the
visitor and the transcript have; what was answered to a request."""
DOCUMENTED = {"model_unavailable", "model_refused", "interrupted", "unavailable", "internal_error", "too_slow"}
"""Codes of `error` events that a fault may bring about."""


@dataclass
class Verdict:
    """Of one message. `outcome` is how its run ended, as the visitor saw it."""

    outcome: Literal["whole", "error", "stopped", "unfinished"]
    violations: list[tuple[Wrong, str]] = field(default_factory=list)

    def add(self, kind: Wrong, words: str) -> None:
        self.violations.append((kind, words))


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database has of one message."""

    visitor_turns: int
    calls: tuple[str, ...]
    """Names of the run's tool calls that were carried out."""
    contacts: int
    bookings: int


def text_of(events: Sequence[Event]) -> str:
    """The text a visitor reads after these events: a reset voids what came after its position."""
    text, ends = "", {0: 0}
    for event in events:
        if event.name == "message":
            text += event.data["tok"]
        elif event.name == "reset":
            text = text[: ends.get(event.data["after"], len(text))]
        ends[event.seq] = len(text)
    return text


def judge(told: Told, plan: Plan, *, errors: bool) -> Verdict:
    """What the stream itself shows.

    Args:
        errors: whether the fault excuses a run that ends with a retryable error.
    """
    verdict = Verdict(_outcome(told))
    for problem in told.broken:
        verdict.add("answer", problem)
    if told.refused:
        verdict.add("answer", told.refused)
    if told.gave_up:
        verdict.add("orphan", f"not over in time, {len(told.events)} events seen")
    _check_order(told, verdict)
    _check_end(told, verdict, errors=errors)
    text = text_of(told.events)
    if verdict.outcome == "whole" and text != plan.text:
        verdict.add("text", f"the visitor read {text!r}, expected {plan.text!r}")
    elif not plan.text.startswith(text):
        verdict.add("text", f"the visitor read {text!r}, which is no beginning of {plan.text!r}")
    _check_calls(told.events, plan, verdict)
    return verdict


def _outcome(told: Told) -> Literal["whole", "error", "stopped", "unfinished"]:
    if not told.events or told.events[-1].name != "done":
        return "unfinished"
    reason = told.events[-1].data["reason"]
    if reason == "stopped" and told.stopped:
        return "stopped"
    return "whole" if reason == "stop" else "error"


def _check_order(told: Told, verdict: Verdict) -> None:
    seqs = [event.seq for event in told.events]
    if doubled := [seq for seq, count in Counter(seqs).items() if count > 1]:
        verdict.add("seq", f"seen twice: {doubled}")
    if lost := sorted(set(range(1, max(seqs, default=0) + 1)) - set(seqs)):
        verdict.add("seq", f"never seen: {lost}")
    if seqs != sorted(seqs):
        verdict.add("seq", "out of order")
    if any(event.run != told.run for event in told.events):
        verdict.add("seq", "an event of another run")
    if [event.name for event in told.events].count("run") > 1 or (told.events and told.events[0].name != "run"):
        verdict.add("seq", "the event run is not the first one, or comes again")


def _check_end(told: Told, verdict: Verdict, *, errors: bool) -> None:
    names = [event.name for event in told.events]
    if names.count("done") != 1 or names[-1] != "done":
        verdict.add("terminal", f"{names.count('done')} terminal events, the last event is {(names or ['none'])[-1]}")
    failures = [event.data for event in told.events if event.name == "error"]
    if verdict.outcome != "error":
        if failures:
            verdict.add("terminal", f"an error in a run that ended {verdict.outcome}: {failures}")
    elif len(failures) != 1 or names[-2] != "error":
        verdict.add("terminal", f"{len(failures)} errors before a terminal event that tells of one")
    elif failures[0]["code"] not in DOCUMENTED or not failures[0]["retryable"] or not errors:
        verdict.add("answer", f"the run ended with {failures[0]}")


def _check_calls(events: Sequence[Event], plan: Plan, verdict: Verdict) -> None:
    over = [event.data for event in events if event.name == "tool" and event.data["status"] != "started"]
    names = tuple(data["name"] for data in over)
    if len({data["call"] for data in over}) != len(over) or names != plan.calls[: len(names)]:
        verdict.add("effect", f"calls finished: {names}, the plan has {plan.calls}")
    elif verdict.outcome == "whole" and names != plan.calls:
        verdict.add("effect", f"calls finished: {names}, the plan has all of {plan.calls}")


def check_transcript(told: Told, answer: dict[str, Any], verdict: Verdict) -> None:
    """Against `GET /api/chat/conversations/<id>`."""
    if answer["active_run"] is not None:
        verdict.add("orphan", f"the conversation is still in {answer['active_run']}")
    asked = [turn for turn in answer["turns"] if turn["role"] == "user" and turn["text"] == told.message]
    if len(asked) != 1:
        verdict.add("text", f"the visitor's message is in the transcript {len(asked)} times")
    answers = [turn["text"] for turn in answer["turns"] if turn["role"] == "agent" and turn["run"] == told.run]
    text = text_of(told.events)
    if verdict.outcome == "error":
        # What a run had said when its process died may be lost to the transcript, but nothing else may stand there.
        if len(answers) > 1 or not all(text.startswith(stored) for stored in answers):
            verdict.add("text", f"the transcript has {answers!r}, the visitor read {text!r}")
    elif "".join(answers) != text or len(answers) > 1:
        verdict.add("text", f"the transcript has {answers!r}, the visitor read {text!r}")


def check_replay(told: Told, replayed: Sequence[Event], verdict: Verdict) -> None:
    """Against the finished run as another reader gets it, from its beginning."""
    seen = [(event.id, event.name, event.data) for event in told.events]
    if seen != [(event.id, event.name, event.data) for event in replayed]:
        verdict.add("seq", f"{len(seen)} events were streamed, a replay has other ones ({len(replayed)})")


def check_stored(plan: Plan, stored: Stored, verdict: Verdict) -> None:
    """Against the database: no effect twice, and none missing that the visitor was told of."""
    if stored.visitor_turns != 1:
        verdict.add("effect", f"the message is stored {stored.visitor_turns} times")
    expected = plan.calls if verdict.outcome == "whole" else plan.calls[: len(stored.calls)]
    if stored.calls != expected:
        verdict.add("effect", f"calls recorded: {stored.calls}, expected {expected}")
    if stored.contacts > 1 or stored.bookings > 1:
        verdict.add("effect", f"{stored.contacts} patients registered, {stored.bookings} appointments booked")
    if verdict.outcome == "whole" and "create_new_patient" in plan.calls and not stored.contacts:
        verdict.add("effect", "the patient is not registered")
