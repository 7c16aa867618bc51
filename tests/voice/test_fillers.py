"""Words and sounds while the caller waits."""

from itertools import pairwise

import numpy as np
import pytest

from apps.voice.core.actions import CreateResponse, PlayAudio
from apps.voice.core.audio.g711 import LAWS
from apps.voice.core.events import ToolAsked
from apps.voice.core.fillers import Fillers, waiting_sound
from apps.voice.core.formats import PCM16, PCMA, PCMU, Format
from apps.voice.core.settings import Settings
from tests.voice.simulated import SimulatedCall


def test_no_sentence_comes_twice_in_a_row() -> None:
    fillers = Fillers()
    said = [fillers.next("Checking free times", again=number % 5 > 1) for number in range(40)]
    assert all(one != other for one, other in pairwise(said))
    assert all("checking free times" in words for words in said)
    assert "working on it" in fillers.next("", again=False)


@pytest.mark.parametrize("format", [PCMU, PCMA, PCM16], ids=lambda format: format.name)
def test_the_sound_is_soft_whole_and_in_the_calls_format(format: Format) -> None:
    audio = waiting_sound(format)
    assert format.ms(len(audio)) == 500
    pcm = LAWS[format].decode(audio) if format in LAWS else audio
    loudest = int(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max())
    assert 500 < loudest < 1_100


def test_a_caller_who_waits_for_a_slow_tool_hears_words_and_sounds_and_no_sentence_twice() -> None:
    call = SimulatedCall(settings=Settings(filler_audio=waiting_sound(PCMU))).run(5.0)
    call.model.seconds = 1.0
    call.model.tools = [("c1", "find", "{}")]
    call.model.speech(0.4)
    call.run(40.0)
    asked = [a.instructions for a in call.done(CreateResponse) if isinstance(a, CreateResponse) and a.instructions]
    assert len(asked) >= 4
    assert all(one != other for one, other in pairwise(asked))
    assert all("looking" in words for words in asked)
    ends = [(chunk.start, chunk.end) for chunk in call.carrier.chunks if chunk.end > 6.0]
    assert max(later[0] - earlier[1] for earlier, later in pairwise(ends)) <= 3.0
    assert any(isinstance(event, ToolAsked) for _, event in call.events)


def test_a_minute_that_comes_at_once_is_sent_as_it_is_heard() -> None:
    call = SimulatedCall(settings=Settings(silence_prompt=300.0)).run(5.0)
    call.model.seconds = 60.0
    call.model.speech(0.3)
    most = 0.0
    for _ in range(700):
        call.run(0.1)
        most = max(most, call.carrier.free_at - call.now)
    sent = sum(len(action.audio) for action in call.done(PlayAudio) if isinstance(action, PlayAudio))
    assert most <= 5.1
    assert PCMU.ms(sent) >= 60_000
    ends = [(chunk.start, chunk.end) for chunk in call.carrier.chunks if chunk.start > 5.3]
    assert max(later[0] - earlier[1] for earlier, later in pairwise(ends)) < 0.001, "it never pauses"
