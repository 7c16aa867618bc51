"""Times, prices and lists as people say them, in American English. Pure."""

import datetime as dt
from collections.abc import Sequence

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_YEAR_IS_CLEAR = dt.timedelta(days=300)


def spoken_time(time: dt.time) -> str:
    """Such as "9 AM", "9:30 AM", "noon"."""
    if (time.hour, time.minute) in ((0, 0), (12, 0)):
        return "noon" if time.hour else "midnight"
    minutes = f":{time.minute:02}" if time.minute else ""
    return f"{time.hour % 12 or 12}{minutes} {'AM' if time.hour < 12 else 'PM'}"


def spoken_date(date: dt.date, *, today: dt.date) -> str:
    """Such as "Tuesday, November 24"; with the year when it is not near."""
    text = f"{WEEKDAYS[date.weekday()]}, {_MONTHS[date.month - 1]} {date.day}"
    return text if abs(date - today) < _YEAR_IS_CLEAR else f"{text}, {date.year}"


def spoken_moment(moment: dt.datetime, *, today: dt.date) -> str:
    """Such as "Tuesday, November 24 at 9:30 AM"; `moment` is read on its own wall clock."""
    return f"{spoken_date(moment.date(), today=today)} at {spoken_time(moment.time())}"


def spoken_length(minutes: int) -> str:
    """Such as "45 minutes", "1 hour", "1 hour 30 minutes"."""
    hours, rest = divmod(minutes, 60)
    parts = [
        f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in ((hours, "hour"), (rest, "minute")) if count
    ]
    return " ".join(parts)


def spoken_money(cents: int) -> str:
    """US dollars, such as "$150" or "$4,812.37"; an amount owed to somebody is "-$20"."""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    dollars, rest = divmod(cents, 100)
    return f"{sign}${dollars:,}" + (f".{rest:02}" if rest else "")


def listed(items: Sequence[str], *, word: str = "and") -> str:
    """Such as "a", "a and b", "a, b and c"; empty for nothing."""
    *head, last = items or [""]
    return f"{', '.join(head)} {word} {last}" if head else last


def spoken_week(spans: Sequence[Sequence[tuple[dt.time, dt.time]]]) -> str:
    """Opening hours, Monday first, days with the same hours together.

    Such as "Monday to Friday from 8 AM to 5 PM and Saturday from 9 AM to 1 PM"; empty when never open.
    """
    groups: list[tuple[int, int]] = []
    for day, hours in enumerate(spans):
        if groups and spans[groups[-1][0]] == hours:
            groups[-1] = (groups[-1][0], day)
        else:
            groups.append((day, day))
    said = [f"{_days(*group)} {_hours(spans[group[0]])}" for group in groups if spans[group[0]]]
    return listed(said)


def _days(first: int, last: int) -> str:
    if first == last:
        return WEEKDAYS[first]
    return f"{WEEKDAYS[first]} {'and' if last == first + 1 else 'to'} {WEEKDAYS[last]}"


def _hours(spans: Sequence[tuple[dt.time, dt.time]]) -> str:
    return listed([f"from {spoken_time(opens)} to {spoken_time(closes)}" for opens, closes in spans])
