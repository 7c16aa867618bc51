"""Free times, picked for a visitor's wish and put into words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from apps.business.calendar import Slot, free_slots
from apps.verticals.healthcare.core.wording import listed, spoken_date, spoken_time
from apps.verticals.healthcare.models import Provider

AHEAD = dt.timedelta(days=14)
"""How far from the wished day free times are looked for."""
NOTICE = dt.timedelta(hours=1)
"""Nobody is at the clinic sooner."""
OFFERED = 4
"""More than four times at once are hard to keep in mind, and on the phone impossible."""
_PARTS = {
    "morning": (dt.time(0), dt.time(12)),
    "afternoon": (dt.time(12), dt.time(17)),
    "evening": (dt.time(17), dt.time.max),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time of a provider; `starts_at` is local, `minutes` its length."""

    provider: Provider
    starts_at: dt.datetime
    minutes: int

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        return {
            "provider_id": self.provider.pk,
            "provider_name": self.provider.staff.name,
            "specialization": self.provider.specialization,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
            "duration": self.minutes,
        }


def openings(
    providers: Sequence[Provider],
    *,
    date_from: dt.date,
    date_to: dt.date,
    duration: dt.timedelta,
    now: dt.datetime,
) -> list[Opening]:
    """Every free time of `providers` on these local days, both included, the earliest first.

    `now` is aware, in the clinic's time zone.
    """
    by_staff = {provider.staff_id: provider for provider in providers}
    slots: list[Slot] = free_slots(
        staff=[provider.staff for provider in providers],
        date_from=date_from,
        date_to=date_to,
        duration=duration,
        now=now,
        notice=NOTICE,
    )
    minutes = int(duration.total_seconds() // 60)
    return [Opening(by_staff[slot.staff.pk], slot.starts_at.astimezone(now.tzinfo), minutes) for slot in slots]


def in_part(found: Sequence[Opening], part_of_day: str | None) -> list[Opening]:
    """Those that begin in the part of the day; all when none is named."""
    first, end = _PARTS[part_of_day] if part_of_day else (dt.time(0), dt.time.max)
    return [opening for opening in found if first <= opening.starts_at.time() < end]


def best(found: Sequence[Opening], *, near: dt.time | None = None) -> list[Opening]:
    """The first few, or those nearest to a time of day, in order.

    Each start comes once: two providers at the same time would be a second question.
    """
    by_start: dict[dt.datetime, Opening] = {}
    for opening in found:
        by_start.setdefault(opening.starts_at, opening)
    starts = sorted(by_start, key=lambda start: (start.date(), _apart(start.time(), near))) if near else list(by_start)
    return [by_start[start] for start in sorted(starts[:OFFERED])]


def _apart(first: dt.time, second: dt.time | None) -> int:
    """Minutes on the clock face of one day."""
    return abs(first.hour * 60 + first.minute - second.hour * 60 - second.minute) if second else 0


def spoken_openings(offered: Sequence[Opening], *, today: dt.date) -> str:
    """Such as "Dr. Hart on Tuesday, November 24 at 9 AM or 9:30 AM"."""
    groups = groupby(offered, key=lambda opening: (opening.provider.staff.name, opening.starts_at.date()))
    said = [
        f"{name} on {spoken_date(date, today=today)} at "
        + listed([spoken_time(opening.starts_at.time()) for opening in group], word="or")
        for (name, date), group in groups
    ]
    return ", ".join(said[:-1]) + f", or {said[-1]}" if len(said) > 1 else said[0]
