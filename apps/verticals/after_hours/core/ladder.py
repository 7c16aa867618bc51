"""The escalation ladder: whom to call when, and what ends it. Pure.

The people of a ladder are called one after the other, each a window (120 seconds) after the one before, until one of
them takes it. A rung that begins late, because nothing was there to begin it, keeps its whole window: the plan moves.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

WINDOW: Final = dt.timedelta(seconds=120)
MOST: Final = 8
"""Primary, secondary and six fallbacks."""
_GRACE: Final = dt.timedelta(seconds=10)


class State(StrEnum):
    PENDING = "pending"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    DOWNGRADED = "downgraded"
    MISSED = "missed"
    CLOSED = "closed"


UNDECIDED: Final = (State.ESCALATED, State.MISSED)
"""Whoever answers now takes it: one that everybody missed may still be taken."""


class Verdict(StrEnum):
    """What came of somebody's answer."""

    TAKEN = "taken"
    YOURS_ALREADY = "yours_already"
    TOO_LATE = "too_late"
    ENDED = "ended"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where an escalation stands.

    Attributes:
        people: whom to call, in order.
        called: how many of them were.
        due_at: when the next step is due; None = nothing is.
        taken_by: who has it.
    """

    state: State = State.PENDING
    people: tuple[str, ...] = ()
    called: int = 0
    due_at: dt.datetime | None = None
    window: dt.timedelta = WINDOW
    taken_by: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Call this person now: the rung of that position, from 0."""

    position: int
    person: str


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Nobody has answered: the owner is to be alerted."""


Step = Call | Exhausted


def begin(ladder: Ladder, people: Sequence[str], *, now: dt.datetime, window: dt.timedelta = WINDOW) -> Ladder:
    """Escalates what is pending; everything else stays as it is. Nobody is on a ladder twice, nor more than `MOST`."""
    if ladder.state is not State.PENDING:
        return ladder
    on_it = tuple(dict.fromkeys(people))[:MOST]
    return replace(ladder, state=State.ESCALATED, people=on_it, due_at=now, window=window)


def advance(ladder: Ladder, now: dt.datetime) -> tuple[Ladder, Step | None]:
    """The one step that is due at `now`, if any, and how the ladder stands after it."""
    if ladder.state is not State.ESCALATED or ladder.due_at is None or now < ladder.due_at:
        return ladder, None
    if ladder.called == len(ladder.people):
        return replace(ladder, state=State.MISSED, due_at=None), Exhausted()
    step = Call(ladder.called, ladder.people[ladder.called])
    due_at = next_due(ladder.due_at, now=now, window=ladder.window)
    return replace(ladder, called=ladder.called + 1, due_at=due_at), step


def next_due(due_at: dt.datetime, *, now: dt.datetime, window: dt.timedelta) -> dt.datetime:
    """When the rung after one that was due at `due_at` and begins `now` is due.

    To the second of the plan; only when that would take more than a twelfth of their time (at most ten seconds) from
    whom is called now, a whole window from now.
    """
    return (due_at if now - due_at <= min(_GRACE, window / 12) else now) + window


def times(ladder: Ladder) -> tuple[dt.datetime, ...]:
    """When each of those who have not been called is due, as the plan stands."""
    if ladder.due_at is None:
        return ()
    return tuple(ladder.due_at + place * ladder.window for place in range(len(ladder.people) - ladder.called))


def acknowledge(ladder: Ladder, person: str) -> tuple[Ladder, Verdict]:
    """`person` takes it. The first who does so has it."""
    if ladder.state in UNDECIDED:
        return replace(ladder, state=State.ACKNOWLEDGED, due_at=None, taken_by=person), Verdict.TAKEN
    if ladder.state is State.ACKNOWLEDGED:
        return ladder, Verdict.YOURS_ALREADY if ladder.taken_by == person else Verdict.TOO_LATE
    return ladder, Verdict.OVER


def downgrade(ladder: Ladder, person: str) -> tuple[Ladder, Verdict]:
    """`person` says that it is no emergency; once somebody has taken it, only they may."""
    if ladder.state is State.ACKNOWLEDGED and ladder.taken_by != person:
        return ladder, Verdict.TOO_LATE
    if ladder.state in (*UNDECIDED, State.ACKNOWLEDGED):
        return replace(ladder, state=State.DOWNGRADED, due_at=None), Verdict.ENDED
    return ladder, Verdict.OVER


def close(ladder: Ladder) -> Ladder:
    """It is done, or not needed any more: nobody is called again."""
    return replace(ladder, state=State.CLOSED, due_at=None)
