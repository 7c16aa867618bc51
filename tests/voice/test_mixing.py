"""What somebody who listens in hears."""

import numpy as np

from apps.voice.core.formats import PCM16, PCMU
from apps.voice.core.mixing import Mixer, mixed


def pcm(value: int, ms: int) -> bytes:
    return np.full(24 * ms, value, "<i2").tobytes()


def test_both_sides_are_heard_at_once() -> None:
    mixer = Mixer(PCM16)
    mixer.caller.add(pcm(100, 60))
    mixer.agent.add(pcm(30, 40))
    call, theirs = mixer.take(60)
    assert call == pcm(130, 40) + pcm(100, 20)
    assert theirs == b""
    assert mixer.take(60) == (pcm(0, 60), b"")


def test_too_loud_is_cut_and_does_not_wrap() -> None:
    assert mixed(pcm(30_000, 20), pcm(30_000, 20), 960) == pcm(32_767, 20)
    assert mixed(pcm(-30_000, 20), pcm(-30_000, 20), 960) == pcm(-32_768, 20)


def test_the_agent_is_heard_at_the_callers_time() -> None:
    mixer = Mixer(PCM16, on_its_way=0.12)
    mixer.agent.add(pcm(50, 120))  # it comes at once, and is heard after what is on its way
    assert mixer.take(60)[0] == mixer.take(60)[0] == pcm(0, 60)
    assert mixer.take(60)[0] == pcm(50, 60)
    mixer.clear()  # the caller has interrupted
    assert mixer.take(60)[0] == pcm(0, 60)


def test_a_supervisor_is_kept_apart() -> None:
    mixer = Mixer(PCM16)
    mixer.supervisor.add(pcm(70, 20))
    assert mixer.take(60) == (pcm(0, 60), pcm(70, 20) + pcm(0, 40))


def test_what_is_late_is_dropped() -> None:
    mixer = Mixer(PCM16)
    mixer.caller.add(pcm(1, 1_000))
    mixer.caller.add(pcm(2, 100))
    heard = b"".join(mixer.take(60)[0] for _ in range(7))
    assert heard.startswith(pcm(1, 300) + pcm(2, 100))


def test_a_phones_audio_becomes_the_browsers() -> None:
    mixer = Mixer(PCMU)
    mixer.caller.add(b"\xff" * 480)
    call, _ = mixer.take(60)
    assert len(call) == PCM16.bytes_per_ms * 60
    assert set(np.frombuffer(call, "<i2")) == {0}
