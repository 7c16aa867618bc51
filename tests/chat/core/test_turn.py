"""The turn, by hand and by every order of events that hypothesis can think of."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.chat.core import turn as core
from apps.chat.core.turn import (
    CallAsked,
    CallFinished,
    End,
    Opened,
    Publish,
    RunCall,
    SaveStep,
    StartStep,
    StepEnded,
    StepFailed,
    StopAsked,
    TextArrived,
    Turn,
)


def new_turn() -> Turn:
    return Turn(agent="grace", labels={"look": "Looking"})


def play(turn: Turn, *events: core.Event, now: float = 0.0) -> list[core.Action]:
    return [action for event in events for action in turn.handle(event, now)]


def published(actions: list[core.Action]) -> list[tuple[str, Any]]:
    return [(action.name, action.data) for action in actions if isinstance(action, Publish)]


def names(actions: list[core.Action]) -> list[str]:
    return [name for name, _ in published(actions)]


def test_a_plain_answer() -> None:
    turn = new_turn()
    actions = play(turn, Opened({"run": "r"}), TextArrived("Hel"), TextArrived("lo"), StepEnded("stop", 7, 2))
    assert actions == [
        Publish("run", {"run": "r"}),
        StartStep(1, 0.0),
        Publish("", {"tok": "Hel"}),
        Publish("", {"tok": "lo"}),
        SaveStep(1, "Hello", "stop", (), 7, 2),
        Publish("done", {"reason": "stop", "usage": {"input_tokens": 7, "output_tokens": 2}}),
        End(),
    ]


def test_a_tool_call_and_the_answer_after_it_are_paragraphs() -> None:
    turn = new_turn()
    actions = play(turn, Opened({}), TextArrived("One moment."), CallAsked("x", "look", "{}"), StepEnded("tool_calls"))
    assert actions[-3:] == [
        SaveStep(1, "One moment.", "", (RunCall("1.0", "look", "{}"),)),
        Publish("tool", {"call": "1.0", "name": "look", "status": "started", "label": "Looking", "input": {}}),
        RunCall("1.0", "look", "{}"),
    ]
    actions = play(turn, CallFinished("1.0", True, {"ok": True}), TextArrived("Found."), StepEnded("stop"))
    assert names(actions) == ["tool", "", "done"]
    done = {"call": "1.0", "name": "look", "status": "done", "label": "Looking", "output": {"ok": True}}
    assert published(actions)[:2] == [("tool", done), ("", {"tok": "\n\nFound."})]
    assert SaveStep(2, "Found.", "stop") in actions


def test_a_cut_step_is_void_and_tried_again() -> None:
    turn = new_turn()
    play(turn, Opened({}), TextArrived("Hel"))
    actions = play(turn, StepFailed("cut", "…", retryable=True))
    assert actions == [Publish("reset", {"after": 1}), StartStep(1, core.RETRY_DELAYS[1])]
    actions = play(turn, TextArrived("Hello"), StepEnded("stop"))
    assert SaveStep(1, "Hello", "stop") in actions


def test_attempts_are_counted_per_step() -> None:
    turn = new_turn()
    play(turn, Opened({}))
    failure = StepFailed("cut", "sorry", retryable=True)
    for _ in range(core.ATTEMPTS - 1):
        assert names(play(turn, failure)) == []
    actions = play(turn, failure)
    assert names(actions) == ["error", "done"]
    assert published(actions)[0][1] == {"code": "cut", "message": "sorry", "retryable": True}


def test_what_will_not_succeed_is_not_tried_again() -> None:
    turn = new_turn()
    assert names(play(turn, Opened({}), StepFailed("bad", "no", retryable=False))) == ["run", "error", "done"]


def test_stop_keeps_what_was_said() -> None:
    turn = new_turn()
    actions = play(turn, Opened({}), TextArrived("Hel"), StopAsked(), TextArrived("lo"))
    assert SaveStep(1, "Hel", "stopped") in actions
    assert published(actions)[-1][1]["reason"] == "stopped"


def test_stop_lets_a_tool_finish() -> None:
    turn = new_turn()
    actions = play(turn, Opened({}), CallAsked("x", "look", "{}"), StepEnded("tool_calls"), StopAsked())
    assert End() not in actions
    assert names(play(turn, CallFinished("1.0", True))) == ["tool", "done"]


def test_calls_of_one_step_run_one_after_the_other() -> None:
    turn = new_turn()
    actions = play(
        turn, Opened({}), *[CallAsked("x", name, "{}") for name in ("look", "book")], StepEnded("tool_calls")
    )
    assert [action.name for action in actions if isinstance(action, RunCall)] == ["look"]
    actions = play(turn, CallFinished("1.1", True), CallFinished("1.0", True))
    assert [action.name for action in actions if isinstance(action, RunCall)] == ["book"]
    assert play(turn, CallFinished("1.1", True))[-1] == StartStep(2, 0.0)


def test_arguments_that_are_no_object_are_shown_as_none() -> None:
    for written in ("[1]", "{", "null", "[" * 5_000, '{"a": "' + "x" * core.MAX_ARGUMENTS + '"}'):
        actions = play(new_turn(), Opened({}), CallAsked("x", "look", written), StepEnded("tool_calls"))
        assert published(actions)[-1][1]["input"] == {}


def test_a_person_who_takes_over_ends_the_answer() -> None:
    actions = play(new_turn(), Opened({}), TextArrived("Hel"), StopAsked("handoff"), TextArrived("lo"))
    assert SaveStep(1, "Hel", "handoff") in actions
    assert published(actions)[-1] == ("done", {"reason": "handoff", "usage": {"input_tokens": 0, "output_tokens": 0}})


def test_a_handoff_changes_who_speaks() -> None:
    turn = new_turn()
    play(turn, Opened({}), CallAsked("x", "transfer_to_ada", "{}"), StepEnded("tool_calls"))
    actions = play(turn, CallFinished("1.0", True, handed_to="ada"))
    assert ("handoff", {"from": "grace", "to": "ada"}) in published(actions)
    assert turn.agent == "ada"


def test_endless_text_is_cut() -> None:
    turn = new_turn()
    actions = play(turn, Opened({}), *[TextArrived("x" * 1_000)] * 20)
    assert sum(len(data["tok"]) for name, data in published(actions) if not name) == core.MAX_TEXT
    assert published(actions)[-1][1]["reason"] == "length"


def test_a_run_that_has_spent_its_tokens_begins_no_other_step() -> None:
    turn = new_turn()
    turn.max_tokens = 100
    actions = play(turn, Opened({}), TextArrived("Hm"), CallAsked("x", "look", "{}"), StepEnded("tool_calls", 60, 39))
    assert actions[-1] == RunCall("1.0", "look", "{}")
    actions = play(turn, CallFinished("1.0", True), CallAsked("x", "look", "{}"), StepEnded("tool_calls", 1, 0))
    assert names(actions)[-1] == "done"
    assert published(actions)[-1][1]["reason"] == "length"


def test_endless_calls_are_cut() -> None:
    turn = new_turn()
    actions = play(turn, Opened({}))
    for _ in range(50):
        actions += play(turn, CallAsked("x", "look", "{}"), StepEnded("tool_calls"))
        actions += play(turn, *[CallFinished(call.call, True) for call in list(turn.open_calls)])
    assert names(actions)[-2:] == ["error", "done"]
    assert sum(isinstance(action, RunCall) for action in actions) < core.MAX_STEPS
    assert sum(isinstance(action, End) for action in actions) == 1


def test_a_model_that_drips_is_cut_by_time() -> None:
    turn = new_turn()
    play(turn, Opened({}), now=0.0)
    assert names(play(turn, TextArrived("a"), now=core.MAX_SECONDS)) == [""]
    assert names(play(turn, TextArrived("b"), now=core.MAX_SECONDS + 1)) == ["error", "done"]


EVENTS = st.one_of(
    st.builds(TextArrived, st.text(max_size=5_000)),
    st.builds(CallAsked, st.sampled_from(["a", "b"]), st.sampled_from(["look", "book"]), st.just("{}")),
    st.builds(StepEnded, st.sampled_from(["stop", "tool_calls", "length"]), st.integers(0, 9), st.integers(0, 9)),
    st.builds(StepFailed, st.just("cut"), st.just("sorry"), st.booleans()),
    st.builds(CallFinished, st.sampled_from(["1.0", "1.1", "2.0", "3.0", "9.9"]), st.booleans()),
    st.just(StopAsked()),
)


@settings(max_examples=300, deadline=None)
@given(events=st.lists(st.tuples(EVENTS, st.floats(0, 30)), max_size=60), finish=st.booleans())
def test_any_order_of_events_keeps_the_contract(events: list[tuple[core.Event, float]], finish: bool) -> None:
    turn, now = new_turn(), 0.0
    actions = play(turn, Opened({"run": "r"}))
    for event, passed in events:
        now += passed
        actions += turn.handle(event, now)
    if finish:
        while turn.phase != "over":
            actions += play(turn, *[CallFinished(call.call, True) for call in list(turn.open_calls)], now=now)
            actions += turn.handle(StopAsked(), now)

    log = published(actions)
    assert turn.published == len(log)
    assert log[0][0] == "run"
    terminal = [position for position, (name, _) in enumerate(log) if name == "done"]
    assert terminal == ([len(log) - 1] if turn.phase == "over" else [])
    assert sum(isinstance(action, End) for action in actions) == len(terminal)
    keys = [action.call for action in actions if isinstance(action, RunCall)]
    assert len(keys) == len(set(keys)) <= core.MAX_CALLS
    # The text a reader is left with, after resets, is what was stored.
    text, marks = "", {}
    for number, (name, data) in enumerate(log, start=1):
        marks[number] = len(text)
        if name == "":
            text += data["tok"]
        elif name == "reset":
            text = text[: marks[data["after"] + 1]]
    assert len(text) <= core.MAX_TEXT + 2 * core.MAX_STEPS
    if turn.phase == "over":
        stored = "".join(action.text for action in actions if isinstance(action, SaveStep))
        assert text.replace("\n\n", "") == stored.replace("\n\n", "") or "\n" in stored


def test_the_wait_for_the_first_word_is_measured_once_and_kept_with_the_last_step() -> None:
    turn = Turn(agent="Grace", labels={})
    turn.handle(Opened({}), 10.0)
    turn.handle(TextArrived("Hello"), 10.25)
    turn.handle(TextArrived(" again"), 11.0)
    [saved] = [action for action in turn.handle(StepEnded("stop", 1, 1), 12.0) if isinstance(action, SaveStep)]
    assert saved.first_word_ms == 250
