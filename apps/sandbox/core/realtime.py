"""A session of the Realtime protocol (GA), as the provider's server holds it: messages and time in, messages out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from .completion import count_tokens
from .faults import Fault
from .realtime_ears import Ears, Started
from .realtime_items import Conversation, Ids, Item
from .realtime_mind import think
from .realtime_reply import Event, Pace, Reply, Speaker
from .realtime_settings import SessionSettings, chosen
from .realtime_wire import (
    Append,
    CancelResponse,
    Clear,
    ClientEvent,
    Commit,
    CreateItem,
    CreateResponse,
    DeleteItem,
    Rejected,
    ResponseSettings,
    RetrieveItem,
    ServerVad,
    SessionUpdate,
    TruncateItem,
    event_id,
    read_event,
)
from .sound import Samples
from .tonespeech import understand

MAX_SECONDS = 3600.0
_MIN_COMMIT_MS = 100


@dataclass(frozen=True, slots=True)
class Close:
    """The server closes; without a code the connection just breaks."""

    code: int | None = None
    reason: str = ""


Frame = str | Close


class Session:
    """`opened` and every `now` are seconds of one monotonic clock; `today` is the time at `opened`, with a zone."""

    def __init__(
        self, *, model: str, seed: str, today: datetime, opened: float, speaker: Speaker, pace: Pace,
        faults: dict[str, Fault],
    ) -> None:  # fmt: skip
        self._ids = Ids(seed)
        self._model, self._today, self._opened = model, today, opened
        self._speaker, self._pace, self._faults = speaker, pace, faults
        self._expires = opened + _value(faults, "expire", MAX_SECONDS)
        end = int((today + timedelta(seconds=MAX_SECONDS)).timestamp())
        self._settings = SessionSettings(self._ids.new("sess"), model, end)
        self._conversation = Conversation(self._ids)
        self._ears = Ears()
        self._speech_item = self._ids.new("item")
        self._reply: Reply | None = None
        self._steps: Iterator[float | Event] = iter(())
        self._step_at: float | None = None
        self._idle_at: float | None = None
        self._idle_from_ms = 0
        self._playing_until = opened
        self._spoken = self._closed = False
        self._cut_in = int(_value(faults, "cut", 5)) if "cut" in faults else -1
        self._out: list[Frame] = []

    @property
    def due(self) -> float:
        """When `tick` has something to do next."""
        return min(at for at in (self._expires, self._step_at, self._idle_at) if at is not None)

    def open(self) -> list[Frame]:
        """What a client gets at first."""
        if "quota" in self._faults:
            self._error("insufficient_quota", "You exceeded your current quota.", kind="insufficient_quota")
            self._close(Close(1008, "insufficient_quota"))
        else:
            self._send({"type": "session.created", "session": self._settings.wire})
        return self._flush()

    def receive(self, message: str | bytes, now: float) -> list[Frame]:
        """One message of the client."""
        try:
            self._perform(read_event(message), now)
        except Rejected as wrong:
            self._error(wrong.code, wrong.message, wrong.param, event_id(message))
        return self._flush()

    def tick(self, now: float) -> list[Frame]:
        """What is due by now."""
        if now >= self._expires and not self._closed:
            self._error("session_expired", "Your session hit the maximum duration of 60 minutes.")
            self._close(Close(1001, "session_expired"))
        if self._step_at is not None and now >= self._step_at:
            self._proceed(now)
        if self._idle_at is not None and now >= self._idle_at:
            self._ask_idle(now)
        return self._flush()

    def _perform(self, event: ClientEvent, now: float) -> None:
        match event:
            case Append(audio=audio):
                self._hear(audio, now)
            case CreateItem(item=new, previous_item_id=after):
                item, before = self._conversation.create(new, after)
                self._show(item, before)
            case CreateResponse(response=asked):
                self._respond(asked, now)
            case CancelResponse(response_id=ident):
                if self._reply is None or ident not in (UNSET, self._reply.id):
                    raise Rejected("response_cancel_not_active", "Cancellation failed: no active response found.")
                self._cancel("client_cancelled", now)
            case TruncateItem():
                self._truncate(event)
            case DeleteItem(item_id=ident):
                self._conversation.delete(ident)
                self._send({"type": "conversation.item.deleted", "item_id": ident})
            case RetrieveItem(item_id=ident):
                found = self._conversation.get(ident, "item_retrieve_invalid_item_id")
                self._send({"type": "conversation.item.retrieved", "item": found.wire()})
            case SessionUpdate(session=settings):
                self._settings.update(settings, spoken=self._spoken)
                self._ears.listen(self._settings.hears, self._settings.detection)
                self._send({"type": "session.updated", "session": self._settings.wire})
            case Clear():
                self._ears.clear()
                self._send({"type": "input_audio_buffer.cleared"})
            case Commit():
                if (held := self._ears.buffered_ms) < _MIN_COMMIT_MS:
                    message = (
                        f"Error committing input audio buffer: buffer too small. Expected at least 100ms, got {held}ms."
                    )
                    raise Rejected("input_audio_buffer_commit_empty", message)
                self._commit(self._ears.take())

    def _hear(self, audio: bytes, now: float) -> None:
        for found in self._ears.hear(audio):
            vad = self._settings.detection
            about = {"item_id": self._speech_item}
            if isinstance(found, Started):
                self._idle_at = None
                self._send({"type": "input_audio_buffer.speech_started", "audio_start_ms": found.at_ms, **about})
                if self._reply and vad and vad.interrupt_response:
                    self._cancel("turn_detected", now)
            else:
                self._send({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": found.at_ms, **about})
                self._commit(found.audio)
                if vad and vad.create_response:
                    self._respond(ResponseSettings(), now)

    def _commit(self, audio: Samples) -> None:
        """The caller's turn becomes an item, and is written down."""
        rate = self._ears.rate
        text = understand(audio, rate)
        item = Item(self._speech_item, "message", "user", "input_audio", text, audio_ms=len(audio) * 1000 // rate)
        self._speech_item = self._ids.new("item")
        before = self._conversation.add(item)
        self._send({"type": "input_audio_buffer.committed", "previous_item_id": before, "item_id": item.id})
        self._show(item, before)
        if not self._settings.transcribes:
            return
        kind, at = "conversation.item.input_audio_transcription", {"item_id": item.id, "content_index": 0}
        if text:
            self._send({"type": f"{kind}.delta", **at, "delta": text})
        usage = {"type": "duration", "seconds": item.audio_ms / 1000}
        self._send({"type": f"{kind}.completed", **at, "transcript": text or "", "usage": usage})

    def _show(self, item: Item, before: str | None) -> None:
        for kind in ("conversation.item.added", "conversation.item.done"):
            self._send({"type": kind, "previous_item_id": before, "item": item.wire()})

    def _truncate(self, event: TruncateItem) -> None:
        item = self._conversation.get(event.item_id, "item_truncate_invalid_item_id")
        if item.form != "output_audio" or not item.audio_ms:
            message = "Only model output audio messages can be truncated"
            raise Rejected("unsupported_content_type", message, "item_id")
        if event.content_index:
            raise Rejected("invalid_value", f"The item has no content {event.content_index}.", "content_index")
        if event.audio_end_ms > item.audio_ms or "notruncate" in self._faults:
            message = f"Audio content of {item.audio_ms}ms is already shorter than {event.audio_end_ms}ms"
            raise Rejected("invalid_value", message)
        item.truncate(event.audio_end_ms)
        where = {"content_index": event.content_index, "audio_end_ms": event.audio_end_ms}
        self._send({"type": "conversation.item.truncated", "item_id": item.id, **where})

    def _respond(self, asked: ResponseSettings, now: float) -> None:
        if self._reply is not None:
            message = f"Conversation already has an active response in progress: {self._reply.id}."
            raise Rejected("conversation_already_has_active_response", message)
        if "silent" in self._faults:
            return
        self._idle_at = None
        self._reply = self._replying(asked, now)
        self._steps = self._reply.steps()
        self._proceed(now)

    def _replying(self, asked: ResponseSettings, now: float) -> Reply:
        context = self._conversation
        if asked.input is not UNSET:
            context = Conversation(self._ids)
            for new in asked.input:
                context.create(new, None)
        wanted = self._settings.for_response(asked)
        limit = wanted["max_output_tokens"]
        output = think(
            model=self._model,
            conversation=context,
            instructions=wanted["instructions"],
            tools=wanted["tools"],
            tool_choice=chosen(wanted["tool_choice"]),
            max_tokens=None if limit == "inf" else limit,
            today=self._today + timedelta(seconds=now - self._opened),
            ident=self._ids.new("c"),
            faults=frozenset(self._faults),
        )
        read = wanted["instructions"] + str(wanted["tools"]) + str(context.messages(""))
        return Reply(
            self._ids, output, self._speaker, self._settings.voice, self._settings.speaks,
            wanted["output_modalities"][0], self._pace, self._conversation, asked.conversation == "auto", limit,
            asked.metadata or None, count_tokens(read), context.audio_ms,
        )  # fmt: skip

    def _proceed(self, now: float) -> None:
        """Send the reply's steps up to the next pause."""
        self._step_at = None
        for step in self._steps:
            if isinstance(step, float):
                if step:
                    self._step_at = now + step
                    return
                continue
            if self._cut_in == 0:
                self._close(Close())
                return
            self._cut_in -= 1
            self._sent(step, now)

    def _sent(self, step: Event, now: float) -> None:
        self._send(step)
        reply = self._reply
        if step["type"] == "response.output_audio.delta":
            self._spoken = True
        if step["type"] == "response.done" and reply is not None:
            self._reply = None
            self._playing_until = now + reply.audio_ms / 1000
            vad = self._settings.detection
            if isinstance(vad, ServerVad) and vad.idle_timeout_ms and not self._ears.speaking:
                self._idle_at = self._playing_until + vad.idle_timeout_ms / 1000
                self._idle_from_ms = self._ears.now_ms + reply.audio_ms

    def _cancel(self, reason: str, now: float) -> None:
        assert self._reply is not None
        self._steps = self._reply.cancel(reason)
        self._proceed(now)

    def _ask_idle(self, now: float) -> None:
        self._idle_at = None
        times = {"audio_start_ms": self._idle_from_ms, "audio_end_ms": self._ears.now_ms, "item_id": self._speech_item}
        self._send({"type": "input_audio_buffer.timeout_triggered", **times})
        self._commit(self._ears.take()[:0])
        self._respond(ResponseSettings(), now)

    def _error(
        self, code: str, message: str, param: str | None = None, event: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:  # fmt: skip
        about = {"type": kind, "code": code, "message": message, "param": param, "event_id": event}
        self._send({"type": "error", "error": about})

    def _send(self, event: Event) -> None:
        if not self._closed:
            named: dict[str, Any] = {"type": event["type"], "event_id": self._ids.new("event"), **event}
            self._out.append(msgspec.json.encode(named).decode())

    def _close(self, frame: Close) -> None:
        self._out.append(frame)
        self._closed = True
        self._step_at = self._idle_at = None

    def _flush(self) -> list[Frame]:
        out, self._out = self._out, []
        return out


def _value(faults: dict[str, Fault], name: str, default: float) -> float:
    fault = faults.get(name)
    return default if fault is None or fault.value is None else fault.value
