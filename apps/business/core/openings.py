"""Free times, picked for a visitor's wish and put into words. Pure."""

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Protocol, TypeVar

from apps.business.core.wording import listed, spoken_date, spoken_time

AHEAD = dt.timedelta(days=14)
"""How far from the wished day free times are looked for."""
OFFERED = 4
"""More than four times at once are hard to keep in mind, and on the phone impossible."""
_PARTS = {
    "morning": (dt.time(0), dt.time(12)),
    "afternoon": (dt.time(12), dt.time(17)),
    "evening": (dt.time(17), dt.time.max),
}


class Opening(Protocol):
    """A free time of somebody or something."""

    @property
    def starts_at(self) -> dt.datetime:
        """Aware, in the business's time zone."""
        ...


O = TypeVar("O", bound=Opening)  # noqa: E741


def is_in_part(time: dt.time, part_of_day: str | None) -> bool:
    """Whether what begins then is in this part of the day; without a wish it always is."""
    first, end = _PARTS[part_of_day] if part_of_day else (dt.time(0), dt.time.max)
    return first <= time < end


def in_part(found: Sequence[O], part_of_day: str | None) -> list[O]:
    """Those that begin in the part of the day; all when none is named."""
    return [opening for opening in found if is_in_part(opening.starts_at.time(), part_of_day)]


def best(found: Sequence[O], *, near: dt.time | None = None, rather: Callable[[O], bool] = lambda one: True) -> list[O]:
    """The first few, or of the first days those nearest to a time of day, in order.

    Each start comes once: two people at the same time would be a second question. Of those who could, the first of
    whom `rather` is true is taken, else the first.
    """
    by_start: dict[dt.datetime, O] = {}
    for opening in sorted(found, key=lambda one: (one.starts_at, not rather(one))):
        by_start.setdefault(opening.starts_at, opening)
    times = list(by_start)
    if near is not None:
        times.sort(key=lambda start: (start.date(), _apart(start.time(), near)))
    return [by_start[start] for start in sorted(times[:OFFERED])]


def _apart(first: dt.time, second: dt.time) -> int:
    """Minutes on the clock face of one day."""
    return abs(first.hour * 60 + first.minute - second.hour * 60 - second.minute)


def spoken_openings(offered: Sequence[O], *, today: dt.date, who: Callable[[O], str] = lambda one: "") -> str:
    """Such as "Dr. Hart on Tuesday, November 24 at 9 AM or 9:30 AM, or …"; without `who`, the days and times alone."""
    said = [
        f"{f'{name} on ' if name else ''}{spoken_date(date, today=today)} at "
        + listed([spoken_time(opening.starts_at.time()) for opening in group], word="or")
        for (name, date), group in groupby(offered, key=lambda one: (who(one), one.starts_at.date()))
    ]
    return ", ".join(said[:-1]) + f", or {said[-1]}" if len(said) > 1 else said[0]
