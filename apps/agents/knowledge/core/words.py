"""Words as the search compares them: folded, without the small ones, reduced to their stems."""

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

_LANGUAGES = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian",
    "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
_SMALL = frozenset(
    re.findall(
        r"\w+",
        """
        a about after all also am an and any anybody anyone anything are as at be because been being but by can could
        did do does doing done each else ever every for from get gets getting go goes going got had happen happens has
        have having he hello her here hers hi him his how i if in into is it its just know let lets like many may me
        mean might mine much must my myself need no not of off oh ok okay on once one only or our ours out over own
        per please possible really same say see she should so some somebody someone something still such sure take
        takes tell than thank thanks that the their theirs them then there these they thing things this those though
        through to too under up upon us use used using very want was way we well were what whats when where which
        while who whom whose why will wish with within without would yes yet you your yours
        """,
    )
)
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SPELLED = re.compile(r"\b([a-z]|[a-z]{2,3}(?=-[a-z]{2,3}\b))-(?=[a-z])")
_AMOUNT = re.compile(r"(?<=\d)(?=[a-z])")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")


def language_of(locale: str) -> str:
    """The language in whose way words of `en-US` and the like are reduced to stems; English when it has none."""
    return _LANGUAGES.get(re.split(r"[-_]", locale.lower())[0], "english")


def terms(text: str, language: str = "english") -> list[str]:
    """The stems of the words that carry meaning, in their order: “How much are the haircuts?” has haircut.

    Accents and case do not count; e-mail is email, 1,200 is 1200, and 30min is 30 and min.
    """
    return [stem(word, language) for word in words(text) if language != "english" or word not in _SMALL]


def words(text: str) -> list[str]:
    """All words, folded."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = _GROUPED.sub("", _AMOUNT.sub(" ", _SPELLED.sub(r"\1", plain)))
    return [word.partition("'")[0] if _is_shortened(word) else word.replace("'", "") for word in _TOKEN.findall(plain)]


def _is_shortened(word: str) -> bool:
    return word.endswith(("'s", "'re", "'ve", "'ll", "'d", "'m"))


@lru_cache(maxsize=65_536)
def stem(word: str, language: str) -> str:
    """What different forms of a word have in common: price for prices, park for parking."""
    stemmed: str = snowballstemmer.stemmer(language).stemWord(word)  # one for each word: a stemmer is of one thread
    return stemmed
