"""The stand-in's voice: espeak-ng where the extra `speech` is installed, else tones as long as the words would be."""

from functools import cache, lru_cache
from typing import Protocol
from zlib import crc32

import numpy as np

from ..core.sound import Samples, resampled
from .espeak import Espeak

_CHARACTERS_PER_SECOND = 15
_GAP_SECONDS = 0.06


class _Synthesizer(Protocol):
    rate: int

    def sound(self, text: str, voice: str) -> Samples: ...


@lru_cache(maxsize=64)
def speak(text: str, voice: str, rate: int) -> Samples:
    """`text` in one of the voices, as samples of `rate` a second."""
    if not text:
        return np.zeros(0, np.int16)
    synthesizer = _synthesizer()
    if synthesizer is None:
        return _tones(text, voice, rate)
    return resampled(synthesizer.sound(text, voice), synthesizer.rate, rate)


@cache
def _synthesizer() -> _Synthesizer | None:
    try:
        return Espeak()
    except (ImportError, OSError):
        return None


def _tones(text: str, voice: str, rate: int) -> Samples:
    """A soft note for each word, with the word's length and a pitch of its own."""
    base = 160 + crc32(voice.encode()) % 80
    notes = []
    for word in text.split():
        seconds = (len(word) + 1) / _CHARACTERS_PER_SECOND
        time = np.arange(int(seconds * rate)) / rate
        pitch = base * (1 + crc32(word.encode()) % 5 / 8)
        swell = np.clip(np.minimum(time, max(0.0, seconds - _GAP_SECONDS) - time) * 40, 0, 1)
        notes.append(np.sin(2 * np.pi * pitch * time) * swell * 5000)
    return np.concatenate(notes).astype(np.int16) if notes else np.zeros(0, np.int16)
