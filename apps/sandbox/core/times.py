"""Times of day, parts of the day and durations in English words."""

import re
from dataclasses import dataclass
from datetime import time

from .words import number


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time of day; `sure` when morning or afternoon was said, else 1 to 6 is read as afternoon."""

    at: time
    sure: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """A wish such as "in the morning" or "after 3": times from `earliest` up to but not at `latest`."""

    earliest: time
    latest: time
    words: str


_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_HALF_DAY = r"(?P<half>a\.?m\b\.?|p\.?m\b\.?|in the morning|in the afternoon|in the evening|at night)"
_CLOCK = re.compile(rf"(?<![\w:/.$-])(?P<h>[01]?\d|2[0-3])[:.h](?P<m>[0-5]\d)(?![\d/])(?:\s*{_HALF_DAY})?", re.I)
_HALF = re.compile(rf"(?<![\w:/$-])(?P<h>0?[1-9]|1[0-2]|{_HOURS})\s*{_HALF_DAY}", re.I)
_OCLOCK = re.compile(rf"\b(?P<h>[01]?\d|2[0-3]|{_HOURS})\s*o['’]?\s?clock(?:\s*{_HALF_DAY})?", re.I)
_SPOKEN = re.compile(
    rf"\b(?P<part>half|quarter|ten|twenty|five|\d{{1,2}})\s+(?P<way>past|to|after)\s+(?P<h>\d{{1,2}}"
    rf"|{_HOURS})\b"
    rf"(?:\s*{_HALF_DAY})?",
    re.I,
)
_WORD_MINUTES = re.compile(rf"\b(?P<h>{_HOURS})[\s-](?P<part>thirty|fifteen|forty-five|fifty|twenty|ten)\b", re.I)
_CUED = re.compile(rf"(?:\b(?:at|around|about|by|for)\s+|@\s*)(?P<h>[01]?\d|2[0-3]|{_HOURS})(?![\w:/.-]|\s*%)", re.I)
_NOON = re.compile(r"\b(?P<h>noon|midday|midnight)\b", re.I)
_BARE = re.compile(
    rf"^\W*(?!the one\b)(?:(?:ok|okay|yes|then|let us say|maybe|the)\W+)*(?P<h>\d{{1,2}}|{_HOURS})\b(?!\s*\w*:)", re.I
)
_RUN_TOGETHER = re.compile(r"^\W*(?P<h>0?[1-9]|1\d|2[0-3])(?P<m>[0-5]\d)(?=\W*(?:please|works|is fine)?\W*$)", re.I)
_MEASURED = re.compile(r"\s*(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|people|persons?|times)\b", re.I)

_PARTS = {
    "morning": Window(time(0), time(12), "in the morning"),
    "afternoon": Window(time(12), time(17), "in the afternoon"),
    "evening": Window(time(17), time.max, "in the evening"),
    "lunch": Window(time(11, 30), time(14), "around lunch"),
}
_PART = re.compile(r"\b(?P<part>morning|afternoon|evening|lunch)(?:s|time)?\b", re.I)
_EDGE = re.compile(r"\b(?P<edge>after|before|from|until|not before|no later than|earlier than|later than)\s+$", re.I)
_DURATION = re.compile(
    r"\b(?P<count>\d{1,3}(?:\.\d)?|an?|half an|one|two|three|four|five|ten|fifteen|twenty|thirty"
    r"|forty-five|sixty|ninety)"
    r"[\s-]*(?P<unit>minutes?|mins?|hours?|hrs?)(?P<half>\s+and\s+a\s+half)?\b",
    re.I,
)


def find_times(text: str, *, asked: bool = False) -> list[FoundTime]:
    """Every time of day in `text`, in order. A bare number counts only when `asked` for a time."""
    found: list[FoundTime] = []
    patterns = [_SPOKEN, _CLOCK, _HALF, _OCLOCK, _WORD_MINUTES, _NOON, _CUED] + (
        [_RUN_TOGETHER, _BARE] if asked else []
    )
    for pattern in patterns:
        for match in pattern.finditer(text):
            if any(match.start() < f.end and f.start < match.end() for f in found):
                continue
            if _MEASURED.match(text, match.end()):
                continue
            read = _read(match)
            if read:
                found.append(FoundTime(*read, match.start(), match.end()))
    return sorted(found, key=lambda f: f.start)


def _read(match: re.Match[str]) -> tuple[time, bool] | None:
    groups = match.groupdict()
    word = groups["h"].lower()
    if word in ("noon", "midday", "midnight"):
        return (time(0) if word == "midnight" else time(12)), True
    hour, minute = number(word), int(groups.get("m") or 0)
    if hour is None or hour > 23:
        return None
    if groups.get("part"):
        part = {"half": 30, "quarter": 15}.get(groups["part"].lower()) or number(groups["part"].replace(" ", "-"))
        if part is None or part > 59:
            return None
        hour, minute = (hour - 1, 60 - part) if (groups.get("way") or "").lower() == "to" else (hour, part)
    half = (groups.get("half") or "").lower().replace(".", "")
    if half in ("am", "in the morning"):
        return time(hour % 12 if hour <= 12 else hour, minute), True
    if half:
        return time(hour % 12 + 12 if hour <= 12 else hour, minute), True
    sure = hour > 12 or hour == 0 or (groups["h"].startswith("0") and bool(groups.get("m")))
    return time(hour + 12 if not sure and 1 <= hour <= 6 else hour % 24, minute), sure


def bounds_a_window(text: str, start: int) -> bool:
    """Whether the time at `start` only limits a wish, as in "after 2"; "from 2 to 4" may name a change."""
    edge = _EDGE.search(text[:start])
    return edge is not None and edge["edge"].lower() != "from"


def find_window(text: str) -> Window | None:
    """The wished part of the day, from "morning" to "after 3", or None."""
    for found in find_times(text, asked=False) or _edge_numbers(text):
        edge = _EDGE.search(text[: found.start])
        if edge:
            later = edge["edge"].lower() in ("after", "from", "not before", "later than")
            words = text[edge.start() : found.end].strip()
            return Window(found.at, time.max, words) if later else Window(time(0), found.at, words)
    part = _PART.search(text)
    return _PARTS[part["part"].lower()] if part else None


def _edge_numbers(text: str) -> list[FoundTime]:
    found = []
    for match in re.finditer(rf"(?:after|before|from|until|than)\s+(?P<h>\d{{1,2}}|{_HOURS})(?![\w:/.-])", text, re.I):
        read = _read(match)
        if read and not _MEASURED.match(text, match.end()):
            found.append(FoundTime(*read, match.start("h"), match.end()))
    return found


def find_minutes(text: str) -> int | None:
    """A duration in minutes ("45 minutes", "an hour and a half"), or None."""
    match = _DURATION.search(text)
    if not match:
        return None
    count = match["count"].lower()
    amount = 0.5 if count == "half an" else float(count) if count[0].isdigit() else number(count) or 1
    minutes = amount * (60 if match["unit"].lower().startswith("h") else 1)
    return int(minutes + (30 if match["half"] else 0))


def clock(at: time) -> str:
    """ "9:30 AM"."""
    return f"{at.hour % 12 or 12}:{at.minute:02d} {'AM' if at.hour < 12 else 'PM'}"
