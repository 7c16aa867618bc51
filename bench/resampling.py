"""Resamplers as a call uses them, 20 ms at a time: what they do to speech, what they hold back, what they cost.

`python bench/resampling.py [--batches 200]`. Ours beside `audioop.ratecv` (Python before 3.13) and `soxr`
(`pip install soxr`); what is not there is left out and said.
"""

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from math import gcd
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.append(str(Path(__file__).resolve().parents[1]))
from apps.voice.core.audio.resampling import Resampler

FRAMES_A_SECOND = 50
PATHS = ((8_000, 24_000), (24_000, 8_000), (16_000, 24_000), (24_000, 16_000), (8_000, 16_000), (16_000, 8_000))
BAND = (300, 700, 1_004, 1_700, 2_500, 3_000, 3_400)
"""Of a telephone; where both rates are higher, twice that, too."""
SETTLED = 0.2
"""Seconds after which every one of them is past its beginning."""
AMPLITUDE = 23_000
CALLS = 10
COLUMNS = ("resampler", "kHz", "SNR dB", "rejection dB", "delay ms: mean", "max", "µs / frame", "× ours")

Wave = NDArray[np.float64]
Process = Callable[[bytes], bytes]
Make = Callable[[int, int], Process]


def resamplers() -> Iterator[tuple[str, Make | None]]:
    """Ours first; None stands for one that is not installed."""
    yield "ours", lambda source, target: Resampler(source, target).process
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield "audioop.ratecv", _ratecv(_module("audioop"))
    soxr = _module("soxr")
    for quality in ("QQ", "LQ", "MQ", "HQ"):
        yield f"soxr {quality}", _soxr(soxr, quality)


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def _ratecv(audioop: Any) -> Make | None:
    def make(source: int, target: int) -> Process:
        state = None

        def process(audio: bytes) -> bytes:
            nonlocal state
            out, state = audioop.ratecv(audio, 2, 1, source, target, state)
            return bytes(out)

        return process

    return make if audioop else None


def _soxr(soxr: Any, quality: str) -> Make | None:
    def make(source: int, target: int) -> Process:
        stream = soxr.ResampleStream(source, target, 1, dtype="int16", quality=quality)
        return lambda audio: bytes(stream.resample_chunk(np.frombuffer(audio, np.int16)).tobytes())

    return make if soxr else None


def tone(hertz: float, rate: int) -> list[bytes]:
    """One second in frames."""
    wave = AMPLITUDE * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)
    size = rate // FRAMES_A_SECOND
    return [np.rint(wave[start : start + size]).astype("<i2").tobytes() for start in range(0, rate, size)]


def fit(signal: Wave, hertz: float, rate: int) -> tuple[complex, Wave]:
    """Amplitude and phase of a tone at the first sample of a signal, and what is left without it."""
    angle = 2 * np.pi * hertz * np.arange(len(signal)) / rate
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    (cosine, sine), *_ = np.linalg.lstsq(basis, signal)
    return complex(cosine, -sine), signal - basis @ [cosine, sine]


def band(source: int, target: int) -> list[int]:
    return [hertz * octave for octave in range(1, min(source, target) // 8_000 + 1) for hertz in BAND]


def images(hertz: float, source: int, target: int) -> list[float]:
    """Where a tone shows again when zeros are put between its samples, as the target's rate folds it."""
    up = target // gcd(source, target)
    around = [(number * source + sign * hertz) % target for number in range(1, up) for sign in (-1, 1)]
    return [min(image, target - image) for image in around]


def decibels(ratio: float) -> float:
    return float(10 * np.log10(max(ratio, 1e-12)))


def _through(make: Make, source: int, target: int, hertz: float) -> Wave:
    process = make(source, target)
    out = b"".join(process(frame) for frame in tone(hertz, source))
    return np.frombuffer(out, "<i2")[int(SETTLED * target) :].astype(float)


def noise(make: Make, source: int, target: int) -> float:
    """Of the worst tone of the band: dB between it and everything else that comes out."""
    ratios = []
    for hertz in band(source, target):
        found, rest = fit(_through(make, source, target, hertz), hertz, target)
        ratios.append(decibels(abs(found) ** 2 / 2 / max(float(np.mean(rest**2)), 1e-9)))
    return min(ratios)


def rejection(make: Make, source: int, target: int) -> float:
    """Upwards, the strongest image of a tone of the band; downwards, of tones from above that fold into the band."""
    worst = -120.0
    if source < target:
        for hertz in band(source, target):
            _, rest = fit(_through(make, source, target, hertz), hertz, target)
            found = [abs(fit(rest, image, target)[0]) for image in images(hertz, source, target)]
            worst = max(worst, decibels((max(found) / AMPLITUDE) ** 2))
        return -worst
    for hertz in np.linspace(0.575 * target, source / 2 - 50, 24):
        out = _through(make, source, target, hertz)
        worst = max(worst, decibels(2 * float(np.mean(out**2)) / AMPLITUDE**2))
    return -worst


def delay(make: Make, source: int, target: int) -> tuple[float, float]:
    """(mean, most) ms from what has come in to the last of it that has come out, after each frame."""
    hertz, process, held, sent = 100.0, make(source, target), [], 0
    parts = []
    for number, frame in enumerate(tone(hertz, source), 1):
        parts.append(process(frame))
        sent += len(parts[-1]) // 2
        held.append(number / FRAMES_A_SECOND - sent / target)
    settled = np.frombuffer(b"".join(parts), "<i2")[int(SETTLED * target) :].astype(float)
    turn = np.angle(fit(settled, hertz, target)[0]) + np.pi / 2  # it began as a sine, and SETTLED is whole turns
    shift = -((turn + np.pi) % (2 * np.pi) - np.pi) / (2 * np.pi * hertz)
    later = np.array(held[int(SETTLED * FRAMES_A_SECOND) :]) + shift
    return float(later.mean()) * 1e3, float(later.max()) * 1e3


def cost(make: Make, source: int, target: int, batches: int) -> float:
    """µs of CPU for a frame: of the quickest batch, for the others were disturbed."""
    process, frame = make(source, target), tone(1_004, source)[3]
    best = float("inf")
    for _ in range(batches):
        begun = thread_time()
        for _ in range(CALLS):
            process(frame)
        best = min(best, (thread_time() - begun) / CALLS)
    return best * 1e6


def _print(*cells: object) -> None:
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Resamplers of 20 ms frames, beside each other.")
    parser.add_argument("--batches", type=int, default=200, help=f"of {CALLS} frames, to find the cost")
    batches = parser.parse_args().batches
    found = list(resamplers())
    _print(*COLUMNS)
    _print("---", "---", *["--:"] * (len(COLUMNS) - 2))
    for source, target in PATHS:
        ours = 0.0
        for name, make in found:
            if make is None:
                continue
            spent = cost(make, source, target, batches)
            ours = ours or spent
            mean, most = delay(make, source, target)
            _print(
                name,
                f"{source // 1000} → {target // 1000}",
                f"{noise(make, source, target):.0f}",
                f"{rejection(make, source, target):.0f}",
                f"{mean:.1f}",
                f"{most:.1f}",
                f"{spent:.1f}",
                f"{spent / ours:.2f}",
            )
    missing = [name for name, make in found if make is None]
    if missing:
        print(f"\nNot installed, so not measured: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
