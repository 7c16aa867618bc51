"""Text carried by audio arrives through everything that a telephone and a browser do to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.sandbox.core.sound import RATES, Samples, decoded, encoded, milliseconds, resampled
from apps.sandbox.core.tonespeech import speak, understand

SENTENCE = "I would like to book a cleaning for next Tuesday at 10 in the morning, please."


def spoken(text: str = SENTENCE, rate: int = 8_000) -> Samples:
    return np.frombuffer(speak(text, rate), "<i2")


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
def test_it_is_understood_at_every_rate(rate: int) -> None:
    assert understand(spoken(rate=rate), rate) == SENTENCE


def test_it_is_as_fast_as_people() -> None:
    assert 12 <= len(SENTENCE) / (len(spoken()) / 8_000) <= 16


@given(st.text(min_size=1, max_size=30), st.integers(0, 900), st.floats(0.4, 2.0))
@settings(max_examples=25, deadline=None)
def test_any_text_anywhere_at_any_level(text: str, before: int, level: float) -> None:
    audio = np.concatenate(
        [np.zeros(before, np.int16), (spoken(text) * level).astype(np.int16), np.zeros(99, np.int16)]
    )
    assert understand(audio, 8_000) == text


@pytest.mark.parametrize("form", ["audio/pcmu", "audio/pcma"])
def test_it_survives_a_phone_call(form: str) -> None:
    narrow = resampled(spoken(rate=24_000), 24_000, 8_000)
    carried = decoded(encoded(narrow, form), form)
    assert understand(carried, 8_000) == SENTENCE
    assert understand(resampled(carried, 8_000, 24_000), 24_000) == SENTENCE


@pytest.mark.parametrize("offset", [-0.001, -0.0003, 0.0003, 0.001])
def test_it_survives_a_clock_that_is_off(offset: float) -> None:
    assert understand(resampled(spoken(), 8_000, round(8_000 * (1 + offset))), 8_000) == SENTENCE


def test_it_survives_noise_as_loud_as_itself() -> None:
    audio = spoken().astype(float)
    noise = np.random.default_rng(7).normal(size=len(audio)) * np.sqrt(np.mean(audio**2))
    assert understand(np.clip(audio + noise, -32768, 32767).astype(np.int16), 8_000) == SENTENCE


def test_two_sentences_are_one_text() -> None:
    audio = np.concatenate([spoken("Hello."), np.zeros(1600, np.int16), spoken("Are you open?")])
    assert understand(audio, 8_000) == "Hello. Are you open?"


def test_a_line_said_twice_counts_once_and_survives_a_gap() -> None:
    twice = np.frombuffer(speak("Hello", 8000) * 2, "<i2")
    assert understand(twice, 8000) == "Hello"
    assert understand(np.delete(twice, slice(2_000, 2_720)), 8000) == "Hello"


def test_noise_and_damaged_speech_are_no_text() -> None:
    noise = np.random.default_rng(7).integers(-9000, 9000, 80_000).astype(np.int16)
    assert understand(noise, 8_000) is None
    assert understand(noise[:10], 8_000) is None
    damaged = spoken().copy()
    damaged[8_000:9_600] = 0
    assert understand(damaged, 8_000) is None


def test_too_much_for_one_breath_is_refused() -> None:
    with pytest.raises(ValueError, match="4000"):
        speak("a" * 4_001, 8_000)


def test_g711_agrees_with_its_tables() -> None:
    """Values of ITU-T G.711's tables: the largest, the smallest, and silence."""
    assert decoded(bytes([0x00, 0x80, 0xFF, 0x7F, 0x20]), "audio/pcmu").tolist() == [-32124, 32124, 0, 0, -7932]
    assert decoded(bytes([0xAA, 0x2A, 0xD5, 0x55]), "audio/pcma").tolist() == [32256, -32256, 8, -8]


@pytest.mark.parametrize("form", list(RATES))
def test_encoding_keeps_what_was_decoded(form: str) -> None:
    data = bytes(range(256))
    again = encoded(decoded(data, form), form)
    assert decoded(again, form).tolist() == decoded(data, form).tolist()
    assert milliseconds(len(encoded(np.zeros(RATES[form], np.int16), form)), form) == 1_000


def test_a_resampled_tone_stays_a_tone() -> None:
    tone = (np.sin(2 * np.pi * 1_000 * np.arange(22_050) / 22_050) * 9_000).astype(np.int16)
    wanted = np.sin(2 * np.pi * 1_000 * np.arange(8_000) / 8_000) * 9_000
    assert np.abs(resampled(tone, 22_050, 8_000)[100:-100] - wanted[100:-100]).max() < 60
