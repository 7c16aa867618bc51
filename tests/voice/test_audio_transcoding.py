"""From each format to each: nothing lost, nothing made up, and nothing done where nothing is to do."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.voice.core.audio.g711 import LAWS
from apps.voice.core.audio.levels import level
from apps.voice.core.audio.resampling import Resampler
from apps.voice.core.audio.transcoding import Transcoder
from apps.voice.core.formats import FRAME_MS, L16, PCM16, PCMA, PCMU, Format
from tests.voice.test_audio_resampling import decibels, fit, power, settled, tone

FORMATS = (PCMU, PCMA, PCM16, L16)
PAIRS = [pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}") for pair in product(FORMATS, FORMATS)]


def speak(format: Format, hertz: float, amplitude: float = 0.5) -> bytes:
    pcm = tone(hertz, format.rate, amplitude=amplitude)
    return LAWS[format].encode(pcm) if format in LAWS else pcm


def linear(format: Format, audio: bytes) -> bytes:
    return LAWS[format].decode(audio) if format in LAWS else audio


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_tone_keeps_its_pitch_its_level_and_its_length(source: Format, target: Format) -> None:
    audio = speak(source, 1_004)
    out = Transcoder(source, target).convert(audio)
    assert target.ms(len(out)) == source.ms(len(audio))
    assert level(out, target) == pytest.approx(level(audio, source), abs=0.1)
    found, rest = fit(settled(linear(target, out), target.rate), 1_004, target.rate)
    assert decibels(abs(found) ** 2 / 2, power(rest)) > (35 if {source, target} & set(LAWS) else 80)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_equal_formats_pass_untouched(format: Format) -> None:
    audio, transcoder = bytes(range(256)) * 4, Transcoder(format, format)
    assert transcoder.convert(audio) is audio
    assert transcoder.flush() == b""


@pytest.mark.parametrize(("source", "target"), PAIRS)
@settings(max_examples=30)
@given(data=st.data())
def test_cutting_changes_nothing(source: Format, target: Format, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, 2_000))
    audio = np.random.default_rng(size).bytes(size)
    places = sorted(data.draw(st.lists(st.integers(0, size), max_size=8)))
    parts, whole = Transcoder(source, target), Transcoder(source, target)
    chunks = [audio[start:end] for start, end in zip([0, *places], [*places, size], strict=True)]
    assert b"".join(map(parts.convert, chunks)) + parts.flush() == whole.convert(audio) + whole.flush()


def test_the_tail_is_in_the_targets_format() -> None:
    transcoder, resampler, audio = Transcoder(PCM16, PCMU), Resampler(24_000, 8_000), speak(PCM16, 1_004)
    assert transcoder.convert(audio) == LAWS[PCMU].encode(resampler.process(audio))
    assert transcoder.flush() == LAWS[PCMU].encode(resampler.flush())


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_silence_stays_silence(source: Format, target: Format) -> None:
    """A-law has no zero: what it calls silence is one step of 8."""
    out = Transcoder(source, target).convert(source.silence_of(source.frame_bytes * 10))
    assert target.ms(len(out)) == FRAME_MS * 10
    assert level(out, target) <= level(PCMA.silence, PCMA) + 0.1
    if source is not PCMA:
        assert out == target.silence_of(len(out))


@pytest.mark.parametrize("between", [PCM16, L16, PCMA], ids=lambda format: format.name)
@pytest.mark.parametrize("hertz", [300, 1_004, 3_400])
def test_mu_law_there_and_back(between: Format, hertz: int) -> None:
    """Each companding adds its noise, 37 dB below the tone; four of them are 31 dB, and nothing else comes to it."""
    audio = speak(PCMU, hertz)
    once, _ = fit(settled(linear(PCMU, audio), 8_000), hertz, 8_000)
    for _ in range(3):
        audio = Transcoder(between, PCMU).convert(Transcoder(PCMU, between).convert(audio))
    found, rest = fit(settled(linear(PCMU, audio), 8_000), hertz, 8_000)
    assert abs(20 * np.log10(abs(found) / abs(once))) < 0.2
    assert decibels(abs(found) ** 2 / 2, power(rest)) > 30


def test_an_unknown_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot resample 8000 Hz to 11025 Hz"):
        Transcoder(PCMU, Format("odd", 11_025, 2, b"\0\0"))
