"""Free times for a visit, each stylist with their own duration, picked for a wish and put into words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from apps.business.calendar import GRID, HORIZON
from apps.business.core import slots
from apps.business.timetable import Timetable, business_zone, read_timetable
from apps.verticals.salon.core.wording import listed, spoken_date, spoken_price, spoken_time
from apps.verticals.salon.stylists import Quote

AHEAD = dt.timedelta(days=14)
"""How far from the wished day free times are looked for."""
OFFERED = 4
"""More than four times at once are hard to keep in mind, and on the phone impossible."""
_PARTS = {
    "morning": (dt.time(0), dt.time(12)),
    "afternoon": (dt.time(12), dt.time(17)),
    "evening": (dt.time(17), dt.time.max),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time; `starts_at` is local."""

    quote: Quote
    starts_at: dt.datetime

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        price = self.quote.price_cents
        return {
            "stylist_id": self.quote.stylist.pk,
            "stylist_name": self.quote.stylist.staff.name,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
            "duration": self.quote.minutes,
            "price": None if price is None else spoken_price(price),
        }


def openings(
    quotes: Sequence[Quote], *, date_from: dt.date, date_to: dt.date, now: dt.datetime, notice: dt.timedelta
) -> list[Opening]:
    """Every free time on these local days, both included; by start, then stylist. Five queries, however many.

    `now` is aware, in the salon's time zone.
    """
    zone = business_zone()
    first = max(date_from, now.astimezone(zone).date())
    last = min(date_to, (now + HORIZON).astimezone(zone).date())
    if first > last or not quotes:
        return []
    timetable = read_timetable(staff=[quote.stylist.staff for quote in quotes], first=first, last=last, zone=zone)
    found = [
        Opening(quote, start.astimezone(now.tzinfo))
        for quote in quotes
        for start in starts(quote, timetable, first=first, last=last, now=now, notice=notice)
    ]
    return sorted(found, key=lambda opening: (opening.starts_at, opening.quote.stylist.staff.name))


def starts(
    quote: Quote,
    timetable: Timetable,
    *,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    notice: dt.timedelta,
    taken: Sequence[slots.Span] = (),
) -> list[dt.datetime]:
    """When the stylist could begin (UTC); `taken` is booked since the timetable was read."""
    staff = quote.stylist.staff
    free = slots.free_slots(
        days=timetable.open_days(first, last),
        week=timetable.week_of(staff.pk),
        zone=timetable.zone,
        busy=[*timetable.busy(staff.pk), *taken],
        duration=dt.timedelta(minutes=quote.minutes),
        step=GRID,
        earliest=slots.utc(now) + notice,
        latest=slots.utc(now) + HORIZON,
    )
    return [span.starts_at for span in free]


def is_in_part(time: dt.time, part_of_day: str | None) -> bool:
    """Whether a visit that begins then is in this part of the day; without a wish it always is."""
    first, end = _PARTS[part_of_day] if part_of_day else (dt.time(0), dt.time.max)
    return first <= time < end


def in_part(found: Sequence[Opening], part_of_day: str | None) -> list[Opening]:
    """Those that begin in the part of the day; all when none is named."""
    return [opening for opening in found if is_in_part(opening.starts_at.time(), part_of_day)]


def best(found: Sequence[Opening], *, near: dt.time | None = None, first: str = "") -> list[Opening]:
    """The first few, or those nearest to a time of day, in order.

    Each start comes once: two stylists at the same time would be a second question. Of two the one with the id
    `first` is taken, else the first by name.
    """
    by_start: dict[dt.datetime, Opening] = {}
    for opening in sorted(found, key=lambda one: (one.starts_at, one.quote.stylist.pk != first)):
        by_start.setdefault(opening.starts_at, opening)
    times = sorted(by_start, key=lambda start: (start.date(), _apart(start.time(), near))) if near else list(by_start)
    return [by_start[start] for start in sorted(times[:OFFERED])]


def _apart(first: dt.time, second: dt.time | None) -> int:
    """Minutes on the clock face of one day."""
    return abs(first.hour * 60 + first.minute - second.hour * 60 - second.minute) if second else 0


def spoken_openings(offered: Sequence[Opening], *, today: dt.date) -> str:
    """Such as "Maya Torres on Tuesday, November 24 at 9 AM or 9:30 AM"."""
    groups = groupby(offered, key=lambda one: (one.quote.stylist.staff.name, one.starts_at.date()))
    said = [
        f"{name} on {spoken_date(date, today=today)} at "
        + listed([spoken_time(opening.starts_at.time()) for opening in group], word="or")
        for (name, date), group in groups
    ]
    return ", ".join(said[:-1]) + f", or {said[-1]}" if len(said) > 1 else said[0]
