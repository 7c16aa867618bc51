"""Who is on call: a rotation that hands over at a local time, and overrides for leave and swaps. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from apps.verticals.after_hours.core.ladder import MOST

_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns.

    Attributes:
        people: in the order in which their turns come.
        starts_on: the day on which the first one's first turn begins.
        handover: the local time at which a turn ends.
        turn_days: how long a turn is.
    """

    people: tuple[str, ...]
    starts_on: dt.date
    handover: dt.time
    turn_days: int = 7


@dataclass(frozen=True, slots=True)
class Override:
    """`away` is not on call from `starts_at` until before `ends_at`; `instead` takes their place, "" = nobody."""

    away: str
    instead: str
    starts_at: dt.datetime
    ends_at: dt.datetime


def turn(rotation: Rotation, local: dt.datetime) -> int:
    """The number of the turn at a local time; the first is 0, those before it are negative.

    `local` is read on its wall clock, so that a turn ends at the same hour in summer and in winter.
    """
    days = (local.date() - rotation.starts_on).days - (local.time() < rotation.handover)
    return days // rotation.turn_days


def turn_ends(rotation: Rotation, local: dt.datetime) -> dt.datetime:
    """When the turn of that local time ends; naive, local."""
    first = rotation.starts_on + (turn(rotation, local) + 1) * rotation.turn_days * _DAY
    return dt.datetime.combine(first, rotation.handover)


def on_call(rotation: Rotation, overrides: Sequence[Override], *, now: dt.datetime) -> tuple[str, ...]:
    """Who is to be called, in order: primary, secondary, fallbacks, each once and at most eight.

    Who is away is replaced, or left out; so is a replacement who is away. Two who replace each other swap.

    Args:
        now: aware, in the business's time zone.
    """
    if not rotation.people:
        return ()
    first = turn(rotation, now) % len(rotation.people)
    order = rotation.people[first:] + rotation.people[:first]
    away = {one.away: one.instead for one in overrides if one.starts_at <= now < one.ends_at}
    standing = (_stand_in(person, away) for person in order)
    return tuple(dict.fromkeys(person for person in standing if person))[:MOST]


def _stand_in(person: str, away: Mapping[str, str]) -> str:
    """Who stands where `person` would; "" = nobody."""
    path = [person]
    while path[-1] in away:
        instead = away[path[-1]]
        if not instead:
            return ""
        if instead in path:  # they swap
            return away[person]
        path.append(instead)
    return path[-1]
