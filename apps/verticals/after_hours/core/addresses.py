"""Which building somebody means: by its address ("12 river rd, apt 4") or its name ("the Alder"). Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from apps.business.core.names import folded

_SHORT: Final = {
    "st": "street", "rd": "road", "ave": "avenue", "av": "avenue", "ln": "lane", "pl": "place", "dr": "drive",
    "ct": "court", "blvd": "boulevard", "pkwy": "parkway", "sq": "square", "ter": "terrace",
}  # fmt: skip
_KINDS: Final = frozenset(_SHORT.values())
_TYPO: Final = 84
_UNIT: Final = re.compile(
    r"(?:\b(?:unit|apartment|apt|suite|ste|flat)\b\.?\s*#?|#)\s*(\d{1,4}[a-z]?|(?-i:[A-Z])\d{0,3})\b", re.I
)


@dataclass(frozen=True, slots=True)
class Place:
    """A building: its id, its name ("" = none) and its street address."""

    id: str
    name: str
    address: str


def find_places(said: str, places: Iterable[Place]) -> list[str]:
    """The ids of the buildings that are meant: several when it is not clear, none when there is none.

    The house number of a street must be right; a name or street forgives a slip. The name alone is enough, and so is
    a street on which there is one building.
    """
    words = _words(_UNIT.sub(" ", said))
    scores = {place.id: _score(words, place) for place in places}
    best = max(scores.values(), default=0)
    return [key for key, value in scores.items() if value == best] if best else []


def unit_of(said: str) -> str:
    """The unit that an address names, such as "4B"; "" when it names none."""
    found = _UNIT.search(said)
    return found[1].upper() if found else ""


def has_house_number(said: str) -> bool:
    """Whether somebody could find the place."""
    return bool(re.search(r"\d", _UNIT.sub(" ", said)) and re.search(r"[^\W\d_]{3}", said))


def _score(said: list[str], place: Place) -> int:
    number, *street = _words(place.address) or [""]
    names = [word for word in street if word not in _KINDS]
    stated = [word for word in said if word[0].isdigit()]
    on_street = bool(names) and any(_alike(word, names[0]) for word in said)
    if on_street and number in stated:
        return 3
    own = [word for word in _words(place.name) if word not in ("the", *_KINDS)]
    if own and all(any(_alike(word, part) for word in said) for part in own):
        return 2
    return 1 if on_street and not stated else 0


def _alike(said: str, own: str) -> bool:
    return said == own or (len(own) > 3 and fuzz.ratio(said, own) >= _TYPO)


def _words(text: str) -> list[str]:
    return [_SHORT.get(word, word) for word in re.findall(r"\d+[a-z]?|[^\W\d_]+", folded(text))]
