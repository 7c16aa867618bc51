"""What is said in a call: the last turns, by number, and the mood they tell."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from apps.conversations.core.sentiment import Mood, mood_of
from apps.dashboard.core.events import Event, Turn, TurnAdded, TurnChanged, TurnRemoved, TurnsTrimmed

SHOWN = 200
"""Turns of a call that are on the floor: those with the last numbers."""


class Transcript:
    """The last turns of a conversation."""

    def __init__(self) -> None:
        self.turns: dict[int, Turn] = {}
        """By number, in order. Another mapping after each change, so that who holds one may compare."""
        self._moods: dict[int, Mood] = {}
        """Of the visitor's turns."""
        self._points = self._words = 0
        """The sum of them."""

    def put(self, read: Iterable[Turn], *, whole: bool) -> None:
        """Turns that were read; one without a role is gone. `whole`: all that are shown were read."""
        doubtful = set(self.turns) if whole else set()
        turns = {} if whole else dict(self.turns)
        last, in_order = next(reversed(turns), 0), True
        for turn in read:
            number = turn.number
            doubtful.add(number)
            if not turn.role:
                turns.pop(number, None)
                continue
            in_order = in_order and (number > last or number in turns)
            last = max(last, number)
            turns[number] = turn
        if not in_order:
            turns = {number: turns[number] for number in sorted(turns)}
        oldest = next(reversed(turns), 0) - SHOWN
        trimmed = list(takewhile(lambda number: number <= oldest, turns))
        for number in trimmed:
            del turns[number]
        self.turns = turns
        self._judge(doubtful.union(trimmed))

    def is_short_of(self, extent: tuple[int, int]) -> bool:
        """Whether a conversation that had this extent (how many turns, the last number) has more, or other ones."""
        count, last = extent
        known = next(reversed(self.turns), 0)
        return known < last or (known == last and len(self.turns) != count)

    @property
    def mood(self) -> float | None:
        """From -1 to 1 by the visitor's words, in tenths; None while none of them tells."""
        return Mood(self._points, self._words).value

    def _judge(self, numbers: Iterable[int]) -> None:
        """Brings the sum up to the turns of these numbers."""
        for number in numbers:
            if (known := self._moods.pop(number, None)) is not None:
                self._count(known, times=-1)
            turn = self.turns.get(number)
            if turn is not None and turn.role == "visitor":
                self._moods[number] = mood_of(turn.text)
                self._count(self._moods[number], times=1)

    def _count(self, mood: Mood, *, times: int) -> None:
        self._points += times * mood.points
        self._words += times * mood.words


def differences(call: str, before: Mapping[int, Turn], after: Mapping[int, Turn]) -> Iterator[Event]:
    """The events that make `before` into `after`; both are in the order of their numbers."""
    if before is after:
        return
    first = min(after, default=max(before, default=0) + 1)
    trimmed = sum(1 for _ in takewhile(lambda number: number < first, before))
    if trimmed:
        yield TurnsTrimmed(call=call, first=first)
    kept, now = list(before.values())[trimmed:], list(after.values())
    if now[: len(kept)] == kept:  # almost always: something was added
        yield from (TurnAdded(call=call, turn=turn) for turn in now[len(kept) :])
        return
    for number in before:
        if number >= first and number not in after:
            yield TurnRemoved(call=call, number=number)
    for number, turn in after.items():
        if (known := before.get(number)) is None:
            yield TurnAdded(call=call, turn=turn)
        elif known is not turn and known != turn:
            yield TurnChanged(call=call, turn=turn)
