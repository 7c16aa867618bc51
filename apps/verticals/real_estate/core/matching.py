"""Which homes fit a wish, the best first, and what to give up when none does. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz

from apps.verticals.real_estate.core.wishes import Wish

_STRETCH = 115
"""Percent of the budget that a near miss may cost."""
_WORD_SCORE = 88


@dataclass(frozen=True, slots=True)
class Home:
    """A listing as it is matched. `price` in cents; `words` are those of its address, headline and description."""

    id: str
    purpose: str
    kind: str
    suburb: str
    bedrooms: int
    bathrooms: int
    parking: int
    price: int
    features: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of the homes, the best first.

    Attributes:
        gave_up: what had to be given up for these to be found, such as "the suburb"; empty when all holds.
        lacking: wished features that none of them has.
    """

    ids: tuple[str, ...]
    gave_up: str = ""
    lacking: frozenset[str] = frozenset()


_RELAXED: tuple[tuple[str, Callable[[Wish], Wish]], ...] = (
    ("the budget", lambda wish: replace(wish, max_price=wish.max_price * _STRETCH // 100)),
    ("the suburb", lambda wish: replace(wish, suburbs=frozenset())),
    ("the kind of home", lambda wish: replace(wish, kinds=frozenset())),
    ("a bedroom", lambda wish: replace(wish, min_bedrooms=max(wish.min_bedrooms - 1, 0))),
    ("the parking", lambda wish: replace(wish, min_parking=0, min_bathrooms=min(wish.min_bathrooms, 1))),
)


def search(homes: Sequence[Home], wish: Wish) -> Found:
    """The homes that fit; when none does, those that fit but for one thing, and which."""
    fitting = ranked([home for home in homes if fits(home, wish)], wish)
    if fitting:
        held = frozenset().union(*(home.features for home in fitting))
        return Found(tuple(home.id for home in fitting), lacking=wish.features - held)
    for name, relax in _RELAXED:
        near = ranked([home for home in homes if fits(home, relax(wish))], wish)
        if near:
            return Found(tuple(home.id for home in near), name)
    return Found(())


def fits(home: Home, wish: Wish) -> bool:
    """Whether all that must hold does."""
    return (
        wish.purpose in ("", home.purpose)
        and (not wish.kinds or home.kind in wish.kinds)
        and (not wish.suburbs or home.suburb in wish.suburbs)
        and home.bedrooms >= wish.min_bedrooms
        and home.bathrooms >= wish.min_bathrooms
        and home.parking >= wish.min_parking
        and home.price >= wish.min_price
        and (not wish.max_price or home.price <= wish.max_price)
    )


def ranked(homes: Sequence[Home], wish: Wish) -> list[Home]:
    """By how many of the wished features and words they have, then by price."""
    return sorted(homes, key=lambda home: (-score(home, wish), home.price, home.id))


def score(home: Home, wish: Wish) -> float:
    """How well a home meets what is wished but not demanded."""
    features = len(wish.features & home.features)
    words = sum(any(fuzz.ratio(word, own) >= _WORD_SCORE for own in home.words) for word in wish.words)
    return features + 0.5 * words
