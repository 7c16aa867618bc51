"""What is said in a call: the last turns, by number, and the mood they tell."""

from collections.abc import Iterable, Iterator, Mapping

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
        before = self.turns
        turns = {} if whole else dict(before)
        for turn in read:
            if turn.role:
                turns[turn.number] = turn
            else:
                turns.pop(turn.number, None)
        last = max(turns, default=0)
        self.turns = {number: turns[number] for number in sorted(turns) if number > last - SHOWN}
        self._judge(before)

    def is_short_of(self, extent: tuple[int, int]) -> bool:
        """Whether a conversation that had this extent (how many turns, the last number) has more, or other ones."""
        count, last = extent
        known = next(reversed(self.turns), 0)
        return known < last or (known == last and len(self.turns) != count)

    @property
    def mood(self) -> float | None:
        """From -1 to 1 by the visitor's words, in tenths; None while none of them tells."""
        return Mood(self._points, self._words).value

    def _judge(self, before: Mapping[int, Turn]) -> None:
        """Brings the sum up to the turns; `before` are those that it was made of."""
        for number in [number for number, turn in before.items() if self.turns.get(number) is not turn]:
            self._count(self._moods.pop(number, Mood()), times=-1)
        for number, turn in self.turns.items():
            if turn.role == "visitor" and before.get(number) is not turn:
                self._moods[number] = mood_of(turn.text)
                self._count(self._moods[number], times=1)

    def _count(self, mood: Mood, *, times: int) -> None:
        self._points += times * mood.points
        self._words += times * mood.words


def differences(call: str, before: Mapping[int, Turn], after: Mapping[int, Turn]) -> Iterator[Event]:
    """The events that make `before` into `after`."""
    if before is after:
        return
    first = min(after, default=max(before, default=0) + 1)
    if any(number < first for number in before):
        yield TurnsTrimmed(call=call, first=first)
    for number in before:
        if number >= first and number not in after:
            yield TurnRemoved(call=call, number=number)
    for number, turn in after.items():
        if (known := before.get(number)) is None:
            yield TurnAdded(call=call, turn=turn)
        elif known is not turn and known != turn:
            yield TurnChanged(call=call, turn=turn)
