"""Whether a supervisor is in the call. Pure."""

from dataclasses import dataclass
from typing import Literal

PAUSE = 0.8
"""Seconds of a supervisor's silence after which they are done speaking."""


@dataclass(slots=True)
class Supervised:
    """Times are seconds, monotonic."""

    mode: Literal["", "barge", "takeover"] = ""
    since: float = 0.0
    turn: int = 0
    """How much had been said by then."""
    spoke_at: float = float("-inf")
    written: int = 0

    def holds(self, now: float) -> bool:
        """The agent has to be silent."""
        return self.mode == "takeover" or (self.mode == "barge" and now - self.spoke_at < PAUSE)
