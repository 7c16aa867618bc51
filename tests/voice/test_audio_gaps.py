"""Silence where the carrier sent nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core.audio.gaps import LONGEST_MS, Gaps
from apps.voice.core.formats import FRAME_MS, L16, PCM16, PCMA, PCMU, Format

FORMATS = st.sampled_from([PCMU, PCMA, PCM16, L16])
FRAME = PCMU.frame_bytes


def fill(times: list[int], format: Format = PCMU) -> list[float]:
    """Milliseconds of silence before each of the frames that begin at `times`."""
    gaps = Gaps(format)
    return [format.ms(gaps.before(at, format.frame_bytes)) for at in times]


@pytest.mark.parametrize("format", [PCMU, PCM16, L16], ids=lambda format: format.name)
def test_a_jump_is_filled(format: Format) -> None:
    assert fill([5, 25, 45, 145, 165], format) == [0, 0, 0, 80, 0]


def test_less_than_a_frame_is_jitter() -> None:
    assert fill([0, 31, 40, 79, 80, 100, 139]) == [0, 0, 0, 0, 0, 0, 0]


def test_what_is_lost_little_by_little_is_made_good() -> None:
    assert sum(fill([21 * number for number in range(101)])) == 100


def test_a_long_hole_is_bounded() -> None:
    assert fill([0, 20, 5_000, 5_020, 5_100]) == [0, 0, LONGEST_MS, 0, 60]


def test_doubled_and_late_frames_fill_nothing() -> None:
    assert fill([0, 20, 40, 40, 20, 60, 100]) == [0, 0, 0, 0, 0, 0, 20]


def test_a_clock_that_begins_anew_is_followed() -> None:
    assert fill([9_000, 9_020, 0, 20, 60]) == [0, 0, 0, 0, 20]


def test_without_a_clock_nothing_is_filled() -> None:
    assert fill([-1, -1, -1]) == [0, 0, 0]


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_with_the_silence_time_is_whole(arrives: list[bool]) -> None:
    """Frames are missing at random: with what is filled in, each begins where the carrier's clock says."""
    gaps, passed = Gaps(PCMU), 0
    times = [number * FRAME_MS for number, here in enumerate(arrives) if here]
    for at in times:
        silence = gaps.before(at, FRAME)
        assert silence % FRAME == 0
        assert silence <= LONGEST_MS * PCMU.bytes_per_ms
        passed += silence
        if max((b - a for a, b in pairwise(times)), default=0) <= LONGEST_MS:
            assert PCMU.ms(passed) == at - times[0]
        passed += FRAME
