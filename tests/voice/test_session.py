"""A call as a whole: greeting, talk, tools, handoff, silence, keys, the end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from apps.voice.core.actions import (
    AddText,
    AnswerTool,
    ClearPlayback,
    CloseModel,
    ConfigureModel,
    ConnectModel,
    CountUsage,
    CreateResponse,
    EndCall,
    HangUp,
    PlayAudio,
    RunTool,
    SendAudio,
    Show,
    StoreTurn,
    TruncateItem,
)
from apps.voice.core.events import (
    AudioHeard,
    CallerWords,
    CarrierStarted,
    CarrierStopped,
    DigitPressed,
    EndAsked,
    Interrupted,
    ModelReady,
    MuteChanged,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    Tick,
    ToolAsked,
    ToolFinished,
)
from apps.voice.core.formats import PCMU
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings
from tests.voice.simulated import PERSONA, SimulatedCall

RESULT = {"ok": True, "say": "Found.", "data": {"patient_id": "p1"}}


def quiet(**settings: Any) -> SimulatedCall:
    """A call whose greeting was heard."""
    return SimulatedCall(settings=Settings(**settings)).run(5.0)


def asks(call: SimulatedCall) -> list[CreateResponse]:
    return [action for action in call.done(CreateResponse) if isinstance(action, CreateResponse)]


def turns(call: SimulatedCall, role: str) -> list[StoreTurn]:
    return [turn for turn in call.done(StoreTurn) if isinstance(turn, StoreTurn) and turn.role == role]


def test_the_business_is_greeted_once_and_the_agents_words_are_kept() -> None:
    call = quiet()
    assert [type(action) for action in call.actions[1][1:]] == [ConnectModel]
    assert asks(call) == [CreateResponse(say=PERSONA.greeting)]
    (turn,) = turns(call, "agent")
    assert (turn.text, turn.unheard, turn.agent, turn.agent_version) == (
        call.model.pieces[turn.item].text, "", "front", 3,
    )  # fmt: skip
    assert len(call.done(CountUsage)) == 1


def test_the_caller_speaks_and_is_answered() -> None:
    call = quiet()
    call.model.speech(1.0, "When are you open?")
    call.run(6.0)
    assert turns(call, "visitor") == [StoreTurn("visitor", "When are you open?", item=turns(call, "visitor")[0].item)]
    assert len(turns(call, "agent")) == 2
    assert len(asks(call)) == 1
    shown = [action.data for action in call.done(Show) if isinstance(action, Show) and action.kind == "transcript"]
    assert any(data["who"] == "visitor" and data["final"] for data in shown)
    assert any(data["who"] == "agent" and not data["final"] for data in shown)
    states = [action.data["name"] for action in call.done(Show) if isinstance(action, Show) and action.kind == "state"]
    assert states == ["connecting", "thinking", "speaking", "listening", "hearing", "thinking", "speaking", "listening"]


def test_a_partial_transcript_grows() -> None:
    call = quiet()
    call.feed(CallerWords("i", "When are", False))
    (show,) = call.feed(CallerWords("i", " you open", False))
    assert isinstance(show, Show)
    assert show.data == {"who": "visitor", "text": "When are you open", "final": False, "id": "i"}


def test_a_second_start_changes_nothing() -> None:
    call = quiet()
    assert call.feed(CarrierStarted("MZ2", "CA1")) == []
    assert call.feed(ModelReady()) == []


def test_audio_before_the_model_is_kept_for_two_seconds() -> None:
    call = SimulatedCall(connect=False).run(0.01)
    frames = [bytes([number]) * 160 for number in range(150)]
    for frame in frames:
        assert call.feed(AudioHeard(frame)) == []
    call.feed(ModelReady())
    assert [action.audio for action in call.done(SendAudio) if isinstance(action, SendAudio)] == frames[50:]
    assert call.session.dropped_ms == 1000
    assert call.feed(AudioHeard(frames[0])) == [SendAudio(frames[0])]


def test_nothing_is_sent_while_muted_but_a_sentence_is_closed() -> None:
    call = quiet()
    call.feed(SpeechStarted("a"))
    closing = call.feed(MuteChanged(True))
    assert closing == [SendAudio(PCMU.silence_of(6400))]
    assert call.feed(AudioHeard(bytes(160))) == []
    call.feed(MuteChanged(False))
    assert call.feed(AudioHeard(bytes(160))) == [SendAudio(bytes(160))]


# Tools


def ask_tool(call: SimulatedCall, *calls: str) -> None:
    call.model.tools = [(name, "find", "{}") for name in calls]
    call.model.speech(0.5, "Find me")
    call.run(1.0)


def test_a_tool_is_run_once_and_answered_once_and_then_spoken_about() -> None:
    call = quiet()
    ask_tool(call, "c1", "c2")
    assert call.done(RunTool) == [RunTool("c1", "find", "{}"), RunTool("c2", "find", "{}")]
    assert call.feed(ToolAsked("resp_x", "i", "c1", "find", "{}")) == []
    call.feed(ToolFinished("c1", True, RESULT))
    assert len(asks(call)) == 1
    actions = call.feed(ToolFinished("c2", False, {"ok": False}))
    assert call.feed(ToolFinished("c2", True, RESULT)) == []
    assert [type(action) for action in actions] == [Show, AnswerTool, CreateResponse, Show]
    assert [json.loads(answer.output) for answer in call.model.answers] == [RESULT, {"ok": False}]
    call.run(5.0)
    assert len(asks(call)) == 2


def test_a_result_after_an_interruption_is_still_answered() -> None:
    call = quiet()
    ask_tool(call, "c1")
    call.model.speech(1.0, "Or rather", answer=True)
    call.run(0.2)
    call.feed(ToolFinished("c1", True, RESULT))
    call.run(5.0)
    assert len(asks(call)) == 1, "the answer to the caller's words knows of the result"
    assert [answer.call for answer in call.model.answers] == ["c1"]
    assert len(call.done(RunTool)) == 1
    assert not call.model.busy


def test_a_slow_tool_is_bridged_with_words_now_and_then() -> None:
    call = quiet(filler_audio=bytes(800))
    ask_tool(call, "c1")
    call.model.seconds = 1.0
    call.run(14.0)
    holding = [ask.instructions for ask in asks(call) if ask.instructions.startswith(Settings().holding)]
    assert len(holding) == 2
    assert "looking" in holding[0]  # the tool's label
    assert holding[0] != holding[1]
    assert longest_silence(call, 6.5, call.now) <= 3.0
    call.feed(ToolFinished("c1", True, RESULT))
    call.run(4.0)
    assert asks(call)[-1] == CreateResponse()


def longest_silence(call: SimulatedCall, start: float, end: float) -> float:
    """Seconds in which the carrier played nothing."""
    silent_from, longest = start, 0.0
    for chunk in call.carrier.chunks:
        if chunk.end > start:
            longest = max(longest, min(chunk.start, end) - silent_from)
            silent_from = max(silent_from, chunk.end)
    return max(longest, end - silent_from)


def test_without_a_sound_words_alone_keep_the_silence_short() -> None:
    call = quiet()
    ask_tool(call, "c1")
    call.model.seconds = 1.0
    start = call.now
    call.run(20.0)
    assert longest_silence(call, start, call.now) <= 3.0


def test_a_tool_asked_for_while_the_call_ends_is_refused() -> None:
    call = quiet()
    call.feed(EndAsked("goodbye", "Goodbye."))
    (answer,) = call.feed(ToolAsked("r", "i", "c9", "find", "{}"))
    assert isinstance(answer, AnswerTool)
    assert json.loads(answer.output)["error"]["code"] == "call_ending"


@pytest.mark.parametrize("voice", ["marin", "cedar"])
def test_a_specialist_takes_over_and_does_not_greet_again(voice: str) -> None:
    call = quiet()
    ask_tool(call, "c1")
    billing = replace(PERSONA, slug="billing", name="Ben", voice=voice, greeting="Hello from billing")
    before = len(call.actions)
    call.feed(ToolFinished("c1", True, {"ok": True, "say": "", "data": {"intent": "invoice"}}, billing))
    call.run(6.0)
    after = [action for _, action in call.actions[before:]]
    assert [answer.call for answer in call.model.answers] == ["c1"]
    assert Show("agent", {"slug": "billing", "name": "Ben"}) in after
    if voice == PERSONA.voice:
        assert ConfigureModel(billing) in after
        assert CloseModel() not in after
    else:
        (connect,) = [action for action in after if isinstance(action, ConnectModel)]
        assert connect.persona == billing
        assert ("user", "Find me") in connect.history
        assert after.index(CloseModel()) < after.index(connect)
        (note,) = [action for action in after if isinstance(action, AddText)]
        assert note.role == "system"
        assert "invoice" in note.text
    assert asks(call)[1:] == [CreateResponse(instructions=Settings().introduce)]
    assert turns(call, "agent")[-1].agent == "billing"
    assert call.session.persona == billing


# Keys and typing


def test_digits_are_told_together_when_the_caller_pauses() -> None:
    call = SimulatedCall().run(1.5)
    call.feed(DigitPressed("5"))
    assert call.done(ClearPlayback)
    call.run(0.5)
    call.feed(DigitPressed("1"))
    call.run(1.2)
    assert not call.done(AddText)
    call.run(0.6)
    assert call.done(AddText) == [AddText("user", "The caller pressed 51.")]
    assert asks(call)[1:] == [CreateResponse()]


def test_a_hash_ends_a_number() -> None:
    call = quiet()
    call.feed(DigitPressed("7"))
    call.feed(DigitPressed("#"))
    assert call.done(AddText) == [AddText("user", "The caller pressed 7.")]


def test_typed_words_interrupt_and_are_answered() -> None:
    call = SimulatedCall().run(1.5)
    actions = call.feed(TextTyped(" Dentist, please "))
    assert isinstance(actions[0], ClearPlayback)
    assert AddText("user", "Dentist, please") in actions
    assert CreateResponse() in actions
    assert turns(call, "visitor")[0].text == "Dentist, please"
    assert call.feed(TextTyped("  ")) == []


# Silence, cap, goodbye


def test_a_silent_caller_is_asked_and_then_left() -> None:
    call = SimulatedCall().run(33.0)
    assert len(asks(call)) == 1
    call.run(2.0)
    assert asks(call)[1].instructions == Settings().still_there
    call.run(40.0)
    assert asks(call)[2].say == Settings().silence_goodbye
    assert call.ended == "silence"


def test_speaking_ends_the_silence() -> None:
    call = SimulatedCall().run(40.0)
    call.model.speech(1.0, "Still here")
    call.run(25.0)
    assert not call.ended
    assert len(asks(call)) == 2


def test_the_cap_is_told_and_kept() -> None:
    call = SimulatedCall(settings=Settings(cap=130, silence_prompt=1000)).run(72.0)
    assert asks(call)[1].instructions == Settings().warning
    call.run(70.0)
    assert asks(call)[2].say == Settings().cap_goodbye
    assert call.ended == "limit"
    assert 130 < next(now for now, action in call.actions if isinstance(action, EndCall)) < 137


def test_a_demo_is_not_warned() -> None:
    call = SimulatedCall(settings=Settings(cap=60)).run(70.0)
    assert [ask.instructions for ask in asks(call)] == ["", Settings().still_there, ""]
    assert call.ended == "limit"


def test_the_goodbye_is_heard_to_its_end_whatever_the_caller_does() -> None:
    call = quiet()
    call.carrier.late = 0.5
    call.feed(EndAsked("goodbye", "Thank you. Goodbye."))
    call.run(0.6)
    for event in (
        SpeechStarted("a"),
        DigitPressed("1"),
        TextTyped("Wait"),
        SpeechStopped("a"),
        Interrupted("supervisor"),
    ):
        call.feed(event)
    assert call.feed(AudioHeard(bytes(160))) == []
    call.run(8.0)
    assert not call.done(ClearPlayback)
    item = list(call.model.pieces)[-1]
    hung_up = next(now for now, action in call.actions if isinstance(action, HangUp))
    assert call.carrier.heard(item, hung_up) == pytest.approx(3000)
    assert 0.2 <= hung_up - call.carrier.free_at <= 1.5
    assert call.ended == "goodbye"
    assert call.actions[-1][1] == EndCall("goodbye")
    assert turns(call, "agent")[-1].unheard == ""


def test_without_words_the_call_ends_when_all_is_played() -> None:
    call = SimulatedCall().run(1.0)
    call.feed(EndAsked("transfer"))
    call.run(6.0)
    hung_up, action = next((now, action) for now, action in call.actions if isinstance(action, HangUp))
    assert action == HangUp(final=False)
    assert call.carrier.heard("item_1", hung_up) == pytest.approx(3000)
    assert call.ended == "transfer"


def test_what_the_agent_is_still_saying_is_waited_for() -> None:
    call = SimulatedCall()
    call.model.burst = False
    call.run(1.0)
    call.feed(EndAsked("goodbye"))
    call.run(8.0)
    assert call.model.pieces["item_1"].made == 3000 * PCMU.bytes_per_ms
    hung_up = next(now for now, action in call.actions if isinstance(action, HangUp))
    assert call.carrier.heard("item_1", hung_up) == pytest.approx(3000)


def test_an_end_at_once_is_at_once_and_tells_what_was_heard() -> None:
    call = SimulatedCall().run(1.5)
    actions = call.feed(EndAsked("supervisor", "ignored", now=True))
    assert [type(action) for action in actions] == [HangUp, CloseModel, Show, StoreTurn, EndCall]
    assert turns(call, "agent")[0].interrupted
    assert call.feed(Tick()) == []
    assert call.feed(CarrierStopped("stop")) == []


@pytest.mark.parametrize(
    ("how", "reason"), [("hangup", "caller_left"), ("stop", "caller_left"), ("lost", "carrier_lost")]
)
def test_the_carrier_ends_the_call(how: Any, reason: str) -> None:
    call = SimulatedCall().run(1.5)
    call.feed(CarrierStopped(how))
    assert call.ended == reason
    assert not call.done(HangUp)
    assert not call.done(TruncateItem)


def test_a_call_that_never_starts_ends() -> None:
    session = Session(PCMU, PERSONA, Settings())
    assert session.handle(Tick(), 100.0) == []
    assert session.handle(Tick(), 109.9) == []
    assert session.handle(Tick(), 110.0) == [HangUp(), EndCall("never_started")]
    assert Session(PCMU, PERSONA, Settings()).handle(CarrierStopped("lost"), 1.0) == [EndCall("never_started")]


def test_a_goodbye_the_model_never_says_ends_the_call_all_the_same() -> None:
    call = quiet()
    call.model.mute = True
    call.feed(EndAsked("limit", "Goodbye."))
    call.run(8.0)
    assert call.ended == "limit"


def test_the_same_events_give_the_same_actions() -> None:
    call = SimulatedCall(7, jitter=0.05)
    for _ in range(12):
        call.run(1.3)
        call.model.speech(0.4)
    call.feed(EndAsked("goodbye", "Bye."))
    call.run(10.0)
    again = Session(PCMU, PERSONA, Settings())
    replayed = [action for now, event in call.events for action in again.handle(event, now)]
    assert replayed == [action for _, action in call.actions]
    assert call.done(PlayAudio)


def test_what_the_caller_was_saying_when_they_left_is_kept() -> None:
    call = quiet()
    call.feed(CallerWords("i", "And could you", False))
    call.feed(CarrierStopped("hangup"))
    assert turns(call, "visitor") == [StoreTurn("visitor", "And could you", item="i")]
