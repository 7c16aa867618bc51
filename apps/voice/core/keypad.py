"""Digits, collected until the caller pauses or presses #. Pure."""

PAUSE = 1.5
"""Seconds without a digit that end a number."""


class Keypad:
    def __init__(self) -> None:
        self._digits = ""
        self._at = 0.0

    def press(self, digit: str, now: float) -> str:
        """The number, if the digit ended one."""
        if digit == "#" and self._digits:
            return self._take()
        self._digits += digit
        self._at = now
        return self._take() if digit == "#" else ""

    def due(self, now: float) -> str:
        """The number, if the caller has paused."""
        return self._take() if self._digits and now - self._at >= PAUSE else ""

    def _take(self) -> str:
        digits, self._digits = self._digits, ""
        return digits
