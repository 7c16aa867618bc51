"""Streaming resampling of PCM16 between 8, 16 and 24 kHz: polyphase FIR filters with 32 taps a phase.

2 ms of delay where 8 kHz is involved, else 1 ms (docs/adr/0007). The result does not depend on how the audio was cut
into chunks, not even in its last bit: the taps are multiples of 2**-24, so that every sum of products is exact in
double precision, in whatever order and grouping it is made.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from math import lcm

import numpy as np
from numpy.typing import NDArray

TAPS = 32
"""Of the filter, for each sample at the lower rate."""
RATES = (8_000, 16_000, 24_000)
_PASS, _STOP = 0.85, 1.15
"""Edges of the bands, as parts of the lower rate's half: 3,400 and 4,600 Hz of 8 kHz, so that all of the telephone's
band passes, and its lowest image (8,000 - 3,400) does not."""
_PASS_WEIGHT = 0.03
"""0.03 dB of ripple, which nobody hears, for 15 dB less of images and aliases."""
_QUANTUM = 2.0**-24
_HOPS_A_SECOND = 500
_MOST_HOPS = 50
"""At a time: 0.1 s, below which no BLAS takes a second thread."""
_INT16 = np.dtype("<i2")
_LOWEST, _HIGHEST = np.array(-32_768.0), np.array(32_767.0)

Samples = NDArray[np.float64]


@lru_cache
def low_pass(factor: int) -> Samples:
    """Taps at `factor` times the lower rate, symmetric, with the gain 1: the best in the least-squares sense."""
    half = np.arange(TAPS * factor // 2) + 0.5
    passed = np.linspace(0, _PASS, 8 * TAPS)
    stopped = np.linspace(_STOP, factor, 16 * TAPS * factor)
    cosines = 2 * np.cos(np.pi / factor * np.outer(np.concatenate((passed, stopped)), half))
    weights = np.concatenate((np.full(len(passed), _PASS_WEIGHT), np.ones(len(stopped))))
    wanted = np.concatenate((np.ones(len(passed)), np.zeros(len(stopped))))
    cosines *= weights[:, None]
    taps = np.linalg.solve(cosines.T @ cosines, cosines.T @ (wanted * weights))
    return np.rint(np.concatenate((taps[::-1], taps)) / _QUANTUM) * _QUANTUM


@dataclass(frozen=True, slots=True)
class Filter:
    """How to make `up` samples of each `down`: hops of audio, each with the history before it, times a matrix."""

    up: int
    down: int
    hop: int
    """Samples that come in for each row."""
    silence: Samples
    """What was before the first sample: as long as the filter remembers."""
    matrix: Samples


def _filter(source: int, target: int) -> Filter:
    common = lcm(source, target)
    up, down = common // source, common // target
    taps = low_pass(max(up, down)) * up
    history = (len(taps) - 1) // up
    hop = source // _HOPS_A_SECOND
    # Which tap brings the sample of a row to the output of a column; where it would be none of them, nothing does.
    sample, output = np.arange(-history, hop), np.arange(hop * up // down)
    tap = output * down - sample[:, None] * up
    inside = (tap >= 0) & (tap < len(taps))
    matrix = np.where(inside, taps[np.where(inside, tap, 0)], 0.0)
    return Filter(up, down, hop, np.zeros(history), matrix)


FILTERS = {(source, target): _filter(source, target) for source, target in permutations(RATES, 2)}
"""Made at import (10 ms), so that no call waits for it."""


class Resampler:
    """One stream of PCM16 mono, from one rate to another.

    Raises:
        ValueError: one of the rates is none of RATES, or both are the same.
    """

    def __init__(self, source: int, target: int) -> None:
        if (source, target) not in FILTERS:
            raise ValueError(f"cannot resample {source} Hz to {target} Hz")
        self._filter = FILTERS[source, target]
        self._history = self._filter.silence
        self._rest = b""

    def process(self, audio: bytes) -> bytes:
        """What can be said of the target by now: of each `down` samples `up`. The rest, an odd byte too, is kept."""
        if self._rest:
            audio = self._rest + audio
        down = self._filter.down
        count = len(audio) // (2 * down) * down
        self._rest = audio[2 * count :]
        samples = np.frombuffer(audio, _INT16, count)
        most = _MOST_HOPS * self._filter.hop
        if 0 < count <= most:
            return self._next(samples)
        return b"".join(self._next(samples[start : start + most]) for start in range(0, count, most))

    def flush(self) -> bytes:
        """The tail: what the filter still holds. The stream is over then, and another one may begin."""
        if self._history is self._filter.silence and not self._rest:
            return b""
        left = len(self._rest) // 2
        zeros = len(self._filter.silence)
        zeros += -(left + zeros) % self._filter.down
        self._rest = self._rest[: 2 * left]
        tail = self.process(bytes(2 * zeros))
        self._history = self._filter.silence
        return tail

    def _next(self, audio: NDArray[np.int16]) -> bytes:
        filter_ = self._filter
        count, before, hop = len(audio), len(self._history), filter_.hop
        hops = -(-count // hop)
        samples = np.zeros(before + hops * hop)
        samples[:before] = self._history
        samples[before : before + count] = audio
        self._history = samples[count : count + before]
        # The rows overlap. They are copied, because BLAS takes no overlapping ones, and without it this is slow.
        rows = np.ndarray((hops, before + hop), np.float64, samples, 0, (8 * hop, 8)).copy()
        output = rows.dot(filter_.matrix).ravel()[: count // filter_.down * filter_.up]
        np.rint(output, out=output)
        output.clip(_LOWEST, _HIGHEST, out=output)
        return output.astype(_INT16).tobytes()
