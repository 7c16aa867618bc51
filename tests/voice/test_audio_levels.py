"""How loud audio is."""

from math import log10

import pytest

from apps.voice.core.audio.g711 import LAWS
from apps.voice.core.audio.levels import QUIETEST, level
from apps.voice.core.formats import L16, PCM16, PCMA, PCMU, Format
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
