"""How loud audio is."""

from math import log10

import numpy as np

from apps.voice.core.audio.g711 import INT16, LAWS
from apps.voice.core.formats import Format

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
