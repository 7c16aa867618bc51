"""Which pieces answer a question: words by BM25, meaning by vectors, both fused by their ranks.

BM25 as in Robertson and Zaragoza, “The Probabilistic Relevance Framework” (2009); reciprocal rank fusion as in Cormack,
Clarke and Büttcher (SIGIR 2009), with its constant of 60.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

Floats = NDArray[np.float32]

BEST = 4
"""Pieces that a question gets at most."""
SURE = 0.42
"""Share of the question's weight that a piece has in its words, from which on we are sure that it is about it."""
SURE_COSINE = 0.45
"""The same by the likeness of their vectors."""
_K1, _B = 1.2, 0.6
_FUSED = 60
_CONSIDERED = 50
_MANY = 40
"""Pieces that every collection is thought to have besides its own: in a small one no word is rare by chance."""
_TYPO_LETTERS, _TYPO_SCORE, _TYPO_WEIGHT = 5, 84, 0.7


@dataclass(frozen=True, slots=True)
class Hit:
    """A piece by its position in the index; `score` orders the hits of one question and means nothing else.

    Attributes:
        coverage: how much of the question's weight is in its words, 0 to 1.
        cosine: the likeness of their vectors, -1 to 1; None where one is missing.
    """

    position: int
    score: float
    coverage: float
    cosine: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether the piece is surely about the question."""
        return self.coverage >= SURE or (self.cosine is not None and self.cosine >= SURE_COSINE)


class Index:
    """The words of some pieces, and their vectors where they have them.

    Args:
        terms: of each piece, in their order.
        vectors: of each piece, of any length but all of the same; None = it has none.
    """

    def __init__(self, terms: Sequence[Sequence[str]], vectors: Sequence[Floats | None] = ()) -> None:
        self.size = len(terms)
        self._vocabulary: dict[str, int] = {}
        ids = np.fromiter(
            (self._vocabulary.setdefault(term, len(self._vocabulary)) for own in terms for term in own), np.int64
        )
        lengths = np.array([len(own) for own in terms], np.int64)
        owners = np.repeat(np.arange(self.size), lengths)
        pairs, counts = np.unique(ids * max(self.size, 1) + owners, return_counts=True)
        self._pieces = pairs % max(self.size, 1)
        self._starts = np.searchsorted(pairs // max(self.size, 1), np.arange(len(self._vocabulary) + 1))
        frequency = counts.astype(np.float32)
        norm = _K1 * (1 - _B + _B * lengths / max(lengths.mean(), 1.0)) if self.size else lengths
        self._weights = frequency * (_K1 + 1) / (frequency + norm[self._pieces].astype(np.float32))
        self._known = list(self._vocabulary)
        self._with_vector = np.array([n for n, vector in enumerate(vectors) if vector is not None], np.int64)
        rows = [_unit(vector) for vector in vectors if vector is not None]
        self._matrix = np.stack(rows) if rows else np.zeros((0, 0), np.float32)

    def search(self, question: Sequence[str], vector: Floats | None = None, *, best: int = BEST) -> list[Hit]:
        """The pieces nearest to the question, the best first; those that share nothing with it are left out.

        Args:
            question: its terms.
            vector: its own; None = by words alone.
        """
        scores, coverage = self._by_words(question)
        cosines = self._by_vectors(vector)
        found = np.flatnonzero(scores > 0)
        by_words = found[np.argsort(-scores[found], kind="stable")][:_CONSIDERED]
        if cosines is None:
            return [Hit(int(n), float(scores[n]), float(coverage[n])) for n in by_words[:best]]
        liked = np.flatnonzero(cosines > 0)
        by_vector = liked[np.argsort(-cosines[liked], kind="stable")][:_CONSIDERED]
        fused = fuse([by_words.tolist(), by_vector.tolist()])
        return [
            Hit(n, score, float(coverage[n]), None if np.isneginf(cosines[n]) else float(cosines[n]))
            for n, score in fused[:best]
        ]

    def _by_words(self, question: Sequence[str]) -> tuple[Floats, Floats]:
        """(BM25 score, coverage) of every piece."""
        scores, covered = np.zeros(self.size, np.float32), np.zeros(self.size, np.float32)
        whole = 0.0
        for term in dict.fromkeys(question):
            number, weight = self._find(term)
            here = slice(0, 0) if number is None else slice(self._starts[number], self._starts[number + 1])
            among = self._pieces[here]
            rarity = float(np.log(1 + (self.size + _MANY - len(among) + 0.5) / (len(among) + 0.5)))
            whole += rarity
            scores[among] += weight * rarity * self._weights[here]
            covered[among] += weight * rarity
        return scores, covered / whole if whole else covered

    def _find(self, term: str) -> tuple[int | None, float]:
        """The term's number, or that of the one it looks like a typo of; and how far it counts."""
        if (number := self._vocabulary.get(term)) is not None:
            return number, 1.0
        if len(term) < _TYPO_LETTERS or term.isdigit():
            return None, 0.0
        near = process.extractOne(term, self._known, scorer=fuzz.ratio, score_cutoff=_TYPO_SCORE)
        return (self._vocabulary[near[0]], _TYPO_WEIGHT) if near else (None, 0.0)

    def _by_vectors(self, vector: Floats | None) -> Floats | None:
        """The cosine of every piece, -inf where it has no vector; None when nothing can be compared."""
        if vector is None or self._matrix.shape[1] != len(vector) or not len(vector):
            return None
        cosines = np.full(self.size, -np.inf, np.float32)
        cosines[self._with_vector] = self._matrix @ _unit(vector)
        return cosines


def fuse(rankings: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """What several rankings agree on, the best first, with its score: the sum of 1 / (60 + rank) over the rankings."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (_FUSED + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector
