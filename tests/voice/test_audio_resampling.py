"""The resampler: what it lets pass, what it does not, and that it is the same filter however it is fed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from apps.voice.core.audio.resampling import Resampler, low_pass

PATHS = [(8_000, 24_000), (24_000, 8_000), (16_000, 24_000), (24_000, 16_000), (8_000, 16_000), (16_000, 8_000)]
TONES = (300, 1_000, 2_000, 3_000, 3_400)
SETTLED = 0.02
"""Seconds after which a tone's beginning is over."""

Wave = NDArray[np.float64]


def tone(hertz: float, rate: int, *, seconds: float = 0.5, amplitude: float = 0.7) -> bytes:
    time = np.arange(int(rate * seconds)) / rate
    return np.rint(32_767 * amplitude * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()


def wave(pcm: bytes) -> Wave:
    return np.frombuffer(pcm, "<i2").astype(float)


def fit(signal: Wave, hertz: float, rate: int) -> tuple[complex, Wave]:
    """The tone of `hertz` in a signal (amplitude and phase at its first sample), and what is left without it."""
    angle = 2 * np.pi * hertz * np.arange(len(signal)) / rate
    basis = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    (cosine, sine), *_ = np.linalg.lstsq(basis, signal)
    return complex(cosine, -sine), signal - basis @ [cosine, sine]


def decibels(power: float, reference: float) -> float:
    return float(10 * np.log10(power / reference))


def power(signal: Wave) -> float:
    return float(np.mean(signal**2))


def settled(pcm: bytes, rate: int) -> Wave:
    return wave(pcm)[int(rate * SETTLED) :]


@pytest.mark.parametrize("hertz", TONES)
@pytest.mark.parametrize(("source", "target"), PATHS)
def test_a_tone_of_the_telephones_band_stays_what_it_is(source: int, target: int, hertz: int) -> None:
    """The rest holds everything else: noise, images and aliases."""
    out = settled(Resampler(source, target).process(tone(hertz, source)), target)
    found, rest = fit(out, hertz, target)
    assert decibels(abs(found) ** 2 / 2, power(rest)) > 80
    assert abs(20 * np.log10(abs(found) / (32_767 * 0.7))) < 0.03


@pytest.mark.parametrize(("source", "target", "up"), [(8_000, 24_000, 3), (16_000, 24_000, 3), (8_000, 16_000, 2)])
def test_no_image_of_the_band(source: int, target: int, up: int) -> None:
    """A tone shows again around each multiple of the source's rate, and the target's rate folds that."""
    for hertz in (*TONES, 0.425 * source):
        out = settled(Resampler(source, target).process(tone(hertz, source)), target)
        _, rest = fit(out, hertz, target)
        for image in [(number * source + sign * hertz) % target for number in range(1, up) for sign in (-1, 1)]:
            assert decibels(abs(fit(rest, image, target)[0]) ** 2, (32_767 * 0.7) ** 2) < -86


@pytest.mark.parametrize(("source", "target"), [path for path in PATHS if path[0] > path[1]])
def test_nothing_folds_into_the_band(source: int, target: int) -> None:
    for hertz in np.linspace(0.575 * target, source / 2 - 37, 40):
        out = settled(Resampler(source, target).process(tone(hertz, source)), target)
        assert decibels(power(out) + 1e-9, (32_767 * 0.7) ** 2 / 2) < -80


@pytest.mark.parametrize(("source", "target"), PATHS)
def test_delay(source: int, target: int) -> None:
    """Of tones, by their phase: 2 ms where 8 kHz is involved, else 1 ms."""
    expected = 16 / min(source, target) - 1 / (
        2 * max(source, target) * (2 if {source, target} == {16_000, 24_000} else 1)
    )
    for hertz in (100.0, 110.0):
        found, _ = fit(settled(Resampler(source, target).process(tone(hertz, source)), target), hertz, target)
        turns = (-np.angle(found) - np.pi / 2) / (2 * np.pi) + hertz * SETTLED
        assert (turns / hertz) % (1 / hertz) == pytest.approx(expected, abs=2e-5)
    assert expected < 0.004


def convolved(samples: Wave, source: int, target: int) -> bytes:
    """The same filter by its definition: zeros stuffed, convolved in one piece, every n-th taken."""
    common = int(np.lcm(source, target))
    up, down = common // source, common // target
    stuffed = np.zeros(len(samples) * up)
    stuffed[::up] = samples
    result = np.convolve(stuffed, low_pass(max(up, down)) * up)[: len(samples) // down * down * up : down]
    return np.clip(np.rint(result), -32_768, 32_767).astype("<i2").tobytes()


@pytest.mark.parametrize(("source", "target"), PATHS)
def test_it_is_the_convolution_to_the_last_bit(source: int, target: int) -> None:
    """Noise at full scale, a square wave, and steps: the sum overshoots, and saturates where it would wrap."""
    noise = np.random.default_rng(1).integers(-32_768, 32_768, 12_000).astype(float)
    square = np.where(np.arange(12_000) // 40 % 2, 32_767.0, -32_768.0)
    for samples in (noise, square):
        pcm = samples.astype("<i2").tobytes()
        assert Resampler(source, target).process(pcm) == convolved(samples, source, target)
    out = wave(Resampler(source, target).process(pcm))
    assert (out == 32_767).any()
    assert (out == -32_768).any()


@st.composite
def cuts(draw: st.DrawFn) -> list[bytes]:
    """Audio in chunks of any size: empty ones, odd ones, long ones."""
    sizes = draw(st.lists(st.one_of(st.integers(0, 9), st.sampled_from([159, 320, 960, 15_001])), max_size=12))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [chance.bytes(size) for size in sizes]


@pytest.mark.parametrize(("source", "target"), PATHS)
@settings(max_examples=40)
@given(chunks=cuts())
def test_cutting_changes_nothing(source: int, target: int, chunks: list[bytes]) -> None:
    resampler, whole = Resampler(source, target), b"".join(chunks)
    parts = b"".join(map(resampler.process, chunks))
    assert parts == Resampler(source, target).process(whole)
    once = Resampler(source, target)
    assert parts + resampler.flush() == once.process(whole) + once.flush()


@pytest.mark.parametrize(("source", "target"), PATHS)
def test_no_more_is_kept_than_the_ratio_needs(source: int, target: int) -> None:
    up, down = target // 8_000, source // 8_000
    divisor = int(np.gcd(up, down))
    up, down = up // divisor, down // divisor
    resampler, got = Resampler(source, target), 0
    for given_ in range(1, 50):
        got += len(resampler.process(b"\1\2"))
        assert got == given_ // down * up * 2


@pytest.mark.parametrize(("source", "target"), PATHS)
def test_the_tail_is_all_that_was_held_back(source: int, target: int) -> None:
    """An impulse in the very last sample comes out whole: its sum is the filter's gain."""
    resampler = Resampler(source, target)
    out = wave(resampler.process(bytes(2 * 480) + np.array([20_000], "<i2").tobytes()) + resampler.flush())
    assert out.sum() == pytest.approx(20_000 * target / source, rel=0.01)
    assert out[-1] == pytest.approx(0, abs=20)


def test_after_the_tail_another_stream_begins() -> None:
    resampler, pcm = Resampler(24_000, 8_000), tone(1_000, 24_000)
    first = resampler.process(pcm + b"\7\7\7") + resampler.flush()
    assert resampler.flush() == b""
    assert resampler.process(pcm + b"\7\7\7") + resampler.flush() == first
    assert Resampler(8_000, 24_000).flush() == b""


@pytest.mark.parametrize(("source", "target"), [(8_000, 8_000), (8_000, 44_100), (11_025, 8_000)])
def test_other_rates_are_refused(source: int, target: int) -> None:
    with pytest.raises(ValueError, match=f"cannot resample {source} Hz to {target} Hz"):
        Resampler(source, target)
