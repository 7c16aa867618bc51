"""How urgent a report is, from 0 to 1, and what in the caller's words says so. Pure."""

import re
from dataclasses import dataclass
from typing import Final

THRESHOLD: Final = 0.6
"""From here on somebody is rung at once."""
_START: Final = 0.2
EMERGENCY_NUMBERS: Final = {"US": "911", "CA": "911", "GB": "999", "AU": "000", "NZ": "111", "IE": "112", "IN": "112"}


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is from 0 to 1; `danger` when lives may be at risk; `signs` are what raised or lowered it."""

    value: float
    danger: bool = False
    signs: tuple[str, ...] = ()


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.I)


_DANGER: Final = (
    ("gas", _any(
        r"\b(?:smell\w*|leak\w*|hiss\w*)\b[^.]{0,20}\bgas\b",
        r"\bgas\b[^.]{0,20}\b(?:smell\w*|leak\w*|hiss\w*|odou?r)",
        r"\bcarbon monoxide\b",
    )),
    ("fire", _any(
        r"\bon fire\b|\bflames?\b|\bfires?\b(?!\s*(?:alarm|place|door|extinguisher|pit))",
        r"\bsmoke\b(?!\s*(?:alarm|detector))|\bburning (?:smell|wire|plastic)",
    )),
    ("shock", _any(r"\belectric(?:al)? shock\b|\belectrocut\w*|\blive wires?\b")),
    ("somebody hurt", _any(
        r"\b(?:unconscious|not breathing|can(?:no|['’])t breathe|bleeding|badly hurt|injured)\b",
        r"\b(?:chest pain|heart attack)\b",
    )),
    ("somebody trapped", _any(r"\btrapped\b|\bstuck in (?:the|an) elevator\b")),
    ("crime", _any(
        r"\b(?:intruder|burglar|gun ?shots?|knife|weapon|breaking in|being (?:beaten|attacked)|threaten\w*)\b",
        r"\bscreaming for help\b",
    )),
)  # fmt: skip
# What it is, how it is said, how much it weighs; each counts once, the heaviest weighs most.
_SIGNS: Final = (
    ("burst pipe", 0.7, _any(r"\bburst\w*")),
    ("flooding", 0.7, _any(
        r"\bflood\w*",
        r"\bwater\b[^.]{0,40}\b(?:pouring|gushing|everywhere|rushing|streaming|rising)",
        r"\bwater\b[^.]{0,40}\bthrough the (?:ceiling|wall|light)",
        r"\b(?:pouring|gushing|streaming|spraying|shooting)\b[^.]{0,30}\bwater\b",
    )),
    ("sewage", 0.65, _any(r"\bsewage\b|\bsewer\b[^.]{0,20}\b(?:back\w*|overflow\w*)|\braw waste\b")),
    ("ceiling", 0.65, _any(r"\bceiling\b[^.]{0,30}\b(?:collaps\w*|sagging|coming down|leak\w*|drip\w*)")),
    ("water near electricity", 0.75, _any(
        r"\bwater\b[^.]{0,40}\b(?:outlet|socket|breaker|fuse|light fixture|panel)",
        r"\b(?:outlet|socket|breaker|panel)\b[^.]{0,30}\bwet\b",
    )),
    ("sparks", 0.75, _any(
        r"\bspark\w*",
        r"\b(?:outlet|socket|panel|breaker)\b[^.]{0,25}\b(?:hot|buzzing|melt\w*|scorch\w*)",
    )),
    ("no power", 0.65, _any(
        r"\b(?:no|lost|without) (?:power|electricity)\b|\b(?:power|electricity|lights?) (?:is|are|went|has gone)"
        r" (?:all )?(?:out|off|gone)\b|\bblackout\b|\bpower outage\b",
    )),
    ("no heat", 0.6, _any(
        r"\b(?:no|without) heat(?:ing)?\b",
        r"\bheat(?:ing|er)?\b[^.]{0,25}\b(?:out|off|broken|stopped|died|dead|not work\w*)",
        r"\b(?:furnace|boiler)\b[^.]{0,25}\b(?:out|off|broken|stopped|died|dead|not|won['’]t)",
    )),
    ("no water", 0.6, _any(r"\bno (?:running )?water\b")),
    ("only toilet", 0.6, _any(r"\bonly toilet\b|\btoilet\b[^.]{0,20}\boverflow\w*")),
    ("locked out", 0.65, _any(
        r"\block(?:ed)? (?:myself |ourselves )?out\b|\bshut out\b",
        r"\bkeys? (?:are |is )?inside\b|\bcan(?:no|['’])t get in\b",
    )),
    ("door does not lock", 0.65, _any(
        r"\bdoor\b[^.]{0,25}\b(?:will not|won['’]t|does not|doesn['’]t|cannot|can['’]t) (?:lock|close|shut)\b",
        r"\bbroken into\b|\bbreak-?in\b",
    )),
    ("alarm", 0.6, _any(
        r"\b(?:fire|smoke|co|burglar) (?:alarm|detector)s?\b[^.]{0,25}\b(?:ring|going off|sound|beep|on)\w*"
    )),
    ("violence", 0.6, _any(r"\bfight(?:ing)?\b|\bviolen\w+|\bglass breaking\b|\bscream\w*")),
    ("a leak", 0.3, _any(r"\bleak\w*|\bwater (?:stain|damage)")),
    ("no hot water", 0.25, _any(r"\bno hot water\b|\bhot water\b[^.]{0,25}\b(?:out|off|broken|gone|cold)")),
    ("blocked", 0.2, _any(r"\b(?:clog\w*|block\w*|backed up)\b")),
    ("cooling", 0.25, _any(r"\b(?:air[- ]?con\w*|a/?c|cooling)\b[^.]{0,25}\b(?:out|off|broken|stopped|dead|not|warm)")),
    ("loud", 0.15, _any(r"\bloud\b|\bparty\b|\bmusic\b|\bnois\w*")),
)  # fmt: skip
_RAISES: Final = (
    ("a child or frail person", 0.2, _any(
        r"\b(?:bab(?:y|ies)|infants?|newborn|toddlers?|child(?:ren)?|kids?|elderly|wheelchair|disabled|pregnant)\b",
        r"\boxygen\b|\bdialysis\b",
    )),
    ("getting worse", 0.15, _any(r"\b(?:getting|spreading|rising|worse|everywhere|non-?stop|fast|quickly)\b")),
    ("freezing", 0.15, _any(r"\bfreez\w*|\bbelow zero\b|\bfrost\b|\b(?:icy|ice) cold\b")),
    ("several homes", 0.1, _any(
        r"\b(?:whole|entire) (?:building|floor|house)\b|\bneighbou?rs? (?:too|as well|also)\b"
    )),
)  # fmt: skip
_LOWERS: Final = (
    ("can wait", 0.35, _any(r"\b(?:no (?:hurry|rush)|not urgent|whenever|can wait|non-?urgent|next week)\b")),
    ("stopped", 0.3, _any(
        r"\b(?:has|have) stopped (?:leaking|dripping|by itself)\b|\bunder control\b|\bback on\b",
        r"\bturned (?:the water )?off\b",
    )),
    ("a small amount", 0.15, _any(r"\b(?:slight\w*|small|slow\w*|a (?:little|bit)|drip\w*|flicker\w*)\b")),
)  # fmt: skip
_DENIED: Final = re.compile(r"\b(?:not|isn['’]t|aren['’]t|never|don['’]t|didn['’]t)\s+(?:\w+\s+){0,2}$|\bno\s+$", re.I)


def score(text: str) -> Score:
    """How urgent what `text` tells is. What is denied ("it is not flooding") does not count."""
    danger = [name for name, words in _DANGER if _said(words, text)]
    if danger:
        return Score(1.0, danger=True, signs=tuple(danger))
    found = sorted(((weight, name) for name, weight, words in _SIGNS if _said(words, text)), reverse=True)
    raised = [(weight, name) for name, weight, words in _RAISES if found and _said(words, text)]
    lowered = [(weight, name) for name, weight, words in _LOWERS if _said(words, text)]
    value = max(_START, found[0][0] if found else 0.0)
    value += 0.05 * len(found[1:]) + sum(weight for weight, _ in raised) - sum(weight for weight, _ in lowered)
    signs = tuple(name for _, name in (*found, *raised, *lowered))
    return Score(round(min(0.99, max(0.0, value)), 2), signs=signs)


def emergency_number(region: str) -> str:
    """Whom to ring in a country (ISO 3166) when lives are at risk; 112 works from most mobile phones elsewhere."""
    return EMERGENCY_NUMBERS.get(region.upper(), "112")


def _said(words: re.Pattern[str], text: str) -> bool:
    return any(not _DENIED.search(text[: found.start()]) for found in words.finditer(text))
