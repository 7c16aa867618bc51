"""A day's bookings as columns and blocks. Pure: rows and instants in, positions in minutes out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.business.core.slots import Span, passing
from apps.business.models import Booking, Staff

_USUAL = (time(8), time(18))
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Block:
    """Something on the track, in minutes of elapsed time from the top."""

    top: int
    bottom: int
    booking: Booking | None = None


@dataclass(frozen=True, slots=True)
class Column:
    staff: Staff
    open: list[Block]
    away: list[Block]
    booked: list[Block]


@dataclass(frozen=True, slots=True)
class Hour:
    top: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A local day from its first hour of interest to its last.

    Attributes:
        minutes: height of the tracks. A day on which the clocks change has an hour more or less.
        changes_clocks: whether it is such a day, so that hours need the name of their offset.
        now: minutes from the top, None when it is not on the track.
    """

    day: date
    minutes: int
    hours: list[Hour]
    columns: list[Column]
    changes_clocks: bool
    now: int | None


def bounds(day: date, zone: ZoneInfo) -> Span:
    """The local day as instants: 23, 24 or 25 hours."""
    return Span(passing(datetime.combine(day, time()), zone), _midnight_after(day, zone))


def lay_out(
    *,
    day: date,
    zone: ZoneInfo,
    staff: Sequence[Staff],
    open_spans: Mapping[str, Sequence[Span]],
    away: Mapping[str, Sequence[Span]],
    bookings: Iterable[Booking],
    now: datetime,
) -> DayPlan:
    """Places `bookings` (of `staff`, touching the day, none overlapping another of the same staff).

    Args:
        open_spans, away: by staff id; what lies outside the day is cut off.
    """
    whole = bounds(day, zone)
    by_staff: dict[str, list[Booking]] = {member.pk: [] for member in staff}
    for booking in bookings:
        by_staff[booking.staff_id].append(booking)
    shown = _shown(day, zone, whole, [*_spans(open_spans), *map(_span, _all(by_staff))])
    columns = [
        Column(
            staff=member,
            open=_blocks(open_spans.get(member.pk, ()), shown),
            away=_blocks(away.get(member.pk, ()), shown),
            booked=[_block(_span(booking), shown, booking) for booking in by_staff[member.pk]],
        )
        for member in staff
    ]
    return DayPlan(
        day=day,
        minutes=_minutes(shown.ends_at - shown.starts_at),
        hours=_hours(shown, zone),
        columns=columns,
        changes_clocks=whole.ends_at - whole.starts_at != 24 * _HOUR,
        now=_minutes(now - shown.starts_at) if shown.starts_at <= now < shown.ends_at else None,
    )


def _midnight_after(day: date, zone: ZoneInfo) -> datetime:
    return passing(datetime.combine(day + timedelta(days=1), time()), zone)


def _shown(day: date, zone: ZoneInfo, whole: Span, spans: list[Span]) -> Span:
    """From the full hour before the first thing to the one after the last; usual hours when there is nothing."""
    first, last = (passing(datetime.combine(day, clock), zone) for clock in _USUAL)
    if spans:
        first, last = min(span.starts_at for span in spans), max(span.ends_at for span in spans)
    before = first - _past_hour(first, zone)
    after = last + (-_past_hour(last, zone) % _HOUR)
    return Span(max(before, whole.starts_at), min(after, whole.ends_at))


def _past_hour(moment: datetime, zone: ZoneInfo) -> timedelta:
    local = moment.astimezone(zone)
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def _hours(shown: Span, zone: ZoneInfo) -> list[Hour]:
    count = -(-_minutes(shown.ends_at - shown.starts_at) // 60)
    return [Hour(60 * n, (shown.starts_at + n * _HOUR).astimezone(zone)) for n in range(count)]


def _blocks(spans: Iterable[Span], shown: Span) -> list[Block]:
    return [_block(span, shown) for span in spans if span.starts_at < shown.ends_at and shown.starts_at < span.ends_at]


def _block(span: Span, shown: Span, booking: Booking | None = None) -> Block:
    top = _minutes(max(span.starts_at, shown.starts_at) - shown.starts_at)
    bottom = _minutes(min(span.ends_at, shown.ends_at) - shown.starts_at)
    return Block(top, bottom, booking)


def _minutes(elapsed: timedelta) -> int:
    return int(elapsed.total_seconds() // 60)


def _span(booking: Booking) -> Span:
    return Span(booking.starts_at, booking.ends_at)


def _spans(by_staff: Mapping[str, Sequence[Span]]) -> list[Span]:
    return [span for spans in by_staff.values() for span in spans]


def _all(by_staff: Mapping[str, list[Booking]]) -> list[Booking]:
    return [booking for rows in by_staff.values() for booking in rows]
