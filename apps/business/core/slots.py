"""Free times, from opening hours and what is taken. Right on the days on which the clocks change.

Opening hours are wall-clock times; everything else is an instant. A wall-clock time that a clock change skips
is never offered, one that comes twice is offered once (its first coming), and durations are elapsed time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant up to another, which is no part of it. Aware, in UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """From one wall-clock time of a day to another; `closes` from 23:59 on is read as midnight."""

    opens: time
    closes: time


Week = Mapping[int, Sequence[Opening]]
"""Openings by weekday, Monday = 0; a weekday that is missing is closed."""


def utc(moment: datetime) -> datetime:
    """The same instant in UTC, where adding a duration adds elapsed time; elsewhere it moves the hands.

    Raises:
        ValueError: `moment` is naive.
    """
    if moment.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return moment.astimezone(UTC)


def instant(local: datetime, zone: tzinfo) -> datetime | None:
    """The instant (UTC) of a naive local time: the first of two, None when there is none.

    There is none when a clock change skips the time, or at the ends of the calendar (the years 1 and 9999).
    """
    try:
        moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


def passing(local: datetime, zone: tzinfo) -> datetime:
    """The first instant (UTC) at which clocks show `local`, or jump past it."""
    moment = instant(local, zone)
    if moment is not None:
        return moment
    # In a gap, fold=1 counts with the offset after it and lands before it; fold=0 the other way (PEP 495).
    before, after = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))

    def clock(seconds: int) -> datetime:
        return (before + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)

    return before + timedelta(seconds=bisect_left(range(int((after - before).total_seconds())), local, key=clock))


def union(openings: Iterable[Opening]) -> list[Opening]:
    """The same times in order, without overlaps or seams."""
    joined: list[Opening] = []
    for opening in sorted(openings):
        if joined and opening.opens <= joined[-1].closes:
            joined[-1] = Opening(joined[-1].opens, max(joined[-1].closes, opening.closes))
        else:
            joined.append(opening)
    return joined


def common(first: Iterable[Opening], second: Iterable[Opening]) -> list[Opening]:
    """The times in both."""
    others = union(second)
    pairs = ((max(a.opens, b.opens), min(a.closes, b.closes)) for a in union(first) for b in others)
    return [Opening(opens, closes) for opens, closes in pairs if opens < closes]


def opened(day: date, openings: Iterable[Opening], zone: tzinfo) -> list[Span]:
    """When the doors are open on a day, as instants."""
    spans = (
        Span(passing(datetime.combine(day, opening.opens), zone), passing(_closing(day, opening), zone))
        for opening in union(openings)
    )
    return [span for span in spans if span.starts_at < span.ends_at]


def _closing(day: date, opening: Opening) -> datetime:
    if opening.closes >= _LAST_MINUTE:
        return datetime.combine(day + timedelta(days=1), time())
    return datetime.combine(day, opening.closes)


def contains(spans: Iterable[Span], span: Span) -> bool:
    """Whether one of `spans` holds all of `span`."""
    return any(outer.starts_at <= span.starts_at and span.ends_at <= outer.ends_at for outer in spans)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in order, without overlaps."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.starts_at):
        if joined and span.starts_at <= joined[-1].ends_at:
            joined[-1] = Span(joined[-1].starts_at, max(joined[-1].ends_at, span.ends_at))
        else:
            joined.append(span)
    return joined


def free_slots(
    *,
    days: Iterable[date],
    week: Week,
    zone: tzinfo,
    busy: Iterable[Span],
    duration: timedelta,
    step: timedelta,
    earliest: datetime,
    latest: datetime,
) -> Iterator[Span]:
    """The free times of one calendar, lazily, in order.

    Args:
        days: local dates in order, without those on which all is closed.
        busy: bookings and time off, in any order.
        duration: of a slot; elapsed time.
        step: slots start at multiples of it after midnight, on the wall clock.
        earliest: the first instant at which one may start: now plus the notice.
        latest: the last: now plus the horizon.

    Raises:
        ValueError: `duration` or `step` is not positive.
    """
    if duration <= timedelta(0) or step <= timedelta(0):
        raise ValueError("duration and step must be positive")
    taken = merged(busy)
    for day in days:
        openings = union(week.get(day.weekday(), ()))
        doors = opened(day, openings, zone)
        for local in _grid(day, openings, step):
            start = instant(local, zone)
            if start is None or not earliest <= start <= latest:
                continue
            slot = Span(start, start + duration)
            if contains(doors, slot) and _is_free(slot, taken):
                yield slot


def _grid(day: date, openings: Iterable[Opening], step: timedelta) -> Iterator[datetime]:
    """The grid's wall-clock times within openings that are in order."""
    midnight = datetime.combine(day, time())
    for opening in openings:
        local = midnight + -((midnight - datetime.combine(day, opening.opens)) // step) * step
        while local < _closing(day, opening):
            yield local
            local += step


def _is_free(slot: Span, taken: Sequence[Span]) -> bool:
    following = bisect_right(taken, slot.starts_at, key=lambda span: span.ends_at)
    return following == len(taken) or taken[following].starts_at >= slot.ends_at
