"""The end of a call: the goodbye is said, heard to its last word, and then the line is hung up. Pure."""

from typing import Literal

Reason = Literal["goodbye", "limit", "silence", "supervisor", "drain", "transfer", "no_model"]
BEGIN_WITHIN = 5.0
"""Seconds of silence after which a goodbye that does not come is given up."""
PLAY_WITHIN = 2.0
"""Seconds beyond the playback's expected end to wait for its last mark."""
LINGER = 0.2
LONGEST = 60.0
"""Seconds from asking to the end, whatever happens."""


class Closing:
    """Times are seconds, monotonic."""

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._phase: Literal["speaking", "draining", "lingering"] = "speaking"
        self._begun_at = 0.0
        self._sound_at = 0.0
        self._played_at = 0.0

    @property
    def begun(self) -> bool:
        return self.reason is not None

    def begin(self, reason: Reason, now: float, *, words: bool) -> None:
        self.reason, self._begun_at, self._sound_at = reason, now, now
        self._phase = "speaking" if words else "draining"

    def said(self) -> None:
        """All audio of the goodbye has come, or none will."""
        if self._phase == "speaking":
            self._phase = "draining"

    def step(self, now: float, *, talking: bool, silent: bool, idle: bool, due: float) -> bool:
        """True when it is time to hang up.

        Args:
            talking: the model is making words.
            silent: no words are on their way to the caller.
            idle: everything sent was played.
            due: when it should have been.
        """
        if not silent:
            self._sound_at = now
        given_up = now - self._sound_at > BEGIN_WITHIN
        if self._phase == "speaking" and given_up:
            self._phase = "draining"
        if self._phase == "draining":
            if idle and (given_up or not talking):
                self._phase, self._played_at = "lingering", now
            elif not talking and now > due + PLAY_WITHIN:
                return True
        if self._phase == "lingering":
            if idle:
                return now - self._played_at >= LINGER
            self._phase = "draining"
        return now - self._begun_at > LONGEST
