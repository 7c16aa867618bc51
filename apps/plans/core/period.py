"""Monthly periods, counted from an anchor on the calendar of the business."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Period:
    """From `started_at` until just before `ends_at`, both in UTC."""

    started_at: datetime
    ends_at: datetime


def period_at(*, anchor: datetime, now: datetime) -> Period:
    """The period that holds `now`.

    Args:
        anchor: start of the first period, in the time zone of the business: its day of the month and its
            wall-clock time are kept. Where a month has no such day, its last day stands in.
        now: any zone.
    """
    local = now.astimezone(anchor.tzinfo)
    months = (local.year - anchor.year) * 12 + local.month - anchor.month
    # One month off at most. Two loops: clocks set back at midnight can repeat the end of a month.
    while _start(anchor, months) > now:
        months -= 1
    while _start(anchor, months + 1) <= now:
        months += 1
    return Period(_start(anchor, months), _start(anchor, months + 1))


def _start(anchor: datetime, months: int) -> datetime:
    """The anchor some months later. A time of day that a daylight-saving change skips moves by the gap."""
    years, month = divmod(anchor.month - 1 + months, 12)
    year = anchor.year + years
    day = min(anchor.day, calendar.monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day).astimezone(UTC)
