"""G.711: 16-bit samples in 8 bits, as mu-law or A-law. Every code is looked up; the tables are made at import."""

import numpy as np
from numpy.typing import NDArray

from apps.voice.core.formats import PCMA, PCMU, Format

INT16 = np.dtype("<i2")
_CODES = np.arange(256)
_SAMPLES = np.arange(1 << 16).astype(np.uint16).view(np.int16).astype(np.int64)
"""Every 16-bit sample, at the index that its bits are."""
# A negative sample's magnitude is its one's complement, as in ITU-T G.191's reference implementation, so that the
# scale is symmetric. (Python's audioop took the two's complement for mu-law: -1, as good as silence, became -8.)
_MAGNITUDES = np.where(_SAMPLES < 0, ~_SAMPLES, _SAMPLES)


class Law:
    """One of the two companding laws, as tables: `values` by code, `codes` by the bits of a sample."""

    def __init__(self, values: NDArray[np.int64], codes: NDArray[np.int64]) -> None:
        self.values = values.astype(INT16)
        self.codes = codes.astype(np.uint8)

    def decode(self, audio: bytes) -> bytes:
        """PCM16 of `audio`."""
        return self.values.take(np.frombuffer(audio, np.uint8)).tobytes()

    def encode(self, pcm: bytes) -> bytes:
        """8-bit codes of PCM16, whole samples."""
        return self.codes.take(np.frombuffer(pcm, "<u2")).tobytes()


def _mu_law() -> Law:
    """Sign, 3 bits of segment, 4 bits of step, all inverted. Segments begin at powers of two once 33 is added."""
    bits = ~_CODES
    segment, step = bits >> 4 & 7, bits & 15
    values = ((step << 3) + 132 << segment) - 132

    magnitude = np.minimum((_MAGNITUDES >> 2) + 33, 8_191)
    segments = np.frexp(magnitude)[1].astype(np.int64) - 6
    codes = 0x7F - (segments << 4 | magnitude >> segments + 1 & 15)
    return Law(np.where(bits & 0x80, -values, values), np.where(_SAMPLES < 0, codes, codes | 0x80))


def _a_law() -> Law:
    """Sign, 3 bits of segment, 4 bits of step, every second bit inverted. The first two segments have equal steps."""
    bits = _CODES ^ 0x55
    segment, step = bits >> 4 & 7, bits & 15
    values = (step << 4) + 8 + np.where(segment, 256, 0) << np.maximum(segment - 1, 0)

    magnitude = _MAGNITUDES >> 4
    segments = np.maximum(np.frexp(magnitude)[1].astype(np.int64) - 4, 0)
    codes = segments << 4 | magnitude >> np.maximum(segments - 1, 0) & 15
    return Law(np.where(bits & 0x80, values, -values), np.where(_SAMPLES < 0, codes, codes | 0x80) ^ 0x55)


MU_LAW = _mu_law()
A_LAW = _a_law()
LAWS: dict[Format, Law] = {PCMU: MU_LAW, PCMA: A_LAW}
"""Of the formats that are companded."""
