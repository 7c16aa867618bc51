"""How loud audio is, and whether somebody speaks: for decisions that cannot wait for the model's own ear."""

from dataclasses import dataclass
from math import log10

import numpy as np

from apps.voice.core.audio.framing import Framer
from apps.voice.core.audio.g711 import INT16, LAWS
from apps.voice.core.formats import FRAME_MS, Format

QUIETEST = -96.0
"""dBFS of digital silence, and of what is below one step of 16 bits."""
_FULL_SCALE = 32_768.0**2
_SQUARES = {format: law.values.astype(np.float64) ** 2 for format, law in LAWS.items()}


def level(audio: bytes, format: Format) -> float:
    """Root mean square of whole samples in dBFS: 0 is a square wave at full scale, a sine is 3 less at most."""
    if not audio:
        return QUIETEST
    squares = _SQUARES.get(format)
    if squares is not None:
        power = float(squares.take(np.frombuffer(audio, np.uint8)).sum()) / len(audio)
    else:
        samples = np.frombuffer(audio, INT16).astype(np.float64)
        power = float(samples @ samples) / len(samples)
    return max(10 * log10(power / _FULL_SCALE), QUIETEST) if power else QUIETEST


@dataclass(frozen=True, slots=True)
class Change:
    """Speech begins (`speaking`) or has ended, at that time of the audio: not when it was certain, but when it was."""

    speaking: bool
    at_ms: int


class SpeechGate:
    """Speech by its energy. Its clock is the audio that it is given, so that bursts and pauses on the way are nothing.

    `threshold` in dBFS; what is louder for `minimum_ms` without a break is speech (a click is not), and it is over when
    nothing was louder for `hangover_ms` (a pause for breath is not its end). Both in whole frames, at least one.
    """

    def __init__(
        self, format: Format, *, threshold: float = -40.0, minimum_ms: int = 100, hangover_ms: int = 500
    ) -> None:
        self._format = format
        self._framer = Framer(format)
        self._threshold = threshold
        self._minimum_ms = minimum_ms
        self._hangover_ms = hangover_ms
        self._now_ms = 0
        self._turned_ms = 0
        """Since when it has been as it is not yet said to be: loud when silent, quiet when speaking."""
        self.speaking = False

    def hear(self, audio: bytes) -> list[Change]:
        """What `audio`, of any size, makes certain, in order."""
        changes = []
        for frame in self._framer.push(audio):
            loud = level(frame, self._format) > self._threshold
            self._now_ms += FRAME_MS
            if loud == self.speaking:
                self._turned_ms = self._now_ms
            elif self._now_ms - self._turned_ms >= (self._hangover_ms if self.speaking else self._minimum_ms):
                self.speaking = loud
                changes.append(Change(loud, self._turned_ms))
                self._turned_ms = self._now_ms
        return changes
