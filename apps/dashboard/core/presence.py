"""Who watches: connections merged into people. Times are unix seconds."""

from collections.abc import Iterable, Mapping

import msgspec

GRACE = 15.0
"""Seconds for which somebody whose last connection is gone is still there: pages reload."""


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """One connection."""

    socket: str
    user: str
    name: str
    role: str
    since: float
    attention: str = ""
    """Id of the call it looks at or listens to."""
    asleep: bool = False
    """The page is hidden, and says so."""
    lost: bool = False
    """It has not answered the last heartbeat."""
    gone: float = 0.0
    """When it was closed; 0.0 while it is open."""


class Seats(msgspec.Struct, frozen=True, array_like=True):
    """The connections of one process, true until it should have said so again."""

    until: float
    seats: list[Seat] = []


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who watches, in however many tabs."""

    id: str
    name: str
    role: str
    tabs: int
    since: float
    attention: str
    state: str
    """here, asleep (every page is hidden) or lost (no page answers)."""


def is_there(seat: Seat, now: float) -> bool:
    """Whether the connection is open, or was a moment ago."""
    return not seat.gone or now - seat.gone < GRACE


def merged(seats: Iterable[Seat], *, now: float) -> dict[str, Person]:
    """The people by id."""
    of_people: dict[str, list[Seat]] = {}
    for seat in seats:
        if is_there(seat, now):
            of_people.setdefault(seat.user, []).append(seat)
    return {user: _person(theirs) for user, theirs in of_people.items()}


def _person(seats: list[Seat]) -> Person:
    seats = sorted(seats, key=lambda seat: (seat.since, seat.socket))
    seen = [seat for seat in seats if not seat.gone]
    answering = [seat for seat in seen if not seat.lost]
    awake = [seat for seat in answering if not seat.asleep]
    last = seats[-1]
    return Person(
        id=last.user,
        name=last.name,
        role=last.role,
        tabs=len(seen),
        since=seats[0].since,
        attention=next((seat.attention for seat in reversed(answering) if seat.attention), ""),
        state="here" if awake else "asleep" if answering else "lost",
    )


def without_stale(fields: Mapping[str, Seats], *, now: float) -> dict[str, Seats]:
    """Processes that have said lately who watches there; one that was killed has not."""
    return {process: field for process, field in fields.items() if field.until > now}


class PresenceChange(msgspec.Struct, frozen=True, tag_field="type", tag="presence"):
    """What viewers are told; `left` has ids."""

    joined: list[Person] = []
    left: list[str] = []
    changed: list[Person] = []


def change(before: Mapping[str, Person], after: Mapping[str, Person]) -> PresenceChange | None:
    """What makes `before` into `after`; None when they are the same."""
    joined = [person for user, person in after.items() if user not in before]
    left = [user for user in before if user not in after]
    changed = [person for user, person in after.items() if user in before and before[user] != person]
    return PresenceChange(joined, left, changed) if joined or left or changed else None
