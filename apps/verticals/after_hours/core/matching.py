"""Which of the written situations a caller's words are about. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from apps.business.core.names import folded

_TYPO: Final = 85
_COMMON: Final = frozenset(
    {"the", "and", "for", "with", "from", "there", "this", "that", "have", "has", "not", "what", "where", "should"}
    | {"now", "until", "out", "does", "can", "how", "our", "you", "your", "are", "was", "is", "my", "in", "on", "it"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """`text` is for situations in which callers say `words`, of a trade."""

    text: str
    words: str
    trade: str


def best_entry(said: str, entries: Sequence[Entry], *, trade: str) -> str:
    """The text of the entry that shares most with what was said; one of the trade before one of another.

    "" when none shares a word, unless the trade has just one.
    """
    spoken = _words(said)
    scored = [(_score(spoken, entry), entry.trade == trade, entry.text) for entry in entries]
    best = max((one for one in scored if one[0]), key=lambda one: (one[1], one[0]), default=None)
    if best is not None:
        return best[2]
    own = [entry.text for entry in entries if entry.trade == trade]
    return own[0] if len(own) == 1 else ""


def _score(spoken: list[str], entry: Entry) -> int:
    own = _words(entry.words)
    return sum(
        any(word == other or (len(word) > 4 and fuzz.ratio(word, other) >= _TYPO) for other in own) for word in spoken
    )


def _words(text: str) -> list[str]:
    found = (word for word in re.findall(r"[^\W\d_]+", folded(text)) if len(word) > 2 and word not in _COMMON)
    return list(dict.fromkeys(found))
