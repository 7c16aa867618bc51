"""May another call begin in this process? By how late its event loop is, not by a guess of calls per core.

The loop is asked to wake up every PROBE seconds; by how much it is late is by how much every frame of every call is.
"""

import asyncio
from weakref import WeakKeyDictionary

PROBE = 0.1
LATE = 0.06
"""Seconds of lag at which a new call is turned away: three frames, and what callers begin to hear."""
FORGET = 0.9
"""Weight of the past in each new reading."""
HICCUP = 0.2
"""Seconds that one reading counts for at most: a single pause, however long, turns nobody away; many of them do."""


class Lag:
    """The smoothed lag of one event loop, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + PROBE
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        late = min(HICCUP, max(0.0, self._loop.time() - self._due))
        self.seconds = FORGET * self.seconds + (1 - FORGET) * late
        self._due = self._loop.time() + PROBE
        self._timer = self._loop.call_at(self._due, self._look)

    def close(self) -> None:
        self._timer.cancel()


_lags: WeakKeyDictionary[asyncio.AbstractEventLoop, Lag] = WeakKeyDictionary()


def lag() -> Lag:
    """This event loop's."""
    loop = asyncio.get_running_loop()
    if (found := _lags.get(loop)) is None:
        found = _lags[loop] = Lag()
    return found


def is_full() -> bool:
    """Whether another call would be heard by those who are here."""
    return lag().seconds > LATE
