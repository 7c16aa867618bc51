"""When what somebody says is the address of a home: "12 harbour st" is 12 Harbour Street. Pure."""

import re
from collections.abc import Mapping

from rapidfuzz import fuzz

from apps.business.core.names import fold

_SHORT = {
    "st": "street", "rd": "road", "ave": "avenue", "av": "avenue", "ln": "lane", "pl": "place", "dr": "drive",
    "cres": "crescent", "ct": "court", "pde": "parade", "tce": "terrace", "hwy": "highway", "sq": "square",
    "apt": "", "unit": "", "number": "", "no": "", "flat": "", "apartment": "",
}  # fmt: skip
_TYPO_SCORE = 84
_KINDS = {word for word in _SHORT.values() if word}


def find_address(said: str, addresses: Mapping[str, str]) -> list[str]:
    """The keys of the addresses that are meant: several when it is not clear, none when there is none.

    Every number of the address that is said must be right; a street name forgives a slip. A street without a number
    means all of its homes.
    """
    words = _words(said)
    if not words:
        return []
    found = {key: score for key, address in addresses.items() if (score := _score(words, _words(address)))}
    best = max(found.values(), default=0)
    return [key for key, score in found.items() if score == best]


def _score(said: list[str], address: list[str]) -> int:
    numbers = [word for word in address if word[0].isdigit()]
    names = [word for word in address if not word[0].isdigit() and word not in _KINDS]
    street = names[:1]
    if not street or not any(_alike(word, street[0]) for word in said):
        return 0
    stated = [word for word in said if word[0].isdigit()]
    if any(word not in numbers for word in stated):
        return 0
    return 10 * len(stated) + sum(any(_alike(word, own) for word in said) for own in names)


def _alike(said: str, own: str) -> bool:
    return said == own or (len(own) > 3 and fuzz.ratio(said, own) >= _TYPO_SCORE)


def _words(text: str) -> list[str]:
    plain = re.findall(r"\d+[a-z]?|[a-z]+", re.sub(r"['’]", "", fold(text)))
    return [word for word in (_SHORT.get(word, word) for word in plain) if word]
