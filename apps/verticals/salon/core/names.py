"""When two people's names are the same name: case, accents and a slip of the tongue do not matter. Pure."""

import re
import unicodedata

from rapidfuzz.distance import DamerauLevenshtein

from apps.business.core.names import fold

_LETTERS_PER_SLIP = 4
"""One wrong letter is forgiven for every so many: Anna may be Ana, but Li is not Lu."""
_ODD = re.compile(r"[^\w .,'’‘`-]|[\d_]")


def is_name(text: str) -> bool:
    """Whether `text` can be a person's name: letters, spaces, hyphens, apostrophes, periods and commas."""
    return any(character.isalpha() for character in text) and not _ODD.search(unicodedata.normalize("NFC", text))


def folded(text: str) -> str:
    """Lower case, without accents or punctuation: "José O’Neil-Ruiz" becomes "jose oneil ruiz"."""
    return " ".join(re.sub(r"[^\w\s]", "", fold(text).replace("-", " ")).split())


def same_name(first: str, second: str) -> bool:
    """Whether two full names match, whichever part comes first.

    A part that one side leaves out is forgiven (a middle name, a second surname); two parts must match.
    """
    shorter, longer = sorted((folded(first).split(), folded(second).split()), key=len)
    left = list(longer)
    for part in shorter:
        match = next((other for other in left if _same_part(part, other)), None)
        if match is None:
            return False
        left.remove(match)
    return len(shorter) >= min(2, len(longer)) > 0


def _same_part(first: str, second: str) -> bool:
    return bool(DamerauLevenshtein.distance(first, second) <= max(len(first), len(second)) // _LETTERS_PER_SLIP)
