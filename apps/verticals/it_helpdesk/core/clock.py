"""When an answer is due, counted in the hours in which somebody is there. Pure."""

import datetime as dt
from collections.abc import Iterable

Span = tuple[dt.datetime, dt.datetime]


def due_at(start: dt.datetime, allowance: dt.timedelta, open_spans: Iterable[Span]) -> dt.datetime | None:
    """The moment at which `allowance` of open time has passed since `start`.

    Args:
        open_spans: aware (from, until), by time and without overlap.

    Returns:
        None when the spans end before that.
    """
    left = allowance
    for opens, closes in open_spans:
        begins = max(opens, start)
        if begins >= closes:
            continue
        if closes - begins >= left:
            return begins + left
        left -= closes - begins
    return None
