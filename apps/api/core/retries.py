"""When a delivery that failed is tried again: 12 attempts in about two days, then it is given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
PAUSES: Final[Sequence[timedelta]] = (
    timedelta(seconds=15),
    _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    30 * _MINUTE,
    _HOUR,
    2 * _HOUR,
    4 * _HOUR,
    8 * _HOUR,
    14 * _HOUR,
    18 * _HOUR,
)
"""After each failed attempt but the last."""
ATTEMPTS: Final = len(PAUSES) + 1
SPREAD: Final = 0.1
"""Up to so much of a pause is added, or many that failed together would come back together."""


def next_attempt(*, attempts: int, now: datetime, chance: float) -> datetime | None:
    """When to try again after `attempts` failed ones; None = not any more.

    Args:
        chance: from 0 to 1, another one for each delivery.
    """
    if attempts >= ATTEMPTS:
        return None
    return now + PAUSES[max(0, attempts - 1)] * (1 + SPREAD * chance)


def is_hopeless(*, failing_since: datetime | None, first_tried_at: datetime | None, given_up: bool) -> bool:
    """Whether an endpoint is to be left alone: a delivery was given up, and nothing else arrived meanwhile."""
    return given_up and failing_since is not None and first_tried_at is not None and failing_since <= first_tried_at
