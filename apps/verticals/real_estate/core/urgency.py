"""How urgent a problem in a home is, which trade mends it, and by when somebody must have answered. Pure."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

Priority = Literal["emergency", "urgent", "normal", "low"]
Category = Literal["plumbing", "electrical", "gas", "heating", "appliance", "locks", "structure", "pests", "other"]

ORDER: tuple[Priority, ...] = ("emergency", "urgent", "normal", "low")
"""The most urgent first."""
ANSWER_WITHIN: dict[Priority, dt.timedelta] = {
    "emergency": dt.timedelta(hours=1),
    "urgent": dt.timedelta(hours=4),
    "normal": dt.timedelta(days=2),
    "low": dt.timedelta(days=10),
}
EMERGENCY_NUMBERS = {"AU": "000", "NZ": "111", "US": "911", "CA": "911", "GB": "999", "IE": "112", "IN": "112"}
"""Police, fire and ambulance by country; 112 works from most mobile phones elsewhere."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a problem is. `danger`: lives may be at risk, so the emergency number comes before anything else."""

    priority: Priority
    category: Category
    danger: bool = False


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


_DANGER = _any(
    r"\b(?:smell\w*|leak\w*|hiss\w*|whiff)\b[^.]{0,20}\bgas\b",
    r"\bgas\b[^.]{0,20}\b(?:smell\w*|leak\w*|hiss\w*)",
    r"\b(?:on fire|flames?|(?:house|kitchen|room|curtains?|unit|apartment) (?:is )?burning)\b",
    r"\bfires?\b(?!\s*(?:alarm|place|door|extinguisher|pit))",
    r"\bsmoke\b(?!\s*(?:alarm|detector))",
    r"\bcarbon monoxide\b|\belectric(?:al)? shock\b|\belectrocut\w*",
    r"\b(?:unconscious|not breathing|can(?:no|['’])t breathe|trapped|bleeding|badly hurt|injured)\b",
    r"\b(?:chest pain|heart attack|overdose|stroke)\b",
    r"\b(?:intruder|burglar|breaking in|somebody is in the house|someone is in the house)\b",
    r"\b(?:ceiling|roof|wall|balcony|stairs?)\b[^.]{0,20}\bcollaps\w*",
)
_EMERGENCY = _any(
    r"\bburst\b|\bflood\w*",
    r"\bwater\b[^.]{0,30}\b(?:pouring|gushing|everywhere|rushing|streaming|coming through|through the ceiling)",
    r"\b(?:pouring|gushing|streaming)\b[^.]{0,30}\bwater\b",
    r"\b(?:sewage|sewer)\b",
    r"\b(?:sparks?|sparking|exposed wir\w+|live wires?|burning smell)\b",
    r"\b(?:no|lost) (?:power|electricity)\b|\bpower is out\b",
    r"\b(?:broken into|front door (?:will not|won['’]t|does not|doesn['’]t|cannot|can['’]t) (?:lock|close|shut))\b",
    r"\broof\b[^.]{0,20}\bleak\w*|\bleak\w*\b[^.]{0,20}\b(?:roof|ceiling)\b",
    r"\bno water\b",
)
_URGENT = _any(
    r"\bno (?:hot water|heating|heat)\b|\bhot water\b[^.]{0,30}\b(?:broken|out|not|stopped|cold|gone)",
    r"\b(?:blocked|overflowing|clogged)\b[^.]{0,20}\b(?:toilet|drain)|\btoilet\b[^.]{0,30}\b(?:blocked|overflow\w*|not)",
    r"\bleak\w*",
    r"\b(?:lock|key)\b[^.]{0,20}\b(?:broken|broke|stuck|jammed|snapped)|\blocked out\b|\blost (?:my|the) keys?\b",
    r"\b(?:smoke alarm|smoke detector)\b",
    r"\b(?:fridge|refrigerator|stove|oven|cooktop)\b[^.]{0,30}\b(?:broken|dead|not|stopped|broke)",
    r"\b(?:heater|heating|air[- ]?con\w*)\b[^.]{0,30}\b(?:broken|dead|not|stopped|broke)",
    r"\b(?:rats?|wasps?|bees?)\b",
)
_LOW = _any(
    r"\b(?:squeak\w*|creak\w*|scratch\w*|paint\w*|faded|cosmetic|chipped|loose (?:knob|handle|tile)|light ?bulb)\b",
    r"\b(?:when you (?:can|have time)|no rush|not urgent|no hurry)\b",
)
# The first trade whose words come up; the narrower ones stand first.
_TRADES: tuple[tuple[Category, re.Pattern[str]], ...] = (
    ("gas", _any(r"\bgas\b", r"\bcarbon monoxide\b")),
    ("locks", _any(r"\block(?:s|ed|ing|smith)?\b", r"\bkeys?\b", r"\bbroken into\b|\bintruder\b|\bbreaking in\b")),
    ("pests", _any(r"\b(?:pests?|rats?|mouse|mice|cockroach\w*|roach\w*|ants|termites?|wasps?|bees|possums?)\b")),
    ("heating", _any(r"\b(?:heat\w*|air[- ]?con\w*|a/?c|cooling|thermostat|radiator|boiler)\b(?!\s*water)")),
    ("appliance", _any(r"\b(?:oven|stove|cooktop|dishwasher|fridge|refrigerator|freezer|washing machine|dryer)\b")),
    ("plumbing", _any(
        r"\b(?:water|pipes?|taps?|faucets?|toilet|drains?|shower|sink|basin|bath|leak\w*|plumb\w*|sewage|sewer)\b",
        r"\b(?:burst|flood\w*|cistern)\b",
    )),
    ("electrical", _any(
        r"\b(?:electric\w*|power|lights?|light ?bulb|sockets?|outlets?|switch\w*|fuse|wires?|wiring|spark\w*)\b",
        r"\b(?:smoke alarm|smoke detector|power ?points?|doorbell)\b",
    )),
    ("structure", _any(
        r"\b(?:roof|ceiling|walls?|windows?|doors?|floor\w*|stairs?|balcony|fence|gutters?|paint\w*|tiles?|mou?ld)\b"
    )),
)  # fmt: skip
_DENIED = re.compile(r"\b(?:no|not|without|isn['’]t|is no|don['’]t)\s+(?:\w+\s+){0,2}$", re.I)


def assess(text: str) -> Assessment:
    """What `text`, a renter's own words, tells of. What is denied ("there is no smoke") does not count."""
    category: Category = next((trade for trade, words in _TRADES if words.search(text)), "other")
    if _said(_DANGER, text):
        return Assessment("emergency", category, danger=True)
    if _EMERGENCY.search(text):
        return Assessment("emergency", category)
    if _LOW.search(text):
        return Assessment("low", category)
    return Assessment("urgent" if _URGENT.search(text) else "normal", category)


def settled_priority(assessed: Priority, wished: Priority | None) -> Priority:
    """The more urgent of what the words tell and what is wished; a wish alone makes no emergency."""
    if wished is None:
        return assessed
    raised = "urgent" if wished == "emergency" else wished
    return min(assessed, raised, key=ORDER.index)


def answer_by(priority: Priority, reported_at: dt.datetime) -> dt.datetime:
    """When somebody must have answered at the latest."""
    return reported_at + ANSWER_WITHIN[priority]


def emergency_number(region: str) -> str:
    """Whom to ring in a country (ISO 3166) when lives are at risk."""
    return EMERGENCY_NUMBERS.get(region.upper(), "112")


def _said(pattern: re.Pattern[str], text: str) -> bool:
    return any(not _DENIED.search(text[: found.start()]) for found in pattern.finditer(text))
