"""The two tracks of a recording: in step with each other, and nothing in them that the caller did not hear."""

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core import wav
from apps.voice.core.formats import PCM16, PCMU, Format
from apps.voice.core.stereo import SETTLED, Stereo, interleave

VOICE, QUIET = b"\x11", b"\xff"
FRAME = PCMU.frame_bytes


def loud(track: bytes) -> int:
    """Milliseconds that are not silence."""
    return (len(track) - track.count(QUIET)) // PCMU.bytes_per_ms


def sentence(stereo: Stereo, at: float, frames: int, *, generation: int = 0, voice: bytes = VOICE) -> None:
    for number in range(frames):
        stereo.sent(voice * FRAME, at)
        stereo.marked(f"g{generation}:{number}")


def listen(stereo: Stereo, start: float, seconds: float) -> None:
    for number in range(round(seconds * 50)):
        stereo.heard(QUIET * FRAME, start + (number + 1) * 0.02)


def test_played_audio_lies_where_it_was_heard() -> None:
    stereo = Stereo(PCMU)
    listen(stereo, 0.0, 1.0)
    sentence(stereo, 1.0, 10)
    for number in range(10):
        stereo.played(f"g0:{number}", 1.5 + (number + 1) * 0.02)  # the carrier was half a second slow
    listen(stereo, 1.0, 1.0)
    left, right = stereo.take(2.0, rest=True)
    assert len(left) == len(right)
    begin = next(place for place, sample in enumerate(right) if sample != 0xFF) / 8_000
    assert begin == pytest.approx(1.5 - 0.02, abs=0.03)  # the track's zero is the first frame's arrival
    assert loud(right) == 200


def test_what_an_interruption_cut_off_is_not_in_it() -> None:
    stereo = Stereo(PCMU)
    listen(stereo, 0.0, 0.1)
    sentence(stereo, 0.1, 50)
    for number in range(10):
        stereo.played(f"g0:{number}", 0.1 + (number + 1) * 0.02)
    stereo.cleared(0.33)  # 30 ms after the last echo
    for number in range(10, 50):
        stereo.played(f"g0:{number}", 0.34)  # the echoes of what was cleared
    sentence(stereo, 0.5, 5, generation=1)
    for number in range(5):
        stereo.played(f"g1:{number}", 0.5 + (number + 1) * 0.02)
    listen(stereo, 0.1, 0.6)
    _, right = stereo.take(0.7, rest=True)
    assert loud(right) == pytest.approx(200 + 30 + 100, abs=1)


def test_the_carriers_clock_places_late_frames() -> None:
    stereo = Stereo(PCMU)
    for number in range(10):
        stereo.heard(VOICE * FRAME, number * 0.02, number * 20)
    stereo.heard(VOICE * FRAME, 0.5, 400)  # 200 ms were never sent
    left, _ = stereo.take(1.0, rest=True)
    assert len(left) == 420 * PCMU.bytes_per_ms
    assert loud(left) == 220


def test_a_stalled_socket_shifts_nothing() -> None:
    """A browser's frames that come late, all at once, are as long as the time they are late."""
    stereo = Stereo(PCMU)
    for number in range(50):
        stereo.heard(VOICE * FRAME, number * 0.02)
    for _ in range(50):
        stereo.heard(VOICE * FRAME, 2.0)
    left, _ = stereo.take(2.0, rest=True)
    assert len(left) == 100 * FRAME
    assert loud(left) == 2_000


steps = st.lists(
    st.tuples(st.sampled_from(["heard", "sent", "echo", "clear", "take"]), st.floats(0.0, 4.0), st.integers(1, 40)),
    max_size=60,
)


@given(steps, st.sampled_from([PCMU, PCM16]))
def test_tracks_are_equal_whole_and_bounded(steps: list[tuple[str, float, int]], format: Format) -> None:
    stereo, now, marks, sent, taken = Stereo(format), 0.0, 0, 0, [0, 0]
    for kind, pause, amount in steps:
        now += pause
        audio = bytes(format.frame_bytes * amount)
        if kind == "heard":
            stereo.heard(audio, now)
        elif kind == "sent":
            marks += 1
            sent += len(audio)
            stereo.sent(audio, now)
            stereo.marked(str(marks))
        elif kind == "echo":
            stereo.played(str(marks), now)
        elif kind == "clear":
            stereo.cleared(now)
        else:
            left, right = stereo.take(now)
            taken[0] += len(left)
            taken[1] += len(right)
            assert len(left) == len(right)
            assert len(left) % format.sample_bytes == 0
            # What is kept of either track is the settling time, and what one event brought.
            kept = max(len(stereo._left), len(stereo._right))
            assert kept <= (SETTLED + 120.0 + 1) * format.bytes_per_ms * 1_000
    left, right = stereo.take(now, rest=True)
    assert taken[0] + len(left) == taken[1] + len(right)


def test_the_file_is_a_wave_file() -> None:
    left, right = np.arange(480, dtype="<i2"), -np.arange(480, dtype="<i2")
    audio = interleave(left.tobytes(), right.tobytes(), PCM16)
    with wave.open(io.BytesIO(wav.header(PCM16, len(audio)) + audio)) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (2, 24_000, 480)
        frames = np.frombuffer(read.readframes(480), "<i2").reshape(-1, 2)
    assert (frames[:, 0] == left).all()
    assert (frames[:, 1] == right).all()


def test_a_mu_law_file_says_so() -> None:
    head = wav.header(PCMU, 16_000)
    assert head[20:22] == b"\x07\x00"
    assert int.from_bytes(head[4:8], "little") == len(head) - 8 + 16_000
    assert head[-4:] == (16_000).to_bytes(4, "little")
    assert len(wav.header(PCMU, 0)) == len(head)
