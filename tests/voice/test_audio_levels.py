"""Levels, and the gate that tells speech from silence by them."""

from itertools import pairwise
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core.audio.g711 import LAWS
from apps.voice.core.audio.levels import QUIETEST, Change, SpeechGate, level
from apps.voice.core.formats import FRAME_MS, L16, PCM16, PCMA, PCMU, Format
from tests.voice.test_audio_resampling import tone

FORMATS = (PCMU, PCMA, PCM16, L16)
LOUD, QUIET = tone(1_000, 8_000, amplitude=0.3), tone(1_000, 8_000, amplitude=0.001)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
@pytest.mark.parametrize("decibels", [-1, -20, -40])
def test_a_sines_level(format: Format, decibels: int) -> None:
    pcm = tone(1_000, format.rate, amplitude=10 ** (decibels / 20))
    audio = LAWS[format].encode(pcm) if format in LAWS else pcm
    assert level(audio, format) == pytest.approx(decibels - 10 * log10(2), abs=0.3 if format in LAWS else 0.02)


def test_the_ends_of_the_scale() -> None:
    assert level(b"\0\x80" * 480, PCM16) == 0
    assert level(PCM16.silence * 480, PCM16) == QUIETEST
    assert level(PCMU.silence * 160, PCMU) == QUIETEST
    assert level(PCMA.silence * 160, PCMA) == pytest.approx(-72.2, abs=0.1)
    assert level(b"\1\0" + bytes(958), PCM16) == QUIETEST
    assert level(b"", PCMU) == QUIETEST


def audio_of(format: Format, *parts: tuple[bool, int]) -> bytes:
    """Loud or quiet tones of so many milliseconds each."""
    rate = format.rate
    pcm = b"".join(tone(1_000, rate, seconds=ms / 1_000, amplitude=0.3 if loud else 0.001) for loud, ms in parts)
    return LAWS[format].encode(pcm) if format in LAWS else pcm


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_speech_begins_and_ends(format: Format) -> None:
    gate = SpeechGate(format, minimum_ms=100, hangover_ms=300)
    assert gate.hear(audio_of(format, (False, 200), (True, 80))) == []
    assert gate.hear(audio_of(format, (True, 20))) == [Change(True, 200)]
    assert gate.speaking
    assert gate.hear(audio_of(format, (True, 500), (False, 280))) == []
    assert gate.hear(audio_of(format, (False, 20))) == [Change(False, 800)]
    assert not gate.speaking


def test_a_click_is_no_speech() -> None:
    gate = SpeechGate(PCMU, minimum_ms=100)
    assert gate.hear(audio_of(PCMU, *[(True, 80), (False, 20)] * 20)) == []


def test_a_breath_is_no_end() -> None:
    gate = SpeechGate(PCMU, minimum_ms=20, hangover_ms=300)
    assert gate.hear(audio_of(PCMU, *[(True, 100), (False, 280)] * 5)) == [Change(True, 0)]


def test_the_threshold_counts() -> None:
    speech = audio_of(PCMU, (True, 400))
    assert SpeechGate(PCMU, threshold=-12).hear(speech) == []
    assert SpeechGate(PCMU, threshold=-15).hear(speech) == [Change(True, 0)]


parts = st.lists(st.tuples(st.booleans(), st.integers(1, 30).map(lambda frames: frames * FRAME_MS)), max_size=8)


@given(parts, st.lists(st.integers(0, 20_000), max_size=6), st.integers(0, 200), st.integers(0, 600))
def test_the_clock_is_the_audio(said: list[tuple[bool, int]], places: list[int], minimum: int, hangover: int) -> None:
    """However it is cut; and changes alternate, in order, each after enough of what it says."""
    audio = audio_of(PCMU, *said)
    edges = sorted({0, len(audio), *(place for place in places if place < len(audio))})
    whole, cut = (SpeechGate(PCMU, minimum_ms=minimum, hangover_ms=hangover) for _ in range(2))
    changes = whole.hear(audio)
    assert [change for start, end in pairwise(edges) for change in cut.hear(audio[start:end])] == changes
    assert [change.speaking for change in changes] == [number % 2 == 0 for number in range(len(changes))]
    times = [change.at_ms for change in changes] + [int(PCMU.ms(len(audio)))]
    for change, (begin, end) in zip(changes, pairwise(times), strict=True):
        assert end - begin >= (minimum if change.speaking else hangover)
