"""The benchmark of calls: what it measures with is right, and it runs."""

import subprocess
import sys
from base64 import b64decode, b64encode

import pytest
from calls.measuring import delays
from calls.sound import FRAMES_A_PULSE, PCM16, PCMU, Ear, Sound
from calls_growth import Sample, verdict
from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core import formats
from apps.voice.core.audio.transcoding import Transcoder
from tests.bench.conftest import BENCH


def _speech(sound: Sound, pulses: int) -> bytes:
    frames = [sound.pulse, *[sound.silence] * (FRAMES_A_PULSE - 1)] * pulses
    return b"".join(map(b64decode, frames))


@pytest.mark.parametrize("sound", [PCMU, PCM16], ids=["pcmu", "pcm16"])
@given(pulses=st.integers(0, 6), cuts=st.lists(st.integers(1, 900), min_size=1, max_size=20))
def test_an_ear_counts_each_pulse_once_however_the_audio_is_cut(sound: Sound, pulses: int, cuts: list[int]) -> None:
    audio, ear, heard, place = _speech(sound, pulses), Ear(sound), 0, 0
    while place < len(audio):
        size = 2 * cuts[place % len(cuts)]
        heard += ear.hear(b64encode(audio[place : place + size]).decode())
        place += size
    assert heard == pulses


@pytest.mark.parametrize(
    ("source", "target", "here", "there"),
    [(formats.PCMU, formats.PCM16, PCMU, PCM16), (formats.PCM16, formats.PCMU, PCM16, PCMU)],
    ids=["up", "down"],
)
def test_pulses_survive_transcoding(source: formats.Format, target: formats.Format, here: Sound, there: Sound) -> None:
    transcoder, ear = Transcoder(source, target), Ear(there)
    heard = [
        ear.hear(b64encode(transcoder.convert(b64decode(frame))).decode())
        for frame in [here.pulse, *[here.silence] * (FRAMES_A_PULSE - 1)] * 5
    ]
    assert heard == [1, *[0] * (FRAMES_A_PULSE - 1)] * 5


def test_a_delay_is_from_a_pulse_to_the_same_pulse() -> None:
    sent = [[1.0, 1.1, 1.2], [5.0, 5.1]]
    assert delays(sent, [1.25, 1.35, 1.45, 5.01, 5.11]) == pytest.approx([0.25, 0.25, 0.25, 0.01, 0.01])
    # The end of a turn was lost: it is nobody else's.
    assert delays(sent, [1.25, 5.01, 5.11]) == pytest.approx([0.25, 0.01, 0.01])
    assert delays([[5.0]], [1.25]) == []


@pytest.mark.parametrize(("kb_a_call", "grows"), [(0.0, False), (0.5, False), (10.0, True)])
def test_growth_counts_when_it_is_sure(kb_a_call: float, grows: bool) -> None:
    wobble = [0, 300, -200, 150]
    samples = [
        Sample(
            calls, {"memory kB": int(150_000 + kb_a_call * calls) + wobble[calls // 20 % 4], "files": 30, "threads": 9}
        )
        for calls in range(0, 2_020, 20)
    ]
    table, found = verdict(samples)
    assert found is grows
    assert table.count("| yes |") == grows


@pytest.mark.once
@pytest.mark.timeout(800)
def test_calls_go_through_both_ways() -> None:
    command = [sys.executable, "voice.py", "--calls", "2", "--seconds", "8", "--rounds", "1", "--bridges", "ours"]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=790)
    assert done.returncode == 0, done.stdout + done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("| CallSphere"))
    up, _, clears = row.strip("| ").rpartition(" | ")[2].split(", ")
    assert up == "0.0%", done.stdout
    heard, _, interrupted = clears.partition(" of ")
    assert heard == "0", done.stdout
    assert int(interrupted) >= 2
