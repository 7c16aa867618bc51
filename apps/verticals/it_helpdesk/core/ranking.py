"""Which of some texts a caller's words are about: shared words count, rare ones more, a typo a little less. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from apps.verticals.it_helpdesk.core.names import folded

_SMALL = frozenset(
    re.findall(
        r"\w+",
        """
        a an and any anything are at am as be been but by can cant could did do does doesnt dont for from get gets got
        had has have having he hello help her hey hi his how i if im in is isnt it its just keep keeps ive me my need no
        not now of off on or our out please so some still that the their them then there they this to too up us use was
        we what when where which while who why will with wont would yes you your problem issue trouble work works
        working
        """,
    )
)
_TYPO_MINIMUM = 5
_TYPO_SCORE = 84
_TITLE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Document:
    """`title` says what it is about, `text` everything else in it."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` is the weight of the shared words; `share` how much of the question they make up, 0 to 1."""

    key: str
    score: float
    share: float


def rank(question: str, documents: Sequence[Document]) -> list[Hit]:
    """The documents that share a word with the question, the best first; those of one score in their order."""
    asked = terms(question)
    if not asked:
        return []
    titles = [terms(document.title) for document in documents]
    bodies = [terms(document.text) for document in documents]
    both = [title | body for title, body in zip(titles, bodies, strict=True)]
    rarity = {term: math.log(1 + len(documents) / (1 + sum(term in own for own in both))) + 0.1 for term in asked}
    whole = sum(rarity.values())
    hits = []
    for document, title, body in zip(documents, titles, bodies, strict=True):
        met = {term: max(_TITLE_WEIGHT * _found(term, title), _found(term, body)) for term in asked}
        score = sum(rarity[term] * weight for term, weight in met.items())
        if score:
            share = sum(rarity[term] for term, weight in met.items() if weight) / whole
            hits.append(Hit(document.key, score, share))
    return sorted(hits, key=lambda hit: -hit.score)


def terms(text: str) -> frozenset[str]:
    """The words that carry meaning, without their endings."""
    return frozenset(_stem(word) for word in folded(text).split() if word not in _SMALL and len(word) > 1)


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            base = word[: -len(ending)] + ("y" if ending == "ies" else "")
            return base[:-1] if ending in ("ing", "ed") and base[-1] == base[-2] else base
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _found(term: str, own: frozenset[str]) -> float:
    if term in own:
        return 1.0
    if len(term) < _TYPO_MINIMUM:
        return 0.0
    near = (fuzz.ratio(term, other) for other in own if len(other) >= _TYPO_MINIMUM)
    return 0.7 if max(near, default=0) >= _TYPO_SCORE else 0.0
