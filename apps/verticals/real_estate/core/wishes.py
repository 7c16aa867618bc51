"""What somebody who looks for a home says in free words, read as filters and as words to score by. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from apps.business.core.names import fold

TYPES = {
    "house": "house, home, cottage, bungalow, detached, freestanding, family home",
    "apartment": "apartment, flat, unit, condo, studio, penthouse",
    "townhouse": "townhouse, town house, terrace house, row house, duplex",
    "villa": "villa",
    "land": "land, block, plot, vacant land",
}
"""Kinds of home, and the words for each."""
FEATURES = {
    "garden": "garden, backyard, yard, lawn, courtyard, outdoor space",
    "pool": "pool, swimming pool",
    "balcony": "balcony, terrace, deck, veranda, verandah, patio",
    "view": "view, views, outlook, water view, harbour view, harbor view, ocean view",
    "study": "study, home office, office, work from home, workspace",
    "air conditioning": "air conditioning, air conditioned, aircon, air con, ac, cooling",
    "pets": "pets, pet, pet friendly, dog, cat, puppy",
    "garage": "garage, lock up garage, carport",
    "renovated": "renovated, modern, updated, refurbished, new kitchen, brand new",
    "quiet": "quiet, peaceful, leafy, cul de sac",
    "light": "light, sunny, bright, north facing, sun",
    "lift": "lift, elevator",
    "train": "train, station, metro, public transport, ferry, light rail",
    "school": "school, schools, school catchment",
    "beach": "beach, ocean, sea, surf, waterfront, harbourside",
    "furnished": "furnished",
    "fireplace": "fireplace, open fire",
    "character": "character, period, victorian, federation, heritage",
    "gym": "gym, fitness",
    "storage": "storage, cellar, shed",
}
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_N = r"(?P<n>\d{1,2}|one|two|three|four|five|six|seven|eight)"
_BEDROOMS = re.compile(rf"\b{_N}\s*\+?\s*(?:or more )?-?\s*(?:bed(?:room)?s?|br|bdrm)\b")
_BATHROOMS = re.compile(rf"\b{_N}\s*\+?\s*-?\s*(?:bath(?:room)?s?)\b")
_PARKING = re.compile(rf"\b{_N}\s*\+?\s*-?\s*(?:car(?: ?spaces?| ?park\w*)?|parking(?: spaces?)?|garages?)\b")
_AMOUNT = r"\$?\s?(?P<{0}>\d[\d,]*(?:\.\d+)?)\s?(?P<{0}s>k|m|mil|million|thousand)?\b"
_UNDER = re.compile(
    r"\b(?:under|below|up to|max(?:imum)?|at most|less than|no more than|within|budget(?: of| is)?|for)\s+(?:of\s+)?"
    + _AMOUNT.format("a")
)
_OVER = re.compile(r"\b(?:over|above|from|at least|min(?:imum)?|(?<!no )more than)\s+" + _AMOUNT.format("a"))
_BETWEEN = re.compile(r"\bbetween\s+" + _AMOUNT.format("a") + r"\s+(?:and|to)\s+" + _AMOUNT.format("b"))
_RENT = re.compile(r"\b(?:rent|rental|rentals|renting|lease|leasing|to let|a week|per week|weekly|pw)\b")
_SALE = re.compile(r"\b(?:buy|buying|purchase|sale|own|invest\w*)\b")
_SCALE = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "mil": 1_000_000, "million": 1_000_000}
_LEAST_MONEY = 100
"""Smaller figures count something else."""
_TYPO_SCORE, _TYPO_LETTERS = 86, 5
_ORDINARY = frozenset(
    re.findall(
        r"\w+",
        """
        a an and any area around at available be bed bedroom bedrooms bath bathroom bathrooms car close by
        can do find for from get good great have home homes house i id im in is it like listing listings
        live look looking me move my near nice of on one or parking place please property properties real
        really show small some something space spaces suburb that the there to two under up want we what with would
        you your big large cheap need needs week budget dollars million thousand k m less than max about buy
        rent sale three four five six between over above least more
        """,
    )
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What must hold, and words that make one home fit better than another. Money in cents; empty = no matter."""

    purpose: str = ""
    kinds: frozenset[str] = frozenset()
    suburbs: frozenset[str] = frozenset()
    min_bedrooms: int = 0
    min_bathrooms: int = 0
    min_parking: int = 0
    min_price: int = 0
    max_price: int = 0
    features: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return self == Wish(purpose=self.purpose)


def read_wish(text: str, suburbs: Sequence[str]) -> Wish:
    """The wish in `text`; `suburbs` are the names that may come up, misspelled or not."""
    said = f" {re.sub(r'[^a-z0-9$.,+ ]', ' ', fold(text))} "
    named = frozenset(name for name in suburbs if mentions(said, name))
    low, high = _prices(said)
    rest = _without(said, named)
    kinds = frozenset(kind for kind, words in TYPES.items() if kind != "house" and _speaks_of(rest, words))
    if not kinds and re.search(r"\bhouses?\b|\bcottage\b|\bbungalow\b", rest):
        kinds = frozenset({"house"})
    features = frozenset(name for name, words in FEATURES.items() if _speaks_of(rest, words))
    return Wish(
        purpose="rent" if _RENT.search(said) else "sale" if _SALE.search(said) else "",
        kinds=kinds,
        suburbs=named,
        min_bedrooms=_counted(_BEDROOMS, said),
        min_bathrooms=_counted(_BATHROOMS, said),
        min_parking=_counted(_PARKING, said),
        min_price=low,
        max_price=high,
        features=features,
        words=tuple(_leftover(rest, features)),
    )


def narrowed(wish: Wish, **filters: object) -> Wish:
    """The wish with explicit filters, each of which counts more than the words; None and empty ones do not."""
    return replace(wish, **{name: value for name, value in filters.items() if value})  # type: ignore[arg-type]


def mentions(said: str, name: str) -> bool:
    """Whether folded words hold a name, give or take a letter."""
    wanted = fold(name)
    if re.search(rf"\b{re.escape(wanted)}\b", said):
        return True
    words, length = re.findall(r"[a-z]+", said), len(wanted.split())
    windows = (" ".join(words[at : at + length]) for at in range(len(words) - length + 1))
    return any(len(window) >= _TYPO_LETTERS and fuzz.ratio(window, wanted) >= _TYPO_SCORE for window in windows)


def _speaks_of(said: str, words: str) -> bool:
    return any(re.search(rf"\b{re.escape(phrase)}s?\b", said) for phrase in words.split(", "))


def _without(said: str, names: Iterable[str]) -> str:
    """`said` without places: "Garden Hill" asks for no garden."""
    for name in names:
        said = re.sub(rf"\b{re.escape(fold(name))}\b", " ", said)
    return said


def _leftover(said: str, features: frozenset[str]) -> list[str]:
    known = {word for name in features for phrase in FEATURES[name].split(", ") for word in phrase.split()}
    known |= {word for words in TYPES.values() for phrase in words.split(", ") for word in phrase.split()}
    plain = known | _ORDINARY
    return [word for word in dict.fromkeys(re.findall(r"[a-z]{3,}", said)) if word not in plain]


def _counted(pattern: re.Pattern[str], said: str) -> int:
    found = pattern.search(said)
    return 0 if found is None else _NUMBERS.get(found["n"]) or int(found["n"])


def _prices(said: str) -> tuple[int, int]:
    if both := _BETWEEN.search(said):
        # "Between 1 and 1.5 million": what is said once holds for both.
        low, high = _cents(both["a"], both["as"] or both["bs"]), _cents(both["b"], both["bs"])
        return min(low, high), max(low, high)
    least, most = _OVER.search(said), _UNDER.search(said)
    return (_cents(least["a"], least["as"]) if least else 0), (_cents(most["a"], most["as"]) if most else 0)


def _cents(digits: str, scale: str | None) -> int:
    try:
        amount = float(digits.replace(",", "").rstrip(".")) * _SCALE.get(scale or "", 1)
    except ValueError:
        return 0
    return round(amount * 100) if _LEAST_MONEY <= amount < 1e12 else 0
