"""The judge of the fault trials: it passes every history that keeps the contract, and flags every mangled one."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from faults.client import Event, Told
from faults.plan import Plan, plan_of
from faults.verdict import Stored, Verdict, check_replay, check_stored, check_transcript, judge, text_of
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.once
RUN = "run_1"


class _Log:
    """Events numbered from 1, as a run writes them."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, event: str, /, **data: object) -> None:
        number = len(self.events) + 1
        self.events.append(Event(f"{RUN}:{number}", event, data, at=float(number)))

    def speak(self, words: tuple[str, ...], *, paragraph: bool) -> None:
        for number, word in enumerate(words):
            before = " " if number else "\n\n" if paragraph else ""
            self.add("message", tok=before + word)


@st.composite
def histories(draw: st.DrawFn) -> Told:
    """A correct answer to a message; some steps are broken off, voided and told again."""
    message = f"{draw(st.sampled_from(['talk', 'tools', 'book', 'brief']))} {draw(st.integers())}"
    plan, log = plan_of(message), _Log()
    log.add("run", run=RUN, conversation="conv_1", token="t", agent="Grace")
    said = False
    for number, step in enumerate(plan.steps):
        breaks = draw(st.booleans())
        if step.words and breaks:
            after = len(log.events)
            log.speak(step.words[: draw(st.integers(1, len(step.words)))], paragraph=said)
            log.add("reset", after=after)
        log.speak(step.words, paragraph=said)
        said = said or bool(step.words)
        if step.call:
            for status in ("started", "done"):
                log.add("tool", call=f"{number}.0", name=step.call, status=status, label="")
    log.add("done", reason="stop", usage={})
    return Told(message, "m", "conv_1", RUN, log.events)


def _judge(told: Told, *, errors: bool = False) -> Verdict:
    return judge(told, plan_of(told.message), errors=errors)


def _kinds(verdict: Verdict) -> set[str]:
    return {kind for kind, _ in verdict.violations}


@given(histories())
def test_a_kept_contract_passes(told: Told) -> None:
    verdict = _judge(told)
    assert verdict.outcome == "whole"
    assert verdict.violations == []


@given(histories(), st.data())
def test_a_lost_event_is_flagged(told: Told, data: st.DataObject) -> None:
    del told.events[data.draw(st.integers(0, len(told.events) - 2))]
    assert "seq" in _kinds(_judge(told))


@given(histories(), st.data())
def test_a_doubled_event_is_flagged(told: Told, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(told.events) - 1))
    told.events.insert(data.draw(st.integers(number, len(told.events))), told.events[number])
    assert _kinds(_judge(told)) & {"seq", "terminal"}


@given(histories(), st.data())
def test_two_swapped_events_are_flagged(told: Told, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(told.events) - 2))
    told.events[number : number + 2] = reversed(told.events[number : number + 2])
    assert _kinds(_judge(told)) & {"seq", "terminal"}


@given(histories())
def test_an_answer_without_its_terminal_event_is_flagged(told: Told) -> None:
    told.events.pop()
    verdict = _judge(told)
    assert verdict.outcome == "unfinished"
    assert "terminal" in _kinds(verdict)


@given(histories())
def test_a_second_terminal_event_is_flagged(told: Told) -> None:
    told.events.append(replace(told.events[-1], id=f"{RUN}:{len(told.events) + 1}"))
    assert "terminal" in _kinds(_judge(told))


@given(histories(), st.data())
def test_another_word_is_flagged(told: Told, data: st.DataObject) -> None:
    last_reset = max((n for n, event in enumerate(told.events) if event.name == "reset"), default=0)
    texts = [n for n, event in enumerate(told.events) if event.name == "message" and n > last_reset]
    number = data.draw(st.sampled_from(texts))
    told.events[number] = replace(told.events[number], data={"tok": told.events[number].data["tok"] + "x"})
    assert "text" in _kinds(_judge(told))


@given(histories())
def test_a_tool_that_finishes_twice_is_flagged(told: Told) -> None:
    finished = [event for event in told.events if event.data.get("status") == "done"]
    log = _Log()
    for event in told.events:
        log.add(event.name, **event.data)
        if finished and event is finished[-1]:
            log.add(event.name, **event.data)
    verdict = _judge(replace(told, events=log.events))
    assert ("effect" in _kinds(verdict)) == bool(finished)


def _broken_off(told: Told, **error: object) -> Told:
    log = _Log()
    for event in told.events[: len(told.events) // 2]:
        log.add(event.name, **event.data)
    log.add("error", **({"code": "interrupted", "message": "", "retryable": True} | error))
    log.add("done", reason="error", usage={})
    return replace(told, events=log.events)


@given(histories())
def test_a_retryable_error_passes_only_where_a_fault_excuses_it(told: Told) -> None:
    broken_off = _broken_off(told)
    assert _judge(broken_off, errors=True).violations == []
    assert _judge(broken_off, errors=True).outcome == "error"
    assert "answer" in _kinds(_judge(broken_off, errors=False))
    assert "answer" in _kinds(_judge(_broken_off(told, code="surprise"), errors=True))
    assert "answer" in _kinds(_judge(_broken_off(told, retryable=False), errors=True))


def _plan() -> Plan:
    return plan_of("book 1")


def _verdict() -> Verdict:
    return Verdict("whole")


@pytest.mark.parametrize(
    "stored",
    [
        Stored(visitor_turns=2, calls=_plan().calls, contacts=1, bookings=1),
        Stored(visitor_turns=0, calls=_plan().calls, contacts=1, bookings=1),
        Stored(visitor_turns=1, calls=(*_plan().calls, _plan().calls[-1]), contacts=1, bookings=1),
        Stored(visitor_turns=1, calls=_plan().calls[:-1], contacts=1, bookings=1),
        Stored(visitor_turns=1, calls=_plan().calls, contacts=2, bookings=1),
        Stored(visitor_turns=1, calls=_plan().calls, contacts=1, bookings=2),
        Stored(visitor_turns=1, calls=_plan().calls, contacts=0, bookings=0),
    ],
)
def test_a_wrong_effect_is_flagged(stored: Stored) -> None:
    verdict = _verdict()
    check_stored(_plan(), stored, verdict)
    assert _kinds(verdict) == {"effect"}


def test_one_effect_each_passes() -> None:
    verdict = _verdict()
    check_stored(_plan(), Stored(visitor_turns=1, calls=_plan().calls, contacts=1, bookings=1), verdict)
    assert verdict.violations == []


@pytest.mark.parametrize(
    ("mangle", "kinds"),
    [
        (lambda answer: None, set()),
        (lambda answer: answer.update(active_run={"run": RUN, "after": 0}), {"orphan"}),
        (lambda answer: answer["turns"].append(answer["turns"][0]), {"text"}),
        (lambda answer: answer["turns"].append(answer["turns"][1]), {"text"}),
        (lambda answer: answer["turns"].pop(), {"text"}),
        (lambda answer: answer["turns"][1].update(text="something else"), {"text"}),
    ],
)
@given(told=histories())
def test_a_transcript_that_disagrees_is_flagged(
    mangle: Callable[[dict[str, object]], None], kinds: set[str], told: Told
) -> None:
    answer: dict[str, object] = {
        "active_run": None,
        "turns": [
            {"role": "user", "text": told.message, "run": RUN},
            {"role": "agent", "text": text_of(told.events), "run": RUN},
        ],
    }
    mangle(answer)
    verdict = _verdict()
    check_transcript(told, answer, verdict)
    assert _kinds(verdict) == kinds


@given(histories())
def test_a_replay_that_differs_is_flagged(told: Told) -> None:
    same, shorter = _verdict(), _verdict()
    check_replay(told, list(told.events), same)
    check_replay(told, told.events[1:], shorter)
    assert _kinds(same) == set()
    assert _kinds(shorter) == {"seq"}
