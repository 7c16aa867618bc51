"""The caller's audio on its way to the model: holes are filled, floods and deserts are bounded."""

import pytest

from apps.voice.core.actions import CreateResponse, EndCall, SendAudio
from apps.voice.core.events import AudioHeard, ModelLost, ModelReady, MuteChanged, SpeechStarted, SpeechStopped, Tick
from apps.voice.core.formats import PCMU
from apps.voice.core.hearing import HUSH_MS
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings
from tests.voice.simulated import PERSONA, SimulatedCall

FRAME = b"\x40" * 160


def heard(call: SimulatedCall) -> bytes:
    return b"".join(action.audio for action in call.done(SendAudio) if isinstance(action, SendAudio))


def test_what_the_carrier_left_out_is_filled_so_that_the_models_clock_is_the_calls() -> None:
    call = SimulatedCall().run(5.0)
    for at in (0, 20, 40, 340, 360):
        call.feed(AudioHeard(FRAME, at))
    assert heard(call) == FRAME * 3 + PCMU.silence * 160 * 14 + FRAME * 2
    assert PCMU.ms(len(heard(call))) == 380


def test_frames_that_come_late_together_leave_no_hole() -> None:
    call = SimulatedCall().run(5.0)
    for at in range(0, 200, 20):
        call.feed(AudioHeard(FRAME, at))
    call.run(0.3)
    for at in range(200, 600, 20):
        call.feed(AudioHeard(FRAME, at))
    assert heard(call) == FRAME * 30


def test_a_sentence_whose_end_never_comes_is_ended_with_silence() -> None:
    call = SimulatedCall().run(5.0)
    call.feed(AudioHeard(FRAME, 0))
    call.feed(SpeechStarted("a"))
    call.run(0.35)
    assert heard(call) == FRAME
    call.run(3.0)
    assert heard(call) == FRAME + PCMU.silence * 8 * HUSH_MS
    call.feed(AudioHeard(FRAME, 3_000))
    assert PCMU.ms(len(heard(call))) == 20 + HUSH_MS + 2_000 + 20  # one hole is filled with two seconds at most
    call.feed(AudioHeard(FRAME, 3_020))
    assert heard(call).endswith(FRAME * 2)


def test_silence_stands_in_for_nothing_while_nobody_speaks_or_the_caller_is_muted() -> None:
    call = SimulatedCall().run(5.0)
    call.feed(AudioHeard(FRAME, 0))
    call.run(2.0)
    assert heard(call) == FRAME
    call.feed(SpeechStarted("a"))
    call.feed(MuteChanged(True))
    before = len(heard(call))
    call.run(2.0)
    assert len(heard(call)) == before
    call.feed(SpeechStopped("a"))


def test_a_phone_that_sends_nothing_any_more_is_left_to_its_carrier() -> None:
    call = SimulatedCall(settings=Settings(carrier_silence=15.0)).run(5.0)
    call.feed(AudioHeard(FRAME, 0))
    call.run(14.8)
    assert not call.ended
    call.run(0.5)
    assert call.ended == "carrier_lost"


def test_a_phone_that_never_sends_anything_is_left_too() -> None:
    assert SimulatedCall(settings=Settings(carrier_silence=15.0)).run(15.3).ended == "carrier_lost"


def test_a_page_without_a_microphone_may_be_silent() -> None:
    assert not SimulatedCall().run(25.0).ended


def test_time_before_the_start_does_nothing_but_pass() -> None:
    session = Session(PCMU, PERSONA, Settings())
    assert [action for tenth in range(100) for action in session.handle(Tick(), tenth / 10)] == []
    assert [type(action) for action in session.handle(Tick(), 10.0)][-1] is EndCall


@pytest.mark.parametrize(
    ("away", "heard_before", "instructions"),
    [(0.4, True, ""), (4.8, True, Settings().say_again), (4.8, False, Settings().say_again)],
)
def test_a_caller_whose_words_the_lost_model_took_along_is_not_left_in_silence(
    away: float, heard_before: bool, instructions: str
) -> None:
    call = SimulatedCall(settings=Settings(filler_audio=bytes(800))).run(5.0)
    call.model.mute = True
    for _ in range(50):
        call.feed(AudioHeard(bytes(160)))
    if heard_before:
        call.feed(SpeechStarted("a"))
    call.connects = False
    call.feed(ModelLost("1006"))
    for _ in range(int(away / 0.02)):
        call.run(0.02)
        call.feed(AudioHeard(bytes(160)))
    call.feed(ModelReady())
    call.run(2.7)
    assert call.done(CreateResponse)[-1] == CreateResponse(instructions=instructions)
