"""The stand-in's Realtime session, without a socket: time is an argument."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from apps.sandbox.core.faults import read_faults
from apps.sandbox.core.realtime import Close, Session
from apps.sandbox.core.realtime_mind import NOT_UNDERSTOOD, STILL_THERE
from apps.sandbox.core.realtime_reply import Pace
from apps.sandbox.core.sound import Samples, encoded
from apps.sandbox.core.tonespeech import speak

MU = {"type": "audio/pcmu"}
GREETING = "Hello and welcome, how can I help you today?"
QUIET = encoded(np.zeros(160, np.int16), "audio/pcmu")


def tenth_of_a_second_per_word(text: str, voice: str, rate: int) -> Samples:
    return np.full(len(text.split()) * rate // 10, 1_000, np.int16)


class Client:
    """Holds a session, its clock, and all that came from it."""

    def __init__(self, faults: str = "", pace: Pace = Pace(think=0.0, speed=1.0)) -> None:  # noqa: B008
        self.now = 100.0
        self.seen: list[dict[str, Any]] = []
        self.closed: Close | None = None
        self.session = Session(
            model="any",
            seed="x",
            today=datetime(2026, 11, 22, tzinfo=UTC),
            opened=self.now,
            speaker=tenth_of_a_second_per_word,
            pace=pace,
            faults={f.name: f for f in (read_faults(faults) if faults else ())},
        )
        self._take(self.session.open())

    def _take(self, frames: list[Any]) -> list[dict[str, Any]]:
        got = []
        for frame in frames:
            if isinstance(frame, Close):
                self.closed = frame
            else:
                got.append(json.loads(frame))
        self.seen += got
        return got

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        return self._take(self.session.receive(json.dumps({"type": kind, **fields}), self.now))

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass, tick by tick as things fall due."""
        end, got = self.now + seconds, []
        while not self.closed and self.session.due <= end:
            self.now = max(self.now, self.session.due)
            got += self._take(self.session.tick(self.now))
        self.now = end
        return got

    def say(self, audio: bytes) -> list[dict[str, Any]]:
        got = []
        for start in range(0, len(audio), 160):
            got += self.send("input_audio_buffer.append", audio=b64encode(audio[start : start + 160]).decode())
            got += self.wait(0.02)
        return got

    def configure(self, vad: dict[str, Any] | None = None, **session: Any) -> list[dict[str, Any]]:
        heard = {"format": MU, "transcription": {"model": "any"}}
        if vad is not None:
            heard["turn_detection"] = vad
        return self.send(
            "session.update",
            session={"type": "realtime", "audio": {"input": heard, "output": {"format": MU}}, **session},
        )

    def dictate(self, words: str = GREETING) -> list[dict[str, Any]]:
        return self.send("response.create", response={"instructions": f"Say exactly: {json.dumps(words)}"})


def tones(text: str) -> bytes:
    return encoded(np.frombuffer(speak(text, 8_000), "<i2"), "audio/pcmu")


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def only(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [event for event in events if event["type"] == kind]
    return found


def test_what_is_dictated_is_said_in_the_provider_s_order() -> None:
    client = Client()
    client.configure()
    events = client.dictate() + client.wait(2)
    order = list(dict.fromkeys(types(events)))
    assert order == [
        "response.created",
        "rate_limits.updated",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    words = "".join(e["delta"] for e in events if e["type"] == "response.output_audio_transcript.delta")
    audio = b"".join(b64decode(e["delta"]) for e in events if e["type"] == "response.output_audio.delta")
    assert words == GREETING
    assert len(audio) == 900 * 8
    done = only(events, "response.done")["response"]
    assert done["status"] == "completed"
    assert done["usage"]["output_token_details"]["audio_tokens"] == 18
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]


def test_a_caller_is_heard_written_down_and_answered() -> None:
    client = Client()
    client.configure(instructions="You answer for a dental practice.")
    events = client.say(QUIET * 20 + tones("Hello there!") + QUIET * 40) + client.wait(5)
    started = only(events, "input_audio_buffer.speech_started")
    stopped = only(events, "input_audio_buffer.speech_stopped")
    assert 0 <= started["audio_start_ms"] <= 400
    assert stopped["audio_end_ms"] - 1_700 < 400
    heard = only(events, "conversation.item.input_audio_transcription.completed")
    assert heard["transcript"] == "Hello there!"
    assert heard["item_id"] == started["item_id"] == only(events, "input_audio_buffer.committed")["item_id"]
    assert only(events, "response.done")["response"]["status"] == "completed"


def test_speech_of_a_person_is_answered_with_what_this_is() -> None:
    client = Client()
    client.configure()
    noise = encoded((np.random.default_rng(3).normal(size=8_000) * 4_000).astype(np.int16), "audio/pcmu")
    events = client.say(noise + QUIET * 40) + client.wait(5)
    assert only(events, "conversation.item.input_audio_transcription.completed")["transcript"] == ""
    assert only(events, "response.output_audio_transcript.done")["transcript"] == NOT_UNDERSTOOD


def test_silence_and_clicks_are_no_speech() -> None:
    client = Client()
    client.configure()
    click = encoded(np.full(160, 9_000, np.int16), "audio/pcmu")
    assert client.say((QUIET * 10 + click * 2) * 5) == []


def test_patience_depends_on_what_was_understood() -> None:
    client = Client()
    client.configure({"type": "semantic_vad", "eagerness": "high"})
    events = client.say(tones("Hello there!") + QUIET * 11)
    assert "input_audio_buffer.speech_stopped" in types(events)
    client.wait(5)
    noise = encoded((np.random.default_rng(3).normal(size=8_000) * 4_000).astype(np.int16), "audio/pcmu")
    assert "input_audio_buffer.speech_stopped" not in types(client.say(noise + QUIET * 95))
    assert "input_audio_buffer.speech_stopped" in types(client.say(QUIET * 10))


def test_the_caller_s_voice_cancels_a_response() -> None:
    client = Client()
    client.configure()
    client.dictate()
    events = client.wait(0.4) + client.say(tones("No")[: 160 * 5])
    kinds = types(events)
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("response.done")
    done = only(events, "response.done")["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert done["output"][0]["status"] == "incomplete"
    assert client.wait(3) == []


def test_without_interruption_it_goes_on() -> None:
    client = Client()
    client.configure({"type": "server_vad", "interrupt_response": False, "create_response": False})
    client.dictate()
    events = client.say(tones("No") + QUIET * 40) + client.wait(3)
    assert only(events, "response.done")["response"]["status"] == "completed"


def test_a_client_cancels() -> None:
    client = Client()
    client.configure()
    client.dictate()
    client.wait(0.4)
    events = client.send("response.cancel")
    assert only(events, "response.done")["response"]["status_details"]["reason"] == "client_cancelled"
    again = client.send("response.cancel", event_id="mine")
    assert again[0]["error"]["code"] == "response_cancel_not_active"
    assert again[0]["error"]["event_id"] == "mine"


def test_one_response_at_a_time() -> None:
    client = Client()
    client.configure()
    client.dictate()
    assert client.dictate()[0]["error"]["code"] == "conversation_already_has_active_response"


def test_truncation_is_exact_and_takes_the_transcript() -> None:
    client = Client()
    client.configure()
    client.dictate()
    item = only(client.wait(3), "response.output_item.done")["item"]["id"]
    where = {"item_id": item, "content_index": 0}
    beyond = client.send("conversation.item.truncate", **where, audio_end_ms=901)
    assert beyond[0]["error"]["message"] == "Audio content of 900ms is already shorter than 901ms"
    assert types(client.send("conversation.item.truncate", **where, audio_end_ms=300)) == [
        "conversation.item.truncated"
    ]
    kept = client.send("conversation.item.retrieve", item_id=item)[0]["item"]
    assert kept["content"] == [{"type": "output_audio", "transcript": None}]
    assert client.send("conversation.item.truncate", **where, audio_end_ms=301)[0]["type"] == "error"
    assert types(client.send("conversation.item.delete", item_id=item)) == ["conversation.item.deleted"]
    gone = client.send("conversation.item.truncate", **where, audio_end_ms=1)
    assert gone[0]["error"]["code"] == "item_truncate_invalid_item_id"


def test_the_voice_is_fixed_once_heard() -> None:
    client = Client()
    voice = {"type": "realtime", "audio": {"output": {"voice": "cedar"}}}
    assert types(client.send("session.update", session=voice)) == ["session.updated"]
    client.dictate()
    client.wait(3)
    voice["audio"] = {"output": {"voice": "marin"}}
    assert client.send("session.update", session=voice)[0]["error"]["code"] == "cannot_update_voice"


def test_a_long_silence_is_broken() -> None:
    client = Client()
    client.configure({"type": "server_vad", "idle_timeout_ms": 5_000})
    client.dictate()
    client.wait(2)
    assert "input_audio_buffer.timeout_triggered" not in types(client.say(QUIET * 150))
    events = client.say(QUIET * 150) + client.wait(2)
    only(events, "input_audio_buffer.timeout_triggered")
    assert only(events, "response.output_audio_transcript.done")["transcript"] == STILL_THERE


def test_a_session_ends_after_an_hour() -> None:
    client = Client()
    client.wait(3_599)
    assert client.closed is None
    assert client.wait(2)[-1]["error"]["code"] == "session_expired"
    assert client.closed == Close(1001, "session_expired")


def test_a_committed_buffer_waits_for_the_client() -> None:
    client = Client()
    client.send("session.update", session={"type": "realtime", "audio": {"input": {"turn_detection": None}}})
    assert client.send("input_audio_buffer.commit")[0]["error"]["code"] == "input_audio_buffer_commit_empty"
    client.send("input_audio_buffer.append", audio=b64encode(speak("Hello!", 24_000)).decode())
    events = client.send("input_audio_buffer.commit")
    assert only(events, "conversation.item.done")["item"]["content"][0]["transcript"] == "Hello!"
    client.send("input_audio_buffer.append", audio=b64encode(speak("Hello!", 24_000)).decode())
    assert types(client.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
    assert client.send("input_audio_buffer.commit")[0]["error"]["code"] == "input_audio_buffer_commit_empty"


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ("{", "invalid_json", None),
        ('{"type":"output_audio_buffer.clear"}', "invalid_value", "type"),
        ('{"type":"session.update","session":{}}', "missing_required_parameter", "session.type"),
        ('{"type":"session.update","session":{"type":"realtime","voice":"x"}}', "unknown_parameter", "session.voice"),
        (
            '{"type":"session.update","session":{"type":"realtime","audio":{"input":{"format":{"type":"audio/pcm","rate":8000}}}}}',
            "invalid_value",
            "session.audio.input.format.rate",
        ),
        (
            '{"type":"conversation.item.truncate","item_id":"a","content_index":0,"audio_end_ms":1.5}',
            "invalid_type",
            "audio_end_ms",
        ),
        ('{"type":"input_audio_buffer.append","audio":"?"}', "invalid_value", "audio"),
        (
            '{"type":"conversation.item.create","item":{"type":"message","role":"assistant","content":[{"type":"input_text","text":"x"}]}}',
            "invalid_value",
            "item.content[0].type",
        ),
        (
            '{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"x","output":"{}"}}',
            "invalid_tool_call_id",
            "item.call_id",
        ),
    ],
)
def test_what_the_provider_refuses(event: str, code: str, param: str | None) -> None:
    client = Client()
    (frame,) = client.session.receive(event, client.now)
    assert isinstance(frame, str)
    error = json.loads(frame)["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert client.dictate(), "the session goes on"


def test_late_audio() -> None:
    client = Client(pace=Pace(think=0.0, speed=1.0, stall=2.0))
    assert types(client.dictate() + client.wait(1.9)).count("response.output_audio.delta") == 0
    assert types(client.wait(0.5)).count("response.output_audio.delta") == 1


def test_audio_after_the_end() -> None:
    client = Client(pace=Pace(think=0.0, speed=1.0, reorder=True))
    assert types(client.dictate() + client.wait(3))[-2:] == ["response.done", "response.output_audio.delta"]
    client.dictate()
    client.wait(0.4)
    assert types(client.send("response.cancel"))[-2:] == ["response.done", "response.output_audio.delta"]


def test_a_burst() -> None:
    assert types(Client(pace=Pace(think=0.0, speed=0.0)).dictate())[-1] == "response.done"


def test_silence() -> None:
    client = Client("silent")
    assert client.dictate() + client.wait(60) == []


def test_truncation_that_always_fails() -> None:
    client = Client("notruncate")
    client.dictate()
    item = only(client.wait(3), "response.output_item.done")["item"]["id"]
    failed = client.send("conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=1)
    assert failed[0]["error"]["code"] == "invalid_value"


def test_a_connection_that_breaks() -> None:
    client = Client("cut=5")
    assert len(client.dictate() + client.wait(3)) == 5
    assert client.closed == Close()


def test_no_quota() -> None:
    client = Client("quota")
    assert client.seen[0]["error"]["code"] == "insufficient_quota"
    assert client.closed is not None
