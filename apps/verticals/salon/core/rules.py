"""The salon's rules in numbers: notice, cancellation window, fees and sums. Pure."""

import datetime as dt
from collections.abc import Iterable


def is_late(starts_at: dt.datetime, *, now: dt.datetime, window: dt.timedelta) -> bool:
    """Whether less than the cancellation window is left; exactly at its edge it is still in time."""
    return starts_at - now < window


def late_fee(price_cents: int | None, percent: int) -> int:
    """Cents, rounded half up; nothing for a visit without a fixed price."""
    return 0 if price_cents is None else (price_cents * percent + 50) // 100


def total(prices: Iterable[int | None]) -> int | None:
    """The sum in cents; None as soon as one price is on request."""
    cents = list(prices)
    return None if None in cents else sum(price for price in cents if price is not None)
