"""Which services of a menu a visitor speaks of: typos, plurals, word order, nicknames, several at once. Pure.

Every run of words of the text is compared with every name of every service. The best fitting run is taken first, then
the best of what is left; services that fit the same run equally well are a choice that only the visitor can make.
"""

import re
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from apps.business.core.names import fold
from apps.verticals.salon.core.vocabulary import (
    CANONICAL,
    COMPOUNDS,
    GENERIC,
    IGNORED,
    JOINERS,
    KNOWN,
    MODIFIERS,
)

_THRESHOLD = 0.6
_ENOUGH = 0.55
"""A name of which no more than half was said is not meant: a massage is no scalp massage."""
_TIE = 0.93
_LONGEST = 6
"""Words that name one service."""
_WEIGHTS = {**dict.fromkeys(GENERIC, 0.3), **dict.fromkeys(MODIFIERS, 0.6)}
_WORD = re.compile(r"[a-z]+|[&+,;/]")
MAX_TEXT = 300


@dataclass(frozen=True)
class Entry:
    """A service on the menu: its id, and every name under which it is asked for."""

    id: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """What a text speaks of.

    Attributes:
        services: ids of those that are clear, in the order in which they were said.
        choices: ids that fit one wish equally well, for each such wish.
        unknown: words that ask for something that is not on the menu.
    """

    services: tuple[str, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Fit:
    entry: str
    start: int
    end: int
    score: float
    value: float
    is_whole: bool


def match(text: str, menu: Sequence[Entry]) -> Found:
    """The services of `menu` that `text` asks for."""
    segments = _segments(text)
    said = [word for segment in segments for word in segment]
    fits = _within_segments(_fits(said, menu), [number for number, one in enumerate(segments) for _ in one])
    taken: set[int] = set()
    groups: list[tuple[int, tuple[str, ...]]] = []
    while fits:
        best = max(fits, key=lambda fit: (fit.value, fit.is_whole, -fit.start))
        run = range(best.start, best.end)
        alike = [fit for fit in fits if (fit.start, fit.end) == (best.start, best.end)]
        group = tuple(dict.fromkeys(fit.entry for fit in alike if fit.value >= best.value * _TIE))
        groups.append((best.start, group))
        taken.update(run)
        fits = [fit for fit in fits if taken.isdisjoint(range(fit.start, fit.end))]
    rest = [word for place, word in enumerate(said) if place not in taken]
    settled = [_narrowed(group, rest, menu) for _, group in sorted(groups)]
    return Found(
        services=tuple(dict.fromkeys(group[0] for group in settled if len(group) == 1)),
        choices=tuple(dict.fromkeys(group for group in settled if len(group) > 1)),
        unknown=tuple(_unknown(segments, taken)),
    )


def tokens(text: str) -> list[str]:
    """The telling words of a name or a text, each in its usual form: "Men's hair cuts" gives ["men", "cut"]."""
    return [word for segment in _segments(text) for word in segment]


def _segments(text: str) -> list[list[str]]:
    """The telling words between one "and" and the next."""
    raw = _WORD.findall(re.sub(r"[’'`´](s\b)?", "", fold(text[:MAX_TEXT])))
    segments: list[list[str]] = [[]]
    place = 0
    while place < len(raw):
        compound = COMPOUNDS.get(tuple(raw[place : place + 2]))
        word = compound or raw[place]
        place += 2 if compound else 1
        if word in JOINERS:
            segments.append([])
        elif word not in IGNORED and (len(word) > 1):
            segments[-1].append(_usual(word))
    return [segment for segment in segments if segment]


@lru_cache(maxsize=4096)
def _usual(word: str) -> str:
    """The usual form of a word, also of a misspelled one: "hilites" and "highligts" give "highlight"."""
    for form in (word, *_singulars(word)):
        if form in KNOWN:
            return CANONICAL.get(form, form)
    near = min(sorted(KNOWN), key=lambda known: _distance(word, known))
    if _alike(word, near):
        return CANONICAL.get(near, near)
    return next(iter(_singulars(word)), word)


def _singulars(word: str) -> list[str]:
    if len(word) < 4 or word[-1] != "s" or word.endswith(("ss", "us", "is")):
        return []
    return [word[:-1], word[:-2]] if word.endswith(("shes", "ches", "xes")) else [word[:-1]]


def _distance(first: str, second: str) -> int:
    return int(DamerauLevenshtein.distance(first, second))


def _alike(first: str, second: str) -> bool:
    """Whether two words are a slip apart: one in five letters, two in seven, three in ten; short ones must be equal."""
    shorter, longer = sorted((len(first), len(second)))
    if shorter < 4 or first[0] != second[0]:
        return first == second
    allowed = 0 if longer < 5 else 1 if longer < 7 else 2 if longer < 10 else 3
    return _distance(first, second) <= allowed


def _fits(said: Sequence[str], menu: Iterable[Entry]) -> list[_Fit]:
    runs = [
        (start, end) for start in range(len(said)) for end in range(start + 1, min(len(said), start + _LONGEST) + 1)
    ]
    names = [(entry.id, tokens(name)) for entry in menu for name in entry.names]
    elsewhere = {word for _, name in names for word in name} - GENERIC - MODIFIERS
    found: dict[tuple[str, int, int], _Fit] = {}
    for entry, name in names:
        for start, end in runs:
            fit = _fit(entry, name, said, start, end, elsewhere)
            key = (entry, start, end)
            if fit is not None and (key not in found or found[key].value < fit.value):
                found[key] = fit
    return list(found.values())


def _fit(
    entry: str, name: Sequence[str], said: Sequence[str], start: int, end: int, elsewhere: Container[str]
) -> _Fit | None:
    """How well a run of words names a service; None when it does not, or holds a word of another service.

    Args:
        elsewhere: the telling words of all services.
    """
    left = list(name)
    matched, missed = [], 0.0
    for word in said[start:end]:
        if twin := next((other for other in left if _alike(word, other)), None):
            left.remove(twin)
            matched.append(twin)
        elif word in elsewhere:
            return None
        else:
            missed += _weight([word])
    if not any(word not in GENERIC and word not in MODIFIERS for word in matched):
        return None
    heard = _weight(matched)
    recall, precision = heard / _weight(name), heard / (heard + missed)
    score = 2 * recall * precision / (recall + precision)
    # Of a name that is said in part, another word before it makes another thing: no bikini wax for a brow wax.
    strange = recall < 1 and start > 0 and said[start - 1] not in MODIFIERS
    if recall < _ENOUGH or score < _THRESHOLD or strange:
        return None
    return _Fit(entry, start, end, score, heard * score, recall >= 1)


def _within_segments(fits: Sequence[_Fit], segment_of: Sequence[int]) -> list[_Fit]:
    """Without those that reach over an "and" and say less than its two sides do by themselves.

    "A manicure with gel" is one service; of "a men's haircut and a beard", "cut ... beard" is none.
    """
    best: dict[int, float] = {}
    for fit in fits:
        if (segment := segment_of[fit.start]) == segment_of[fit.end - 1]:
            best[segment] = max(best.get(segment, 0.0), fit.value)
    return [fit for fit in fits if fit.value >= sum(best.get(side, 0.0) for side in _sides(fit, segment_of))]


def _sides(fit: _Fit, segment_of: Sequence[int]) -> set[int]:
    """The segments over which a run reaches; none when it stays within one."""
    sides = set(segment_of[fit.start : fit.end])
    return sides if len(sides) > 1 else set()


def _weight(words: Iterable[str]) -> float:
    return sum(_WEIGHTS.get(word, 1.0) for word in words)


def _narrowed(group: tuple[str, ...], rest: Sequence[str], menu: Sequence[Entry]) -> tuple[str, ...]:
    """Those of a choice for which a word said elsewhere speaks: "a cut and a color for my son"."""
    if len(group) == 1:
        return group
    words = {entry.id: {word for name in entry.names for word in tokens(name)} for entry in menu}
    spoken_for = tuple(one for one in group if any(word in words[one] for word in rest if word in MODIFIERS))
    return spoken_for or group


def _unknown(segments: Sequence[Sequence[str]], taken: set[int]) -> Iterable[str]:
    place = 0
    for segment in segments:
        places = range(place, place + len(segment))
        place += len(segment)
        if taken.isdisjoint(places) and any(word not in MODIFIERS for word in segment):
            yield " ".join(segment)
