"""Names as people write them, and as they are compared."""

import unicodedata

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


def initials(name: str) -> str:
    """Two capitals for a business: GB for “Glow Beauty”, NI for “Nightwatch”, BK for want of letters."""
    words = ("".join(letter for letter in word if "a" <= letter <= "z") for word in fold(name).split())
    spelled = [word for word in words if word]
    letters = "".join(word[0] for word in spelled[:2]) if len(spelled) > 1 else "".join(spelled)[:2]
    return letters.upper() if len(letters) == 2 else "BK"
