"""The Realtime protocol's text, both ways."""

import json
import time
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sandbox.core.realtime_wire import read_event
from apps.voice.core.actions import (
    AddText,
    AnswerTool,
    CancelResponse,
    ConfigureModel,
    ConnectModel,
    CreateResponse,
    DeleteItem,
    DropInput,
    SendAudio,
    TruncateItem,
)
from apps.voice.core.events import (
    AudioDone,
    AudioSpoken,
    CallerWords,
    ModelFailed,
    ModelReady,
    Persona,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    ToolAsked,
    WordsSpoken,
)
from apps.voice.core.formats import L16, PCM16, PCMA, PCMU, Format
from apps.voice.core.listening import Listening
from apps.voice.core.realtime import SessionCreated, append, read
from apps.voice.core.realtime_commands import Commands, ModelAction, Setup, spoken_on

TOOLS = b'[{"type":"function","name":"find_slots","description":"Finds.","parameters":{"type":"object"}}]'
ADA = Persona("ada", "Ada", 3, "You are Ada.", "marin", "Hello!", TOOLS)
ACTIVE = "conversation_already_has_active_response"
PLACE = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 2}
CALL = {
    "id": "item_2",
    "type": "function_call",
    "status": "completed",
    "call_id": "c1",
    "name": "book",
    "arguments": "{}",
}


def event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, "event_id": "event_1", **fields})


def failed(code: str, event_id: str | None = None) -> str:
    error = {"type": "invalid_request_error", "code": code, "message": "No.", "param": None, "event_id": event_id}
    return event("error", error=error)


def ended(**response: Any) -> str:
    return event("response.done", response={"id": "resp_1", "object": "realtime.response", "output": [], **response})


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        (event("session.created", session={"id": "sess_1"}), [SessionCreated()]),
        (event("session.updated", session={"id": "sess_1"}), [ModelReady()]),
        (event("response.output_audio.delta", **PLACE, delta="/w=="), [AudioSpoken("resp_1", "item_1", 2, b"\xff")]),
        (event("response.output_audio.done", **PLACE), [AudioDone("resp_1", "item_1", 2)]),
        (
            event("response.output_audio_transcript.delta", **PLACE, delta=' "né"'),
            [WordsSpoken("resp_1", "item_1", 2, ' "né"')],
        ),
        (event("input_audio_buffer.speech_started", audio_start_ms=1, item_id="i"), [SpeechStarted("i", 1)]),
        (event("input_audio_buffer.speech_stopped", audio_end_ms=1, item_id="i"), [SpeechStopped("i", 1)]),
        (
            event("conversation.item.input_audio_transcription.delta", item_id="i", delta="He"),
            [CallerWords("i", "He", False)],
        ),
        (
            event("conversation.item.input_audio_transcription.completed", item_id="i", transcript="Hello"),
            [CallerWords("i", "Hello", True)],
        ),
        (
            event("conversation.item.input_audio_transcription.failed", item_id="i", error={"code": "x"}),
            [CallerWords("i", "", True)],
        ),
        (event("response.created", response={"id": "resp_1", "usage": None}), [ResponseStarted("resp_1")]),
        (
            event("response.output_item.done", response_id="resp_1", item=CALL),
            [ToolAsked("resp_1", "item_2", "c1", "book", "{}")],
        ),
        (event("response.output_item.done", response_id="resp_1", item={**CALL, "status": "incomplete"}), []),
        (event("response.output_item.done", response_id="resp_1", item={"id": "i", "type": "message"}), []),
        (event("rate_limits.updated", rate_limits=[]), []),
        (event("something.new", delta={"of": ["another", "shape"]}), []),
        (failed("response_cancel_not_active"), []),
        (failed("invalid_value", "truncate"), []),
        (failed("item_delete_invalid_item_id", "delete"), []),
        (failed("invalid_value", "other"), [ModelFailed("invalid_value", "No.")]),
        (failed(ACTIVE), [ModelFailed(ACTIVE, "No.", busy=True)]),
        (failed("insufficient_quota", "truncate"), [ModelFailed("insufficient_quota", "No.", fatal=True)]),
        (failed("session_expired"), [ModelFailed("session_expired", "No.")]),
        (ended(status="completed", status_details=None), [ResponseEnded("resp_1", "completed")]),
        (
            ended(status="cancelled", status_details={"type": "cancelled", "reason": "turn_detected"}),
            [ResponseEnded("resp_1", "cancelled", "turn_detected")],
        ),
        (
            ended(status="failed", status_details={"error": {"code": "insufficient_quota", "message": "Pay."}}),
            [
                ResponseEnded("resp_1", "failed", "insufficient_quota"),
                ModelFailed("insufficient_quota", "Pay.", fatal=True),
            ],
        ),
        ("{", [ModelFailed("unreadable", "A message of the model could not be read.")]),
        (b"\xff\xfe", [ModelFailed("unreadable", "A message of the model could not be read.")]),
    ],
)
def test_reading(message: str | bytes, meaning: list[Any]) -> None:
    assert read(message) == meaning


def test_what_a_response_cost() -> None:
    usage = {
        "total_tokens": 30,
        "input_tokens": 20,
        "output_tokens": 10,
        "input_token_details": {"text_tokens": 5, "audio_tokens": 15, "cached_tokens": 4}
        | {"cached_tokens_details": {"text_tokens": 1, "audio_tokens": 3}},
        "output_token_details": {"text_tokens": 3, "audio_tokens": 7},
    }
    (event,) = read(ended(status="completed", usage=usage))
    assert isinstance(event, ResponseEnded)
    assert event.usage == {
        "input_tokens": 20,
        "output_tokens": 10,
        "input_audio_tokens": 15,
        "output_audio_tokens": 7,
        "cached_tokens": 4,
        "cached_audio_tokens": 3,
    }


@given(st.binary(max_size=2_000))
def test_audio_arrives_as_it_was_sent(audio: bytes) -> None:
    assert json.loads(append(audio)) == {"type": "input_audio_buffer.append", "audio": b64encode(audio).decode()}
    (spoken,) = read(event("response.output_audio.delta", **PLACE, delta=b64encode(audio).decode()))
    assert isinstance(spoken, AudioSpoken)
    assert spoken.audio == audio


@given(st.text(), st.binary())
def test_nothing_that_comes_breaks_the_reader(text: str, raw: bytes) -> None:
    for message in (text, raw, event("response.done", response=text), event("response.output_audio.delta", delta=text)):
        assert isinstance(read(message), list)


EVERY_ACTION: list[ModelAction] = [
    ConnectModel(ADA, (("user", "Hi"), ("assistant", "Hello"))),
    ConfigureModel(ADA),
    SendAudio(b"\xff" * 160),
    DropInput(),
    CreateResponse(),
    CreateResponse(instructions="Ask for the date."),
    CreateResponse(say='She said "hi".'),
    CancelResponse("resp_1"),
    TruncateItem("item_1", 0, 120),
    DeleteItem("item_1"),
    AddText("user", "typed"),
    AddText("system", "note"),
    AnswerTool("c1", '{"ok": true}'),
]


@pytest.mark.parametrize("action", EVERY_ACTION, ids=lambda action: type(action).__name__)
def test_all_that_is_written_passes_the_strict_reader(action: ModelAction) -> None:
    for form in (PCMU, PCMA, PCM16):
        for listening in (Listening(), Listening(semantic=True), Listening(idle_timeout_ms=6_000)):
            if isinstance(action, ConnectModel | ConfigureModel):
                action = replace(action, persona=replace(ADA, listening=listening))
            for message in Commands(Setup(form, "some-transcriber")).write(action):
                read_event(message)


@pytest.mark.parametrize(
    ("form", "wire"),
    [(PCMU, {"type": "audio/pcmu"}), (PCMA, {"type": "audio/pcma"}), (PCM16, {"type": "audio/pcm", "rate": 24_000})],
)
def test_the_opening_names_formats_voice_and_tools(form: Format, wire: dict[str, Any]) -> None:
    opening, user, assistant = Commands(Setup(form)).write(ConnectModel(ADA, (("user", "Hi"), ("assistant", "Yes?"))))
    session = json.loads(opening)["session"]
    assert session["audio"]["input"]["format"] == session["audio"]["output"]["format"] == wire
    assert session["audio"]["input"]["transcription"] is None
    assert session["audio"]["input"]["turn_detection"]["interrupt_response"] is True
    assert session["audio"]["output"]["voice"] == "marin"
    assert session["tools"] == json.loads(TOOLS)
    assert json.loads(user)["item"]["content"] == [{"type": "input_text", "text": "Hi"}]
    assert json.loads(assistant)["item"]["content"] == [{"type": "output_text", "text": "Yes?"}]


def test_a_handoff_keeps_the_voice_that_cannot_change() -> None:
    (message,) = Commands(Setup()).write(ConfigureModel(ADA))
    session = json.loads(message)["session"]
    assert session.keys() == {"type", "instructions", "tools", "audio"}
    assert session["audio"].keys() == {"input"}


def test_each_agent_listens_in_its_own_way() -> None:
    patient = replace(ADA, listening=Listening(silence_ms=900))
    thoughtful = replace(ADA, listening=Listening(semantic=True))
    commands = Commands(Setup())
    for action in (ConnectModel(patient), ConfigureModel(patient)):
        session = json.loads(commands.write(action)[0])["session"]
        assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 900
    session = json.loads(commands.write(ConfigureModel(thoughtful))[0])["session"]
    assert session["audio"]["input"]["turn_detection"]["type"] == "semantic_vad"


@pytest.mark.parametrize(
    ("line", "converted", "model"),
    [(PCMU, False, PCMU), (PCMA, False, PCMA), (PCM16, False, PCM16), (L16, False, PCM16), (PCMU, True, PCM16)],
)
def test_a_line_is_passed_through_where_the_model_speaks_it(line: Format, converted: bool, model: Format) -> None:
    assert spoken_on(line, converted=converted) == model


def test_further_instructions_do_not_replace_who_speaks() -> None:
    commands = Commands(Setup())
    commands.write(ConfigureModel(ADA))
    (message,) = commands.write(CreateResponse(instructions="Ask for the date."))
    assert json.loads(message)["response"]["instructions"] == "You are Ada.\n\nAsk for the date."


def test_exact_words_end_as_a_json_string() -> None:
    (message,) = Commands(Setup()).write(CreateResponse(say='She said "hi".'))
    response = json.loads(message)["response"]
    assert response["instructions"].endswith(r': "She said \"hi\"."')
    assert response["tool_choice"] == "none"


def test_the_hot_path_is_lean() -> None:
    """The targets are 8 and 3 µs; ten times as much would still be wrong, whatever else the machine does."""
    message = event("response.output_audio.delta", **PLACE, delta=b64encode(bytes(1_600)).decode()).encode()
    frame = bytes(160)
    assert _best(lambda: read(message)) < 80e-6
    assert _best(lambda: append(frame)) < 30e-6


def _best(call: Any) -> float:
    times = []
    for _ in range(50):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
