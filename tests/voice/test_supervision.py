"""A supervisor in the call: what the agent may say, what the caller hears, and what the model is told."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core.actions import (
    Action,
    AddText,
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    ConnectModel,
    CreateResponse,
    EndCall,
    MuteModel,
    PlayAudio,
    RunTool,
    Show,
    StoreTurn,
)
from apps.voice.core.events import (
    AudioDone,
    AudioHeard,
    AudioSpoken,
    BargedIn,
    CallerWords,
    CarrierStarted,
    DigitPressed,
    EndAsked,
    Event,
    HandedBack,
    Interrupted,
    MarkPlayed,
    ModelLost,
    ModelReady,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    SupervisorSpoke,
    SupervisorTyped,
    TakenOver,
    TextTyped,
    Tick,
    ToolAsked,
    ToolFinished,
    Whispered,
    WordsSpoken,
)
from apps.voice.core.formats import PCMU
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings
from tests.voice.simulated import PERSONA, SimulatedCall

THEIRS = b"\x55" * PCMU.frame_bytes
SOUND = b"\x11" * PCMU.frame_bytes * 10


def talking(seconds: float = 1.0) -> SimulatedCall:
    """A call in which the agent is greeting, and the model still makes words."""
    call = SimulatedCall()
    call.model.burst = False
    return call.run(seconds)


def notes(call: SimulatedCall) -> list[str]:
    return [action.text for action in call.done(AddText) if isinstance(action, AddText) and action.role == "system"]


def played(actions: list[Action] | Any) -> bytes:
    return b"".join(action.audio for action in actions if isinstance(action, PlayAudio))


def test_a_whisper_reaches_the_agent_and_makes_nobody_speak() -> None:
    call = talking()
    before = len(call.done(CreateResponse))
    actions = call.feed(Whispered(" Offer ten percent. "))
    assert [type(action) for action in actions] == [AddText, StoreTurn]
    assert notes(call)[-1].endswith("Offer ten percent.")
    assert actions[1] == StoreTurn("supervisor", "", unheard="Offer ten percent.")
    call.run(0.5)
    assert len(call.done(CreateResponse)) == before


def test_a_whisper_survives_the_models_connection() -> None:
    call = talking()
    call.feed(Whispered("Offer ten percent."))
    call.feed(ModelLost("gone"))
    [*_, again] = call.done(ConnectModel)
    assert isinstance(again, ConnectModel)
    assert [text for role, text in again.history if role == "system"] == [Settings().whispered + "Offer ten percent."]


def test_a_takeover_cuts_the_agent_off_at_once() -> None:
    call = talking()
    actions = call.feed(TakenOver("Dana"))
    kinds = [type(action) for action in actions]
    assert kinds[:2] == [ClearPlayback, CancelResponse]
    assert MuteModel(True) in actions
    call.model.speech(1.0)
    call.run(10.0)
    late = [action for at, action in call.actions if at > 1.0]
    assert not any(isinstance(action, PlayAudio | CreateResponse) for action in late)
    assert [action.text for action in late if isinstance(action, StoreTurn) and action.role == "visitor"]


def test_the_caller_hears_the_supervisor_and_cannot_stop_them() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    call.run(0.2)
    call.model.speech(0.5, answer=False)
    heard = b""
    for _ in range(50):
        heard += played(call.feed(SupervisorSpoke(THEIRS, voiced=True)))
        call.run(0.02)
    assert heard == THEIRS * 50
    assert not any(isinstance(action, ClearPlayback) for at, action in call.actions if at > 1.0)


def test_what_piles_up_on_the_supervisors_way_is_left_out() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    heard = b"".join(played(call.feed(SupervisorSpoke(THEIRS, voiced=True))) for _ in range(500))
    assert 1_000 <= PCMU.ms(len(heard)) <= 1_100


def test_the_agent_goes_on_with_the_summary() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    call.run(40.0)  # longer than anybody may be silent with an agent
    actions = call.feed(HandedBack("They want a demo on Tuesday."))
    assert MuteModel(False) in actions
    assert notes(call)[-1] == Settings().handed_back + "They want a demo on Tuesday."
    assert [action for action in actions if isinstance(action, CreateResponse)] == [
        CreateResponse(instructions=Settings().go_on)
    ]
    call.run(2.0)
    assert played([action for at, action in call.actions if at > 41.0])


def test_without_a_summary_the_agent_is_told_what_was_said() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    call.model.speech(0.5, text="Can you do it for fifty?", answer=False)
    call.run(1.0)
    call.feed(SupervisorTyped("Fifty it is."))
    call.feed(HandedBack())
    assert "Caller: “Can you do it for fifty?”" in notes(call)[-1]
    assert "“Fifty it is.”" in notes(call)[-1]


def test_what_a_supervisor_writes_is_shown_and_kept() -> None:
    call = talking()
    assert call.feed(SupervisorTyped("Hello")) == []  # they are not in the call
    call.feed(BargedIn("Dana"))
    actions = call.feed(SupervisorTyped("Hello"))
    assert [action.data["who"] for action in actions if isinstance(action, Show)] == ["supervisor"]
    assert [action for action in actions if isinstance(action, StoreTurn)] == [
        StoreTurn("supervisor", "Hello", item="supervisor-1")
    ]


def test_barging_in_silences_the_agent_only_while_the_supervisor_speaks() -> None:
    call = talking()
    actions = call.feed(BargedIn("Dana"))
    assert not any(isinstance(action, ClearPlayback | CancelResponse) for action in actions)
    cut = call.feed(SupervisorSpoke(THEIRS, voiced=True))
    assert [type(action) for action in cut][:2] == [ClearPlayback, CancelResponse]
    call.model.speech(0.1)  # the caller answers them: so does the model, which is told to wait
    call.run(0.4)
    call.feed(SupervisorSpoke(THEIRS, voiced=True))
    assert any(isinstance(action, CancelResponse) for at, action in call.actions if at > 1.1)
    before = len(call.done(CreateResponse))
    call.run(3.0)
    assert len(call.done(CreateResponse)) == before + 1
    assert played([action for at, action in call.actions if at > 1.5])


def test_a_tool_that_was_asked_for_is_not_run_any_more() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    actions = call.feed(ToolAsked("resp_1", "item_9", "call_9", "book", "{}"))
    assert not any(isinstance(action, RunTool) for action in actions)
    [answer] = [action for action in actions if isinstance(action, AnswerTool)]
    assert "taken_over" in answer.output


def test_a_lost_model_does_not_end_a_call_that_a_person_has() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    call.feed(ModelLost("quota", fatal=True))
    call.run(60.0)
    assert not call.ended
    call.feed(HandedBack("All settled."))
    call.run(10.0)
    assert call.ended == "no_model"


def test_a_model_that_comes_back_is_mute_until_the_call_is_handed_back() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    call.feed(ModelLost("gone"))
    [*_, again] = call.done(ConnectModel)
    assert isinstance(again, ConnectModel)
    assert again.mute
    call.feed(HandedBack("All settled."))  # before it is there
    call.run(2.0)
    assert call.done(MuteModel)[-1] == MuteModel(False)
    assert call.done(CreateResponse)[-1] == CreateResponse(instructions=Settings().go_on)


def test_a_call_ended_in_a_takeover_ends_without_a_word_of_the_agent() -> None:
    call = talking()
    call.feed(TakenOver("Dana"))
    call.feed(EndAsked("supervisor", words="Goodbye."))
    call.run(5.0)
    assert call.ended == "supervisor"
    assert not any(isinstance(action, CreateResponse) for at, action in call.actions if at >= 1.0)


def test_nobody_steps_into_a_goodbye() -> None:
    call = talking()
    call.feed(EndAsked("goodbye", words="Goodbye."))
    assert not call.session.steerable
    assert call.feed(TakenOver("Dana")) == []
    assert call.session.supervised == ""


ids = st.sampled_from(["r1", "r2", "r3"])
events = st.one_of(
    st.builds(ResponseStarted, ids),
    st.builds(AudioSpoken, ids, st.sampled_from(["i1", "i2", "i3"]), st.integers(0, 1), st.just(SOUND)),
    st.builds(AudioDone, ids, st.sampled_from(["i1", "i2", "i3"]), st.integers(0, 1)),
    st.builds(WordsSpoken, ids, st.sampled_from(["i1", "i2", "i3"]), st.integers(0, 1), st.just("some words")),
    st.builds(ResponseEnded, ids, st.sampled_from(["completed", "cancelled", "failed"])),
    st.builds(ToolAsked, ids, st.just("i9"), st.sampled_from(["c1", "c2", "c3"]), st.just("find"), st.just("{}")),
    st.builds(ToolFinished, st.sampled_from(["c1", "c2"]), st.booleans(), st.just({"say": "yes"})),
    st.builds(ToolFinished, st.just("c3"), st.just(True), st.just({}), st.just(PERSONA)),
    st.builds(ModelLost, st.just("gone"), st.booleans()),
    st.builds(MarkPlayed, st.integers(0, 40).map(lambda number: f"g0:{number}")),
    st.builds(CallerWords, st.just("h1"), st.just("Hello?"), st.booleans()),
    st.builds(SupervisorSpoke, st.just(THEIRS), st.booleans()),
    st.builds(HandedBack, st.sampled_from(["", "All settled."])),
    st.sampled_from(
        [
            ModelReady(), SpeechStarted("h1"), SpeechStopped("h1"), DigitPressed("1"), TextTyped("Hi"), Tick(),
            Interrupted("supervisor"), AudioHeard(SOUND), TakenOver("Dana"), BargedIn("Dana"), SupervisorTyped("Yes."),
            Whispered("No."), EndAsked("limit", words="Goodbye."),
        ]
    ),
)  # fmt: skip
runs = st.lists(st.tuples(events, st.sampled_from([0.0, 0.02, 0.1, 1.0, 5.0, 31.0])), max_size=60)


@given(before=runs, during=runs)
def test_the_agent_never_speaks_in_a_takeover(
    before: list[tuple[Event, float]], during: list[tuple[Event, float]]
) -> None:
    """Whatever comes in whatever order: from a takeover to its end nothing is asked of the model, nothing is played."""
    session = Session(PCMU, PERSONA, Settings(filler_audio=SOUND))
    now = 0.0
    opening: list[tuple[Event, float]] = [(CarrierStarted("MZ1", "CA1"), 0.1), (ModelReady(), 0.1)]
    for event, wait in [*opening, *before, (TakenOver("Dana"), 0.0), *during]:
        now += wait
        actions = session.handle(event, now)
        if session.supervised == "takeover":
            assert not any(isinstance(action, CreateResponse) for action in actions), event
            assert not set(played(actions)) - {0x55, 0xFF}, event  # their voice, and what fills its last frame
        assert sum(isinstance(action, EndCall) for action in actions) <= 1
