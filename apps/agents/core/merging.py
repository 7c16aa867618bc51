"""Two people changed the same thing: what of both can stand, and what a person has to decide. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Merged:
    """`values` hold what only one of them changed, and mine where both did.

    Attributes:
        taken: names of what only they changed, and so was taken from them.
        disputed: names of what both changed, each in their own way.
    """

    values: dict[str, Any]
    taken: tuple[str, ...]
    disputed: tuple[str, ...]


def merge(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], names: Iterable[str]) -> Merged:
    """Joins two edits of `base`, name by name. Nothing of mine is lost, and of theirs nothing without a word.

    What `base` does not know counts as changed by both, unless both say the same.
    """
    values: dict[str, Any] = {}
    taken, disputed = [], []
    for name in names:
        values[name] = mine[name]
        if mine[name] == theirs[name]:
            continue
        if name in base and base[name] == mine[name]:
            values[name] = theirs[name]
            taken.append(name)
        elif name not in base or base[name] != theirs[name]:
            disputed.append(name)
    return Merged(values, tuple(taken), tuple(disputed))
