"""What is spoken in a benchmark call: a pulse of 20 ms each 100 ms, silence between.

A pulse survives resampling and companding, so that one can be told from silence on the other side of any bridge, and
the n-th that arrives is the n-th that was sent.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME = 0.02
FRAMES_A_PULSE = 5
"""A pulse, and the silence after it."""
_PAUSE = 0.02
"""Seconds of silence between two pulses, at least; a square wave has none within one."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One format: its two frames in base64, and which of its samples are loud."""

    rate: int
    pulse: str
    silence: str
    loud: Callable[[bytes], NDArray[np.bool_]]


class Ear:
    """Counts the pulses of one stream."""

    def __init__(self, sound: Sound) -> None:
        self._loud = sound.loud
        self._pause = int(sound.rate * _PAUSE)
        self._at, self._last = 0, -self._pause - 1
        self.is_loud = False
        """Whether there was sound in what came last."""

    def hear(self, audio: str) -> int:
        """How many pulses begin in `audio` (base64, of any length)."""
        loud = self._loud(a2b_base64(audio))
        (places,) = loud.nonzero()
        self.is_loud = len(places) > 0
        begun = 0
        if self.is_loud:
            places += self._at
            begun = int((np.diff(places, prepend=self._last) > self._pause).sum())
            self._last = int(places[-1])
        self._at += len(loud)
        return begun


def _base64(audio: bytes) -> str:
    return b2a_base64(audio, newline=False).decode()


# ±16,000 at 500 Hz; what is beyond ±8,000 is loud.
PCMU = Sound(
    rate=8_000,
    pulse=_base64((b"\x90" * 8 + b"\x10" * 8) * 10),
    silence=_base64(b"\xff" * 160),
    loud=lambda raw: (np.frombuffer(raw, np.uint8) & 0x7F) < 0x20,
)
PCM16 = Sound(
    rate=24_000,
    pulse=_base64(np.repeat(np.array([16_000, -16_000] * 10, "<i2"), 24).tobytes()),
    silence=_base64(bytes(960)),
    loud=lambda raw: np.abs(np.frombuffer(raw, "<i2", len(raw) // 2).astype(np.int32)) > 8_000,
)
