"""Which trade a problem belongs to, by the caller's own words. Pure."""

import re
from typing import Literal

Category = Literal["plumbing", "hvac", "electrical", "lockout", "noise", "other"]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


# The first that fits: "a burst pipe over the fuse box" is the plumber's.
_TRADES: tuple[tuple[Category, re.Pattern[str]], ...] = (
    ("lockout", _any(
        r"\block(?:ed)? (?:myself |ourselves )?out\b|\bshut out\b",
        r"\blost (?:my|the|our|all my) (?:\w+ )?keys?\b",
        r"\b(?:key|lock|deadbolt|door)s?\b[^.]{0,25}\b(?:broke\w*|stuck|jammed|snapped)\b",
        r"\b(?:key|lock|deadbolt|door)s?\b[^.]{0,25}\b(?:won['’]t|will not|does not|doesn['’]t)",
        r"\bkeys? (?:are |is )?inside\b|\block(?:s|smith)?\b",
    )),
    ("noise", _any(
        r"\bnois\w*|\bloud\b|\bpart(?:y|ies|ying)\b|\bmusic\b|\bshouting\b|\bscreaming\b|\bbarking\b|\bbass\b",
        r"\bkeeps? (?:me|us) awake\b",
    )),
    ("plumbing", _any(
        r"\b(?:pipes?|taps?|faucets?|toilets?|drains?|showers?|sinks?|basins?|bath\w*|plumb\w*|sew\w+|sump)\b",
        r"\b(?:burst|flood\w*|leak\w*|drip\w*|overflow\w*|water)\b(?! heater)",
    )),
    ("hvac", _any(
        r"\b(?:heat\w*|furnaces?|boilers?|radiators?|thermostats?|air[- ]?con\w*|a/?c|cooling|hvac|vents?)\b",
        r"\bfreezing\b|\bcarbon monoxide\b|\bgas\b",
    )),
    ("electrical", _any(
        r"\b(?:electric\w*|power|lights?|outlets?|sockets?|breakers?|fuses?|wir(?:e|es|ing)|spark\w*|blackout)\b",
        r"\belevators?\b|\bsmoke (?:alarm|detector)\b",
    )),
)  # fmt: skip


def categorize(text: str) -> Category:
    """Whose trade `text` is about; "other" when no word tells."""
    return next((category for category, words in _TRADES if words.search(text)), "other")
