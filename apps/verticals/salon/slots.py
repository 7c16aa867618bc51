"""Free times for a visit, each stylist with their own duration, picked for a wish and put into words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.business.calendar import GRID, HORIZON
from apps.business.core import openings as picking
from apps.business.core import slots
from apps.business.core.wording import spoken_money
from apps.business.timetable import Timetable, business_zone, read_timetable
from apps.verticals.salon.stylists import Quote


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
            "price": None if price is None else spoken_money(price),
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


def spoken_openings(offered: Sequence[Opening], *, today: dt.date) -> str:
    """Such as "Maya Torres on Tuesday, November 24 at 9 AM or 9:30 AM"."""
    return picking.spoken_openings(offered, today=today, who=lambda one: one.quote.stylist.staff.name)
