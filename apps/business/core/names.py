"""Names as people write them, and as they are compared."""

import re
import unicodedata

from rapidfuzz.distance import DamerauLevenshtein

_ODD = re.compile(r"[^\w .,'’‘`-]|[\d_]")
_JOINERS = "\u200c\u200d"  # invisible, but part of how Persian and Indic names are spelled


def clean(text: str, *, limit: int) -> str:
    """One line without control or direction-changing characters, single spaces, up to `limit` characters."""
    spaced = "".join(" " if letter.isspace() else letter for letter in unicodedata.normalize("NFC", text))
    visible = (letter for letter in spaced if letter in _JOINERS or unicodedata.category(letter)[0] != "C")
    return " ".join("".join(visible).split())[:limit].rstrip()


def fold(name: str) -> str:
    """The form in which two spellings of a name are equal: no case, no accents, single spaces.

    “ ZOË  Müller” and “zoe muller” are equal, and so are “O’Neil” and “O'Neil”.
    """
    plain = unicodedata.normalize("NFKD", name.replace("’", "'")).casefold()
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def folded(text: str) -> str:
    """`fold` without punctuation: "José O’Neil-Ruiz" becomes "jose oneil ruiz"."""
    return " ".join(re.sub(r"[^\w\s]", "", fold(text).replace("-", " ")).split())


def is_name(text: str) -> bool:
    """Whether `text` can be a person's name: letters, spaces, hyphens, apostrophes, periods and commas."""
    return any(character.isalpha() for character in text) and not _ODD.search(unicodedata.normalize("NFC", text))


def same_name(first: str, second: str, *, letters_per_slip: int = 4) -> bool:
    """Whether two people's full names match, whichever part comes first.

    A part that one side leaves out is forgiven (a middle name, a second surname); two parts must match. One wrong
    letter is forgiven for every `letters_per_slip`: Anna may be Ana, but Li is not Lu.
    """
    shorter, longer = sorted((folded(first).split(), folded(second).split()), key=len)
    left = list(longer)
    for part in shorter:
        match = next((other for other in left if _same_part(part, other, letters_per_slip)), None)
        if match is None:
            return False
        left.remove(match)
    return len(shorter) >= min(2, len(longer)) > 0


def _same_part(first: str, second: str, letters_per_slip: int) -> bool:
    slips = DamerauLevenshtein.distance(first, second)
    return bool(slips <= max(len(first), len(second)) // letters_per_slip)


def initials(name: str) -> str:
    """Two capitals for a business: GB for “Glow Beauty”, NI for “Nightwatch”, BK for want of letters."""
    words = ("".join(letter for letter in word if "a" <= letter <= "z") for word in fold(name).split())
    spelled = [word for word in words if word]
    letters = "".join(word[0] for word in spelled[:2]) if len(spelled) > 1 else "".join(spelled)[:2]
    return letters.upper() if len(letters) == 2 else "BK"
