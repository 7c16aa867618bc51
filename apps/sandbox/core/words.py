"""Words, stems and concepts of general English, the common ground of visitors and tool descriptions."""

import re
from functools import lru_cache

from .lexicon import CONCEPTS, CONTRACTIONS, NUMBERS, STOPWORDS

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
_VOWEL = re.compile(r"[aeiouy]")


def words(text: str) -> list[str]:
    """Lower-case words and digit groups in order, contractions spelled out ("I'd" gives "i", "would")."""
    plain = text.lower().replace("’", "'").replace("_", " ")
    for short, long in CONTRACTIONS:
        plain = plain.replace(short, long)
    return WORD.findall(plain)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A light stem: plural, -ing, -ed, -ly and a final e are dropped ("scheduled" and "schedule" meet)."""
    if len(word) <= 3:
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed", "ly"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) >= 3 and _VOWEL.search(base):
            word = _undouble(base)
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _undouble(base: str) -> str:
    return base[:-1] if base[-1] == base[-2] and base[-1] not in "lsz" else base


def _phrase_pattern(phrases: list[str]) -> re.Pattern[str]:
    ordered = sorted(phrases, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(re.escape(p) for p in ordered) + r")\b")


_BY_PHRASE: dict[str, set[str]] = {}
_BY_WORD: dict[str, set[str]] = {}
for _concept, _entries in CONCEPTS.items():
    for _entry in _entries:
        (_BY_PHRASE if " " in _entry else _BY_WORD).setdefault(_entry, set()).add(_concept)
_BY_STEM = {stem(word): found for word, found in reversed(_BY_WORD.items())}
# "See a specialist" asks for a meeting, "see my bookings" does not.
_SEE = re.compile(
    r"\b(?:to|i|we|can|could|please|and) see (?!my|our|what|your|if|which|how|whether|all|you|that|it"
    r"|more)\w+"
)
_MINE = re.compile(
    r"\bmy (?:(?:next|other|own|last|current|first|second|two|three|upcoming|planned|booked) )*(?:"
    + "|".join(e for e in CONCEPTS["@appointment"] if " " not in e)
    + r")s?\b"
)
_PHRASES = _phrase_pattern(list(_BY_PHRASE))


def concepts(text: str) -> set[str]:
    """The concepts ("@book", "@price", …) that the words and phrases of `text` stand for."""
    flat = " ".join(words(text))
    found = {c for phrase in _PHRASES.findall(flat) for c in _BY_PHRASE[phrase]}
    if _SEE.search(flat):
        found.add("@book")
    if _MINE.search(flat):
        found.add("@mine")
    for word in _PHRASES.sub(" ", flat).split():
        found |= _BY_WORD.get(word) or _BY_STEM.get(stem(word), set())
    return found


def content(text: str) -> list[str]:
    """Stems that carry meaning, in order and without repeats; no stop words, no digits."""
    stems = (stem(w) for w in words(text) if w not in STOPWORDS and not w.isdigit())
    return list(dict.fromkeys(s for s in stems if len(s) > 1))


def number(word: str) -> int | None:
    """The value of a small number in digits or words ("9", "nine", "a"), else None."""
    return int(word) if word.isdigit() else NUMBERS.get(word.lower())


def humanize(name: str) -> str:
    """`pickup_date` as "pickup date"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_+", " ", name).strip().lower()


def join(parts: list[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""
