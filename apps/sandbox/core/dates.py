"""Dates in English words. Pure: the day of the conversation is an argument."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from .lexicon import ORDINALS
from .words import number

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = tuple(name.lower() for name in calendar.month_name)[1:]


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date, or a span of days when `until` is later than `day`; `start` and `end` index the text."""

    day: date
    until: date
    start: int
    end: int
    has_year: bool = False


_WEEKDAY = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?"
    r"|sat(?:urday)?"
    r"|sun(?:day)?)"
)
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WORD_DAY = "|".join(
    sorted([f"{t}[- ]{o}" for t in ("twenty", "thirty") for o in list(ORDINALS)[:9]] + list(ORDINALS), key=len)[::-1]
)
_DAY = rf"(?P<day>\d{{1,2}}(?:st|nd|rd|th)?|{_WORD_DAY})"
_YEAR = r"(?P<year>\d{4}|['’]\d{2})"
_COUNT = r"(?P<count>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a couple of)"

Rule = tuple[re.Pattern[str], Callable[[re.Match[str], date], tuple[date, date] | None]]


def find_dates(text: str, today: date, *, day_first: bool = False) -> list[FoundDate]:
    """Every date in `text`, in order. A day without a year is the next such day from `today` on.

    `day_first` reads 05/04/1985 as 5 April; else the month comes first unless only the other way is a date.
    """
    found: list[FoundDate] = []
    taken = [False] * (len(text) + 1)
    numeric: Rule = (_NUMERIC, lambda m, now: _numeric(m, now, day_first))
    for pattern, read in (numeric, *_RULES):
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            try:
                span = read(match, today)
            except (ValueError, OverflowError):
                continue
            if span:
                taken[match.start() : match.end()] = [True] * (match.end() - match.start())
                has_year = bool(match.groupdict().get("year"))
                found.append(FoundDate(*span, match.start(), match.end(), has_year))
    return sorted(found, key=lambda f: f.start)


def _one(day: date) -> tuple[date, date]:
    return day, day


def _iso(match: re.Match[str], today: date) -> tuple[date, date]:
    return _one(date(int(match["year"]), int(match["m"]), int(match["d"])))


def _numeric(match: re.Match[str], today: date, day_first: bool) -> tuple[date, date] | None:
    a, b = int(match["a"]), int(match["b"])
    first_is_day = day_first or match["sep"] == "."
    month, day = (b, a) if (first_is_day and b <= 12) or a > 12 else (a, b)
    if not match["year"]:
        return _one(_next_day(month, day, today)) if match["sep"] == "/" else None
    return _one(date(_full_year(match["year"], today), month, day))


def _full_year(text: str, today: date) -> int:
    year = int(text.lstrip("'’"))
    if year >= 100:
        return year
    century = today.year - today.year % 100
    # A two-digit year is at most one year ahead: "85" is a birth year, "27" an appointment.
    return century + year if century + year <= today.year + 1 else century - 100 + year


def _next_day(month: int, day: int, today: date) -> date:
    for year in range(today.year, today.year + 9):
        if day <= calendar.monthrange(year, month)[1] and date(year, month, day) >= today:
            return date(year, month, day)
    raise ValueError(f"no day {day} in month {month}")


def _day_number(text: str) -> int:
    digits = re.match(r"\d+", text)
    if digits:
        return int(digits[0])
    tens, _, ones = text.lower().replace("-", " ").rpartition(" ")
    return {"": 0, "twenty": 20, "thirty": 30}[tens] + ORDINALS[ones]


def _named_month(match: re.Match[str], today: date) -> tuple[date, date]:
    month = next(i for i, name in enumerate(MONTHS, 1) if name.startswith(match["month"].lower()[:3]))
    day = _day_number(match["day"])
    if match["year"]:
        return _one(date(_full_year(match["year"], today), month, day))
    return _one(_next_day(month, day, today))


def _month_day(match: re.Match[str], today: date) -> tuple[date, date]:
    day, year, month = _day_number(match["day"]), today.year, today.month
    for _ in range(13):
        if day <= calendar.monthrange(year, month)[1] and date(year, month, day) >= today:
            return _one(date(year, month, day))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    raise ValueError(f"no month has a day {day}")


def _relative_day(match: re.Match[str], today: date) -> tuple[date, date]:
    word = re.sub(r"\s+", " ", match[0].lower())
    offsets = {"today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0}
    offsets |= {"tomorrow": 1, "yesterday": -1}
    return _one(today + timedelta(days=offsets.get(word, 2)))


def _weekday(match: re.Match[str], today: date) -> tuple[date, date]:
    index = next(i for i, name in enumerate(WEEKDAYS) if name.startswith(match["weekday"].lower()[:3]))
    monday = today - timedelta(days=today.weekday())
    which = (match["which"] or "").lower()
    if which == "next":
        # The common reading: that day of the week after this one, weeks starting on Monday.
        return _one(monday + timedelta(days=7 + index))
    ahead = (index - today.weekday()) % 7
    if not ahead and which != "this":
        ahead = 7
    weeks = 7 if match["week_from"] else 0
    return _one(today + timedelta(days=ahead + weeks))


def _in_units(match: re.Match[str], today: date) -> tuple[date, date]:
    text = match["count"].lower()
    count = 2 if text.startswith("a couple") else number(text) or 1
    unit = match["unit"].lower()
    if unit == "month":
        year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
        return _one(date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1])))
    return _one(today + timedelta(days=count * (7 if unit == "week" else 1)))


def _week(match: re.Match[str], today: date) -> tuple[date, date]:
    monday = today - timedelta(days=today.weekday())
    if match["unit"].lower() == "weekend":
        saturday = monday + timedelta(days=5 + (7 if match["which"].lower() == "next" else 0))
        return max(saturday, today), saturday + timedelta(days=1)
    if match["which"].lower() == "next":
        return monday + timedelta(days=7), monday + timedelta(days=13)
    return today, monday + timedelta(days=6)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w/.-])(?:{pattern})(?![\w/])", re.IGNORECASE)


_NUMERIC = _compile(r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})(?:(?P=sep)(?P<year>\d{4}|\d{2}))?")
_RULES: tuple[Rule, ...] = (
    (_compile(r"(?P<year>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"), _iso),
    (
        _compile(rf"(?:the\s+)?{_DAY}\s+(?:day\s+)?(?:of\s+)?{_MONTH}(?:,?\s+(?:of\s+)?{_YEAR})?"),
        _named_month,
    ),
    (_compile(rf"{_MONTH}\s+(?:the\s+)?{_DAY}(?:,?\s+(?:of\s+)?{_YEAR})?"), _named_month),
    (_compile(r"(?:the\s+)?day\s+after\s+tomorrow"), _relative_day),
    (_compile(r"today|tonight|this\s+(?:morning|afternoon|evening)|tomorrow|yesterday"), _relative_day),
    (_compile(rf"(?P<week_from>a\s+week\s+from\s+)?(?:(?P<which>next|this|coming)\s+)?{_WEEKDAY}"), _weekday),
    (_compile(rf"in\s+{_COUNT}\s+(?P<unit>day|week|month)s?(?:['’]?\s+time)?"), _in_units),
    (_compile(r"(?P<which>next|this|the)\s+(?P<unit>weekend|week)"), _week),
    (_compile(r"(?:on\s+)?the\s+(?P<day>\d{1,2}(?:st|nd|rd|th))"), _month_day),
    (_compile(r"(?:on\s+)?(?P<day>\d{1,2}(?:st|nd|rd|th))"), _month_day),
)
