"""When somebody may be called: by the wall clock of wherever their number may be. Pure.

A number does not always say where its owner is: a toll-free one is of the whole country. Then all its zones count, and
it may be called only while it is daytime in every one of them. A number that says nothing may never be called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from apps.business.core.slots import passing, utc

_DAYS = 3
"""Zones are at most 26 hours apart and every window comes daily: what has not opened by then never opens."""


@dataclass(frozen=True, slots=True)
class Window:
    """From one wall-clock time of the day up to another, which is no part of it."""

    opens: time
    closes: time

    def within(self, outer: "Window") -> "Window":
        """The part of this one that lies in the other; it may hold no time at all."""
        return Window(max(self.opens, outer.opens), min(self.closes, outer.closes))

    def holds(self, clock: time) -> bool:
        return self.opens <= clock < self.closes


LAWFUL = Window(time(8), time(21))
"""Recipient-local hours in which a call may be made at all (47 CFR § 64.1200(c)(1))."""


def may_ring(moment: datetime, zones: Sequence[tzinfo], window: Window) -> bool:
    """Whether clocks in all of `zones` show a time within the window, and within the lawful hours."""
    inner = window.within(LAWFUL)
    return bool(zones) and all(inner.holds(moment.astimezone(zone).time()) for zone in zones)


def next_ring(after: datetime, zones: Sequence[tzinfo], window: Window) -> datetime | None:
    """The first instant (UTC) from `after` on at which it may ring; None when there is none.

    The window opens when clocks show its beginning, or jump past it, in the zone where that happens last.
    """
    start, inner = utc(after), window.within(LAWFUL)
    if not zones or inner.opens >= inner.closes:
        return None
    openings = [
        passing(datetime.combine(start.astimezone(zone).date() + timedelta(days=day), inner.opens), zone)
        for zone in zones
        for day in range(_DAYS)
    ]
    candidates = sorted({start, *(opening for opening in openings if opening > start)})
    return next((moment for moment in candidates if may_ring(moment, zones, window)), None)
