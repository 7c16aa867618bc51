"""What goes wrong: the model is lost, slow, busy or dead, and everything at random."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.voice.core.actions import (
    AddText,
    AnswerTool,
    CloseModel,
    ConnectModel,
    CreateResponse,
    DeleteItem,
    EndCall,
    HangUp,
    PlaceMark,
    PlayAudio,
    RunTool,
    SendAudio,
    TruncateItem,
)
from apps.voice.core.events import (
    AudioDone,
    AudioHeard,
    AudioSpoken,
    CallerWords,
    CarrierStarted,
    CarrierStopped,
    DigitPressed,
    EndAsked,
    Interrupted,
    MarkPlayed,
    ModelFailed,
    ModelLost,
    ModelReady,
    MuteChanged,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    Tick,
    ToolAsked,
    ToolFinished,
    WordsSpoken,
)
from apps.voice.core.fillers import waiting_sound
from apps.voice.core.formats import PCMU
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings
from tests.voice.simulated import PERSONA, SimulatedCall

RESULT = {"ok": True, "say": "Found.", "data": {}}


def quiet(**settings: Any) -> SimulatedCall:
    return SimulatedCall(settings=Settings(**settings)).run(5.0)


def connects(call: SimulatedCall) -> list[ConnectModel]:
    return [action for action in call.done(ConnectModel) if isinstance(action, ConnectModel)]


def asks(call: SimulatedCall) -> list[CreateResponse]:
    return [action for action in call.done(CreateResponse) if isinstance(action, CreateResponse)]


def test_a_lost_model_is_replaced_and_told_what_was_heard() -> None:
    call = quiet()
    call.model.speech(0.5, "I need a dentist")
    call.run(1.2)
    call.feed(SpeechStarted("again"))
    call.run(2.0)
    call.feed(ModelLost("1006"))
    call.run(4.0)
    first, second = connects(call)
    assert first.history == ()
    greeting, caller, heard = second.history
    assert greeting[0] == "assistant"
    assert caller == ("user", "I need a dentist")
    piece = list(call.model.pieces.values())[1]
    assert heard[0] == "assistant"
    assert piece.text.startswith(heard[1])
    assert len(heard[1]) < len(piece.text)
    assert [ask.say for ask in asks(call)].count(PERSONA.greeting) == 1


def test_a_model_lost_in_the_middle_of_an_answer_goes_on_with_it() -> None:
    call = quiet()
    call.model.burst = False
    call.model.speech(0.5, "I need a dentist")
    call.run(1.5)
    assert call.model.active
    call.feed(ModelLost("1006"))
    call.run(3.0)
    assert asks(call)[-1] == CreateResponse(instructions=Settings().resume)
    assert call.session.over is False


def test_an_interruption_while_the_model_is_away_is_told_to_the_next() -> None:
    call = quiet()
    call.model.seconds = 6.0
    call.model.speech(0.5, "I need a dentist")
    call.run(2.0)
    call.connects = False
    call.feed(ModelLost("1006"))
    call.feed(Interrupted("supervisor"))
    assert not call.done(TruncateItem)
    assert not call.done(DeleteItem)
    actions = call.feed(ModelReady())
    assert isinstance(actions[0], AddText)
    assert "heard only" in actions[0].text


def test_speech_that_the_lost_model_did_not_answer_is_replayed() -> None:
    call = quiet()
    for number in range(200):
        call.feed(AudioHeard(bytes([number]) * 160))
    call.feed(SpeechStarted("a"))
    call.connects = False
    call.feed(ModelLost("1006"))
    before = len(call.done(SendAudio))
    call.feed(AudioHeard(bytes([200]) * 160))
    call.feed(ModelReady())
    replayed = [action.audio[0] for action in call.done(SendAudio)[before:] if isinstance(action, SendAudio)]
    assert replayed == list(range(51, 201))


def test_who_waits_for_the_answer_to_replayed_words_waits_since_they_were_said() -> None:
    call = quiet(filler_audio=waiting_sound(PCMU))

    def talk(frames: int) -> None:
        for _ in range(frames):
            call.feed(AudioHeard(bytes(160)))
            call.run(0.02)

    talk(50)
    call.feed(SpeechStarted("a", 1_000))
    talk(50)
    call.feed(SpeechStopped("a", 2_000))
    said, heard = call.now, len(call.done(PlayAudio))
    call.connects = False
    call.feed(ModelLost("1006"))
    talk(90)
    call.feed(ModelReady())
    call.feed(SpeechStarted("b", 200))
    call.feed(SpeechStopped("b", 1_200))
    talk(40)
    assert call.now - said < 3.0
    assert len(call.done(PlayAudio)) > heard


def test_what_the_lost_model_has_answered_is_not_replayed() -> None:
    call = quiet()
    call.feed(AudioHeard(bytes(160)))
    call.feed(ModelLost("1006"))
    before = len(call.done(SendAudio))
    call.run(1.0)
    assert len(call.done(SendAudio)) == before
    assert len(asks(call)) == 1


def test_the_third_loss_leaves_the_call_to_the_carrier() -> None:
    call = quiet()
    for _ in range(3):
        call.feed(ModelLost("1006"))
        call.run(1.0)
    assert len(connects(call)) == 3
    assert call.done(HangUp) == [HangUp(final=False)]
    assert call.ended == "no_model"


@pytest.mark.parametrize("event", [ModelLost("quota", fatal=True), ModelFailed("insufficient_quota", "", fatal=True)])
def test_what_will_not_pass_ends_the_call(event: Any) -> None:
    call = quiet()
    call.feed(event)
    call.run(1.0)
    assert len(connects(call)) == 1
    assert call.done(HangUp) == [HangUp(final=False)]
    assert call.ended == "no_model"


def test_an_expired_session_is_no_loss() -> None:
    call = quiet()
    for _ in range(5):
        call.feed(ModelLost("1001", expired=True))
        call.run(1.0)
    assert len(connects(call)) == 6
    assert not call.ended


def test_a_session_is_renewed_between_two_responses_before_it_is_too_old() -> None:
    call = SimulatedCall(settings=Settings(recycle_after=20, silence_prompt=100)).run(19.5)
    call.model.seconds = 4.0
    call.model.speech(0.5, "Go on")
    call.run(4.0)
    assert len(connects(call)) == 1
    call.run(2.0)
    assert len(connects(call)) == 2
    assert len(call.done(CloseModel)) == 1
    call.run(5.0)
    assert len(asks(call)) == 1


def test_a_call_of_a_lost_session_is_told_as_a_note() -> None:
    call = quiet()
    call.model.tools = [("c1", "find", "{}")]
    call.model.speech(0.5, "Find me")
    call.run(1.0)
    call.feed(ModelLost("1006"))
    call.feed(ToolFinished("c1", True, RESULT))
    call.run(1.0)
    assert not call.done(AnswerTool)
    (note,) = call.done(AddText)
    assert isinstance(note, AddText)
    assert note.role == "system"
    assert '"say": "Found."' in note.text
    assert asks(call)[-1] == CreateResponse()
    assert call.feed(ToolAsked("r", "i", "c1", "find", "{}")) == []


def test_a_model_that_never_answers_the_connection_is_given_up() -> None:
    call = SimulatedCall(connect=False, settings=Settings(filler_audio=bytes(4000))).run(16.5)
    assert len(connects(call)) == 3
    assert call.ended == "no_model"
    sounds = [now for now, action in call.actions if isinstance(action, PlayAudio)]
    assert sounds[0] <= 2.2
    assert all(later - earlier < 3.2 for earlier, later in pairwise(sounds))


def test_a_response_that_does_not_start_is_asked_for_twice_more() -> None:
    call = quiet()
    call.model.mute = True
    call.feed(TextTyped("Hello?"))
    call.run(7.0)
    assert asks(call)[1:] == [CreateResponse()] * 3
    call.run(1.0)
    assert len(connects(call)) == 2


def test_an_answer_the_server_forgets_is_asked_for() -> None:
    call = quiet()
    call.model.speech(0.5, "Hello?", answer=False)
    call.run(4.0)
    assert asks(call)[1:] == [CreateResponse()]


def test_a_response_that_dies_is_noticed() -> None:
    call = quiet()
    call.model.mute = True
    call.feed(TextTyped("Hello?"))
    call.feed(ResponseStarted("resp_dead"))
    call.run(9.0)
    assert len(connects(call)) == 2


def test_busy_is_retried_when_the_other_response_has_ended() -> None:
    call = quiet()
    call.model.mute = True
    call.feed(TextTyped("Hello?"))
    call.feed(ResponseStarted("resp_other"))
    call.feed(ModelFailed("conversation_already_has_active_response", "", busy=True))
    assert len(asks(call)) == 2
    actions = call.feed(ResponseEnded("resp_other", "completed"))
    assert CreateResponse() in actions


def test_a_failed_response_is_asked_for_again_a_little_later() -> None:
    call = quiet()
    call.model.mute = True
    call.feed(TextTyped("Hello?"))
    call.feed(ResponseStarted("resp_f"))
    assert CreateResponse() not in call.feed(ResponseEnded("resp_f", "failed", "rate_limit"))
    call.run(0.7)
    assert len(asks(call)) == 3


def test_a_second_end_of_a_response_counts_nothing() -> None:
    call = quiet()
    assert call.feed(ResponseEnded("resp_1", "completed", usage={"input_tokens": 10})) == []


def test_late_audio_of_a_discarded_response_is_forgotten() -> None:
    call = quiet()
    call.feed(ResponseStarted("resp_9"))
    call.feed(Interrupted("supervisor"))
    assert call.feed(AudioSpoken("resp_9", "item_9", 0, bytes(1600))) == [DeleteItem("item_9")]
    assert call.feed(AudioSpoken("resp_9", "item_9", 0, bytes(1600))) == []
    assert call.feed(WordsSpoken("resp_9", "item_9", 0, "Never heard")) == []
    actions = call.feed(ResponseEnded("resp_9", "cancelled"))
    assert any(getattr(action, "unheard", "") == "Never heard" for action in actions)


responses = st.sampled_from(["r1", "r2", "r3"])
items = st.sampled_from(["i1", "i2", "i3"])
calls = st.sampled_from(["c1", "c2", "c3"])
EVENTS = st.one_of(
    st.builds(CarrierStarted, st.just("MZ"), st.just("CA")),
    st.builds(AudioHeard, st.just(bytes(160))),
    st.builds(MarkPlayed, st.builds("g{}:{}".format, st.integers(0, 3), st.integers(1, 40))),
    st.builds(DigitPressed, st.sampled_from("0123456789*#")),
    st.builds(TextTyped, st.sampled_from(["yes", " ", "no"])),
    st.builds(MuteChanged, st.booleans()),
    st.just(ModelReady()),
    st.builds(SpeechStarted, items),
    st.builds(SpeechStopped, items),
    st.builds(CallerWords, items, st.sampled_from(["", "hello there"]), st.booleans()),
    st.builds(ResponseStarted, responses),
    st.builds(AudioSpoken, responses, items, st.integers(0, 1), st.binary(min_size=1, max_size=2000)),
    st.builds(AudioDone, responses, items, st.integers(0, 1)),
    st.builds(WordsSpoken, responses, items, st.integers(0, 1), st.sampled_from(["well then ", "good "])),
    st.builds(ToolAsked, responses, items, calls, st.just("find"), st.just("{}")),
    st.builds(ResponseEnded, responses, st.sampled_from(["completed", "cancelled", "incomplete", "failed"])),
    st.builds(ModelFailed, st.just("e"), st.just(""), busy=st.booleans()),
    st.builds(ModelLost, expired=st.booleans()),
    st.builds(ToolFinished, calls, st.booleans(), st.just(RESULT), st.sampled_from([None, None, PERSONA])),
    st.builds(EndAsked, st.sampled_from(["goodbye", "limit", "drain"]), st.sampled_from(["", "Bye."])),
    st.builds(Interrupted, st.sampled_from(["supervisor", "digit", "text"])),
)
STEPS = st.lists(st.tuples(st.one_of(EVENTS, st.just(Tick())), st.sampled_from([0.0, 0.01, 0.1, 1.0])), max_size=80)


@settings(max_examples=120)
@given(STEPS)
def test_whatever_comes_in_whatever_order(steps: list[tuple[Any, float]]) -> None:
    """Nonsense from both sides: the rules hold, and the call ends."""
    session, now = Session(PCMU, PERSONA, Settings(cap=60)), 0.0
    actions: list[Any] = []
    for event, wait in [(CarrierStarted("MZ", "CA"), 0.1), *steps]:
        now += wait
        actions += session.handle(event, now)
    for _ in range(700):
        now += 0.2
        actions += session.handle(Tick(), now)
    assert [isinstance(action, EndCall) for action in actions].count(True) == 1
    assert isinstance(actions[-1], EndCall)
    runs = Counter(action.call for action in actions if isinstance(action, RunTool))
    answers = Counter(action.call for action in actions if isinstance(action, AnswerTool))
    assert all(count == 1 for count in [*runs.values(), *answers.values()])
    assert all(len(action.audio) % 160 == 0 and action.audio for action in actions if isinstance(action, PlayAudio))
    names = [action.name for action in actions if isinstance(action, PlaceMark)]
    assert len(names) == len(set(names))
    connected = False
    for action in actions:
        if isinstance(action, ConnectModel):
            connected = True
        elif isinstance(action, CloseModel):
            connected = False
        elif isinstance(action, CreateResponse | AddText | AnswerTool | TruncateItem | DeleteItem):
            assert connected


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_random_calls_end_whole(seed: int) -> None:
    """A call with talk, tools, losses and interruptions: nothing twice, nothing unanswered, the goodbye whole."""
    call = SimulatedCall(seed, jitter=0.06, settings=Settings(filler_audio=bytes(1600)))
    call.carrier.late = 0.2
    chance, tools = call.chance, 0
    call.run(1.0)
    for _ in range(8):
        match chance.randrange(6):
            case 0 | 1:
                call.model.speech(chance.uniform(0.2, 1.0))
            case 2:
                tools += 1
                call.model.tools = [(f"c{tools}", "find", "{}")]
                finished = ToolFinished(f"c{tools}", True, RESULT)
                call.model.speech(0.4)
                call.at(call.now + chance.uniform(1.0, 3.0), lambda finished=finished: call.feed(finished))  # type: ignore[misc]
            case 3:
                call.feed(TextTyped("Really?"))
            case 4:
                call.feed(DigitPressed("1"))
            case 5:
                call.feed(ModelLost("1001", expired=True))
        call.run(chance.uniform(0.1, 4.0))
    call.run(4.0)
    call.feed(EndAsked("goodbye", "Goodbye."))
    call.model.seconds = 2.0
    call.run(0.4)
    call.feed(SpeechStarted("late"))
    call.run(30.0)
    assert call.ended == "goodbye"
    runs = [action.call for action in call.done(RunTool) if isinstance(action, RunTool)]
    assert len(runs) == len(set(runs))
    answered = [answer.call for answer in call.model.answers]
    notes = [action for action in call.done(AddText) if isinstance(action, AddText) and "find" in action.text]
    assert len(answered) == len(set(answered))
    assert len(answered) + len(notes) == len(runs)
    hung_up = next(now for now, action in call.actions if isinstance(action, HangUp))
    assert call.carrier.free_at <= hung_up
    asked = [ask.say for ask in asks(call)]
    assert asked.count(PERSONA.greeting) == 1
    assert asked[-1] == "Goodbye."
    goodbye = call.model.pieces[list(call.model.pieces)[-1]]
    assert call.carrier.heard(goodbye.item, hung_up) == pytest.approx(2000, abs=1)
    for truncation, made in call.model.truncations:
        assert truncation.audio_end_ms <= PCMU.ms(made)


def test_the_carrier_stops_in_any_state() -> None:
    for after in (0.0, 0.1, 0.4, 1.0, 4.0):
        call = SimulatedCall().run(after)
        call.feed(CarrierStopped("stop"))
        call.run(5.0)
        assert call.ended == "caller_left"
        assert isinstance(call.actions[-1][1], EndCall)
