"""Which product is meant by a visitor's words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from rapidfuzz import fuzz

from apps.business.core.names import folded

_SAME: Final = 84
"""Of 100: a slip in a word of five letters is forgiven."""
_FILLING: Final = frozenset(
    (
        *("a", "about", "an", "and", "are", "can", "do", "does", "for", "get", "have", "how", "i", "in", "is", "it"),
        *(
            "me",
            "more",
            "much",
            "of",
            "on",
            "our",
            "please",
            "tell",
            "the",
            "to",
            "want",
            "we",
            "what",
            "which",
            "with",
        ),
        *("you", "your", "cost", "costs", "plan", "plans", "price", "prices", "product", "products", "software"),
    )
)


def meant(wish: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    """Keys of the products whose names fit best: one when it is clear, several when it is not, none when nothing does.

    A name fits as far as its words are among the visitor's; longer names that fit whole win over shorter ones.
    """
    said = [word for word in folded(wish).split() if word not in _FILLING]
    scores = {key: max((_score(said, name) for name in own), default=0.0) for key, own in names.items()}
    best = max(scores.values(), default=0.0)
    return [key for key, score in scores.items() if best and score == best]


def _score(said: Sequence[str], name: str) -> float:
    words = [word for word in folded(name).split() if word not in _FILLING]
    hits = sum(any(fuzz.ratio(word, other) >= _SAME for other in said) for word in words)
    return hits * hits / len(words) if hits else 0.0
