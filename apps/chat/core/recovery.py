"""Taking a run up again where a lost process left it: from what its readers may have seen, and what is stored. Pure.

The log says what was published, the database what the finished steps said and did. The database is ahead of the log
when the process died between storing and publishing, and it decides: text of a finished step that the log lacks is
told again, text of an unfinished one is void. A tool call that has a stored result is never run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.chat.core.turn import APOLOGY, PARAGRAPH, Action, CallFinished, RunCall, Turn


@dataclass(frozen=True, slots=True)
class SavedCall:
    """A stored tool call; without a result its tool had no effect."""

    asked: RunCall
    result: CallFinished | None


@dataclass(frozen=True, slots=True)
class SavedStep:
    """A stored step, as `SaveStep` said."""

    number: int
    text: str
    ended: str
    calls: tuple[SavedCall, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class _Published:
    """What the log of a run amounts to."""

    events: int = 0
    speaker: str = ""
    boundary: int = 0
    """Number of the last event before the text that no tool call has followed yet."""
    text: list[tuple[int, str]] = field(default_factory=list)
    """That text, by number."""
    calls: dict[str, str] = field(default_factory=dict)
    """Call → status."""
    failed: bool = False
    over: bool = False

    def add(self, name: str, data: Mapping[str, Any]) -> None:
        self.events += 1
        match name:
            case "":
                self.text.append((self.events, data["tok"]))
                return
            case "reset":
                self.text = [(number, text) for number, text in self.text if number <= data["after"]]
                return
            case "error":
                self.failed = True
                return
            case "run":
                self.speaker = data["agent"]
            case "tool":
                self.calls[data["call"]] = data["status"]
            case "handoff":
                self.speaker = data["to"]
            case "done":
                self.over = True
        self.boundary, self.text = self.events, []

    @property
    def tail(self) -> str:
        return "".join(text for _, text in self.text)


def recover(
    log: Sequence[tuple[str, Mapping[str, Any]]],
    steps: Sequence[SavedStep],
    *,
    opened: Mapping[str, Any],
    labels: Mapping[str, str],
    now: float,
    hopeless: bool = False,
) -> tuple[Turn, list[Action]]:
    """The turn as it stands, and what to do first.

    Args:
        log: (name, data) of each logged event, from the first.
        steps: the stored steps of this run, in order.
        opened: data of the `run` event, should it be missing.
        now: seconds, monotonic; the run gets its whole time anew.
        hopeless: it was taken up too often; end it, with an error that invites to try again.
    """
    seen = _Published()
    for name, data in log:
        seen.add(name, data)
    turn = Turn(agent=seen.speaker or opened["agent"], labels=labels, published=seen.events, started_at=now)
    turn.input_tokens = sum(step.input_tokens for step in steps)
    turn.output_tokens = sum(step.output_tokens for step in steps)
    turn.step = steps[-1].number if steps else 0
    turn.calls_made = sum(len(step.calls) for step in steps)
    turn.said = sum(len(step.text) for step in steps)
    if seen.over:
        turn.phase = "over"
        return turn, []
    actions: list[Action] = [] if log else [turn.publish("run", opened)]
    if not log:
        seen.boundary = 1
    last = steps[-1] if steps else None
    if last is not None and last.ended:
        return turn, actions + _end(turn, seen, last)
    if seen.failed:
        turn.step, turn.text = turn.step + 1, seen.tail.removeprefix(PARAGRAPH)
        return turn, actions + turn.finish("error")
    if hopeless:
        actions += _void(turn, seen)
        turn.step += 1
        return turn, actions + turn.break_off("interrupted", APOLOGY, retryable=True)
    if last is not None:
        actions += _replay(turn, seen, last)
        if turn.open_calls:
            turn.phase = "tools"
            first = turn.open_calls[0]
            return turn, [*actions, *([] if first.call in seen.calls else [turn.announce(first)]), first]
    return turn, actions + _void(turn, seen) + turn.start_step()


def _end(turn: Turn, seen: _Published, last: SavedStep) -> list[Action]:
    """The stored end, told."""
    actions: list[Action] = [] if seen.failed else _tell(turn, seen, last)
    if last.ended == "error" and not seen.failed:
        error = {"code": "interrupted", "message": APOLOGY, "retryable": True}
        actions.append(turn.publish("error", error))
    return actions + turn.close(last.ended)


def _replay(turn: Turn, seen: _Published, last: SavedStep) -> list[Action]:
    """What the log lacks of a stored step that called tools; what has no result yet stays open."""
    began = any(call.asked.call in seen.calls for call in last.calls)
    actions = [] if began else _tell(turn, seen, last)
    for call in last.calls:
        if call.result is None:
            turn.open_calls.append(call.asked)
            continue
        status = seen.calls.get(call.asked.call)
        if status is None:
            actions.append(turn.announce(call.asked))
        if status != "done" and status != "failed":
            actions += turn.conclude(call.asked, call.result)
    return actions


def _tell(turn: Turn, seen: _Published, step: SavedStep) -> list[Action]:
    """Makes the step's text what its readers are left with."""
    paragraph = PARAGRAPH if turn.said > len(step.text) and step.text else ""
    told = paragraph + step.text
    if seen.tail == told:
        seen.text = []
        return []
    return _void(turn, seen) + ([turn.publish("", {"tok": told})] if told else [])


def _void(turn: Turn, seen: _Published) -> list[Action]:
    """Text that no stored step holds is not true any more."""
    if not seen.text:
        return []
    seen.text = []
    return [turn.publish("reset", {"after": seen.boundary})]
