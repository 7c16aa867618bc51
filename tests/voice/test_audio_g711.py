"""G.711 against the recommendation's own tables, rebuilt here from how it gives them: decision values and steps."""

import sys
from itertools import accumulate, pairwise

import numpy as np
import pytest

from apps.voice.core.audio.g711 import A_LAW, MU_LAW, Law
from apps.voice.core.formats import PCMA, PCMU

MU_STEPS = [1, *[2] * 15, *(step for step in (4, 8, 16, 32, 64, 128, 256) for _ in range(16))]
"""Between the decision values of table 2a, from 0 up; its unit is 4 of ours."""
A_STEPS = [*[2] * 32, *(step for step in (4, 8, 16, 32, 64, 128) for _ in range(16))]
"""Likewise of table 1a; its unit is 8 of ours (4,096 is the highest value)."""
MILLIWATT = {
    "mu": bytes.fromhex("1e0b0b1e9e8b8b9e"),
    "a": bytes.fromhex("34212134b4a1a1b4"),
}
"""Tables 5 and 6: 1 kHz at 0 dBm0."""


def intervals(steps: list[int], unit: int) -> list[tuple[int, int]]:
    return [(low * unit, high * unit) for low, high in pairwise(accumulate(steps, initial=0))]


def samples(values: range) -> bytes:
    return np.array(values, "<i2").tobytes()


def values(law: Law, codes: bytes) -> list[int]:
    return np.frombuffer(law.decode(codes), "<i2").tolist()


LAW_TABLES = [
    pytest.param(MU_LAW, intervals(MU_STEPS, 4), 0xFF, id="mu"),
    pytest.param(A_LAW, intervals(A_STEPS, 8), 0xD5, id="a"),
]


@pytest.mark.parametrize(("law", "table", "first"), LAW_TABLES)
def test_every_sample_gets_the_code_of_its_interval(law: Law, table: list[tuple[int, int]], first: int) -> None:
    assert len(table) == 128
    for number, (low, high) in enumerate(table):
        # mu-law counts down from its first code; A-law counts up, with every second bit inverted.
        code = first - number if law is MU_LAW else (0x80 | number) ^ 0x55
        top = 32_768 if number == 127 else high
        assert law.encode(samples(range(low, top))) == bytes([code]) * (top - low)
        assert law.encode(samples(range(-top, -low))) == bytes([code ^ 0x80]) * (top - low)


@pytest.mark.parametrize(("law", "table", "first"), LAW_TABLES)
def test_every_code_gets_the_middle_of_its_interval(law: Law, table: list[tuple[int, int]], first: int) -> None:
    for number, (low, high) in enumerate(table):
        code = first - number if law is MU_LAW else (0x80 | number) ^ 0x55
        middle = 0 if law is MU_LAW and number == 0 else (low + high) // 2
        assert values(law, bytes([code, code ^ 0x80])) == [middle, -middle]


@pytest.mark.parametrize(("law", "highest"), [(MU_LAW, 32_124), (A_LAW, 32_256)])
def test_the_ends_of_the_scale(law: Law, highest: int) -> None:
    assert values(law, law.encode(samples(range(-32_768, -32_767)))) == [-highest]
    assert values(law, law.encode(samples(range(32_767, 32_768)))) == [highest]


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_codes_come_back_as_they_were(law: Law) -> None:
    codes = bytes(range(256))
    back = law.encode(law.decode(codes))
    # mu-law has two zeros, which 16 bits cannot tell apart.
    assert back == (codes.replace(b"\x7f", b"\xff") if law is MU_LAW else codes)


def test_silence_is_the_silence_of_the_formats() -> None:
    assert MU_LAW.encode(b"\0\0") == PCMU.silence
    assert A_LAW.encode(b"\0\0") == PCMA.silence


@pytest.mark.parametrize(("law", "name", "overload"), [(MU_LAW, "mu", 3.17), (A_LAW, "a", 3.14)])
def test_the_digital_milliwatt(law: Law, name: str, overload: float) -> None:
    """It is a sine of 1 kHz, so many dB below the one that just fills the scale."""
    wave = np.frombuffer(law.decode(MILLIWATT[name]), "<i2").astype(float)
    full_scale = 8_159 * 4 if law is MU_LAW else 4_096 * 8
    expected = full_scale / np.sqrt(2) / 10 ** (overload / 20)
    assert abs(20 * np.log10(np.sqrt(np.mean(wave**2)) / expected)) < 0.02
    spectrum = np.abs(np.fft.rfft(wave)) ** 2
    assert spectrum[1] / spectrum.sum() > 0.9998


if sys.version_info < (3, 13):

    @pytest.mark.filterwarnings("ignore:.audioop. is deprecated")
    def test_audioop_agrees() -> None:
        """But for its negative mu-law, which is one step off: it takes -1 for -8."""
        import audioop

        every = samples(range(-32_768, 32_768))
        assert A_LAW.encode(every) == audioop.lin2alaw(every, 2)
        positive, negative = samples(range(32_768)), samples(range(-32_768, -4))
        assert MU_LAW.encode(positive) == audioop.lin2ulaw(positive, 2)
        assert MU_LAW.encode(negative) == audioop.lin2ulaw(samples(range(-32_764, 0)), 2)
        codes = bytes(range(256))
        assert MU_LAW.decode(codes) == audioop.ulaw2lin(codes, 2)
        assert A_LAW.decode(codes) == audioop.alaw2lin(codes, 2)
