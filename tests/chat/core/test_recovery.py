"""Runs that lose their process at any moment, again and again, and what their reader is left with."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.chat.core import turn as core
from apps.chat.core.recovery import SavedCall, SavedStep, recover
from apps.chat.core.turn import CallAsked, CallFinished, End, Publish, RunCall, SaveStep, StartStep, Turn

LABELS = {"look": "Looking"}
OPENED = {"run": "r", "agent": "grace"}

Step = tuple[list[str], int]
"""What the model says in a step, and how many tools it asks for then."""


@dataclass
class World:
    """A log, a database and a model; they stay when a process dies."""

    script: list[Step]
    log: list[tuple[str, Any]] = field(default_factory=list)
    steps: dict[int, SavedStep] = field(default_factory=dict)
    results: dict[str, CallFinished] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def stored(self) -> list[SavedStep]:
        return [
            SavedStep(
                step.number,
                step.text,
                step.ended,
                tuple(SavedCall(call.asked, self.results.get(call.asked.call)) for call in step.calls),
            )
            for _, step in sorted(self.steps.items())
        ]

    def store(self, step: SaveStep) -> None:
        assert step.number not in self.steps
        calls = tuple(SavedCall(call, None) for call in step.calls)
        self.steps[step.number] = SavedStep(step.number, step.text, step.ended, calls)

    def run(self, call: RunCall) -> CallFinished:
        self.ran.append(call.call)
        to = "ada" if call.name == "transfer_to_ada" else None
        finished = CallFinished(call.call, True, {"ok": True}, to)
        self.results[call.call] = finished
        return finished

    def text(self) -> str:
        """What a reader of the log is left with."""
        pieces: list[tuple[int, str]] = []
        for number, (name, data) in enumerate(self.log, start=1):
            if name == "":
                pieces.append((number, data["tok"]))
            elif name == "reset":
                pieces = [piece for piece in pieces if piece[0] <= data["after"]]
        return "".join(text for _, text in pieces)


class Died(Exception):
    pass


def live(world: World, turn: Turn, actions: list[core.Action], lives_for: int) -> None:
    """Performs actions until the end, or until the process dies, after so many of them."""
    todo = list(actions)
    while True:
        if lives_for == 0:
            raise Died
        lives_for -= 1
        match action := todo.pop(0):
            case Publish(name, data):
                world.log.append((name, data))
            case SaveStep():
                world.store(action)
            case RunCall():
                todo += turn.handle(world.run(action), 0.0)
            case StartStep(number):
                words, calls = world.script[min(number, len(world.script)) - 1]
                names = ["look", "transfer_to_ada"]
                events: list[core.Event] = [core.TextArrived(word) for word in words]
                events += [CallAsked("x", names[n % 2], "{}") for n in range(calls)]
                events += [core.StepEnded("stop")]
                for event in events:
                    todo += turn.handle(event, 0.0)
            case End():
                return


STEPS = st.lists(
    st.tuples(st.lists(st.sampled_from(["a", "b ", "\n\n", "c"]), max_size=4), st.integers(0, 3)), max_size=4
)


@settings(max_examples=400)
@given(
    script=STEPS,
    last=st.lists(st.sampled_from(["x", "y "]), min_size=1, max_size=4),
    deaths=st.lists(st.integers(0, 25), max_size=4),
)
def test_whoever_dies_the_reader_gets_the_answer_once(script: list[Step], last: list[str], deaths: list[int]) -> None:
    world = World([step for step in script if step[1]] + [(last, 0)])
    turn = Turn(agent="grace", labels=LABELS)
    actions = turn.handle(core.Opened(OPENED), 0.0)
    for lives_for in [*deaths, 10_000]:
        try:
            live(world, turn, actions, lives_for)
            break
        except Died:
            turn, actions = recover(world.log, world.stored(), opened=OPENED, labels=LABELS, now=0.0)
            if turn.phase == "over" and not actions:
                break

    names = [name for name, _ in world.log]
    assert turn.published == len(world.log)
    assert names[0] == "run"
    assert [number for number, name in enumerate(names) if name == "done"] == [len(names) - 1]
    assert world.log[-1][1]["reason"] == "stop"
    assert len(world.ran) == len(set(world.ran)) or deaths, "a call is repeated only if its result was not stored"
    said: list[str] = []
    for step in world.stored():
        said.append(("\n\n" if any(said) and step.text else "") + step.text)
    assert world.text() == "".join(said)
    assert [step.text for step in world.stored()] == ["".join(words) for words, _ in world.script]
    for status in ("started", "done"):
        shown = [data["call"] for name, data in world.log if name == "tool" and data["status"] == status]
        assert sorted(shown) == sorted(world.results), "each tool starts once and ends once before the reader's eyes"
    assert sorted(world.ran) == sorted(world.results), "no tool ran twice"


@given(script=STEPS, deaths=st.lists(st.integers(1, 25), min_size=1, max_size=3))
def test_a_hopeless_run_ends_with_one_error(script: list[Step], deaths: list[int]) -> None:
    world = World([*script, (["x"], 0)])
    turn = Turn(agent="grace", labels=LABELS)
    actions = turn.handle(core.Opened(OPENED), 0.0)
    try:
        live(world, turn, actions, deaths[0])
        return
    except Died:
        pass
    turn, actions = recover(world.log, world.stored(), opened=OPENED, labels=LABELS, now=0.0, hopeless=True)
    live(world, turn, actions or [End()], 10_000)
    names = [name for name, _ in world.log]
    assert names.count("done") == 1
    assert names.count("error") <= 1
    assert names[-1] == "done"


def test_a_stored_end_that_nobody_was_told_is_told() -> None:
    log = [("run", OPENED), ("", {"tok": "Hel"})]
    steps = [SavedStep(1, "Hello", "stop", input_tokens=7, output_tokens=2)]
    turn, actions = recover(log, steps, opened=OPENED, labels={}, now=0.0)
    assert actions == [
        Publish("reset", {"after": 1}),
        Publish("", {"tok": "Hello"}),
        Publish("done", {"reason": "stop", "usage": {"input_tokens": 7, "output_tokens": 2}}),
        End(),
    ]
    assert turn.phase == "over"


def test_an_error_that_was_told_is_not_told_again() -> None:
    log = [("run", OPENED), ("", {"tok": "Hel"}), ("error", {"code": "x"})]
    _, actions = recover(log, [], opened=OPENED, labels={}, now=0.0)
    assert actions[0] == SaveStep(1, "Hel", "error")
    assert [action.name for action in actions if isinstance(action, Publish)] == ["done"]


def test_what_is_over_stays_over() -> None:
    log = [("run", OPENED), ("", {"tok": "x"}), ("done", {"reason": "stop"})]
    turn, actions = recover(log, [SavedStep(1, "x", "stop")], opened=OPENED, labels={}, now=0.0)
    assert (turn.phase, actions) == ("over", [])
