"""Sealing anew under SECRET_KEY what lies sealed under a key of before, so that the key of before can be forgotten."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.common import sealing
from apps.common.sealing import Place, Unreadable
from apps.tenants.scope import all_tenants


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one place: rows that were sealed anew, and those with a value that no known key opens."""

    resealed: int
    unreadable: int


def rotate() -> dict[str, Outcome]:
    """Goes through every place; by its name, what came of it. Safe while servers run, and to repeat."""
    with all_tenants(reason="sealed values of every tenant are sealed anew"):
        return {name: _place(place) for name, place in sorted(sealing.places().items())}


def _place(place: Place) -> Outcome:
    found = {True: 0, False: 0, None: 0}
    for key in list(place.rows().values_list("pk", flat=True)):
        found[_row(place, key)] += 1
    return Outcome(found[True], found[None])


def _row(place: Place, key: Any) -> bool | None:
    """Whether the row was changed; None when a value in it cannot be read. What can be is sealed anew all the same."""
    with transaction.atomic():
        row = place.rows().select_for_update().filter(pk=key).first()
        if row is None:  # deleted meanwhile
            return False
        changed, failed = set(), False
        for field in place.fields:
            column, _, name = field.partition(".")
            kept = getattr(row, column)
            before = kept.get(name, "") if name else kept
            if not before:
                continue
            try:
                after = sealing.resealed(before, purpose=place.purpose)
            except Unreadable:
                failed = True
                continue
            if after != before:
                setattr(row, column, {**kept, name: after} if name else after)
                changed.add(column)
        if changed:
            place.rows().filter(pk=key).update(**{column: getattr(row, column) for column in changed})
    return None if failed else bool(changed)
