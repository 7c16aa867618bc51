"""OpenAI's Realtime protocol (GA), text in and text out: what comes from the model, and what goes to it.

Sources: the API reference's client and server events of the Realtime API; the order of events in its guides.
"""

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from typing import Literal, cast

import msgspec

from apps.voice.core.events import (
    AudioDone,
    AudioSpoken,
    CallerWords,
    ModelEvent,
    ModelFailed,
    ModelReady,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    ToolAsked,
    WordsSpoken,
)

FATAL = frozenset({"insufficient_quota", "invalid_api_key", "account_deactivated", "billing_hard_limit_reached"})
"""Errors that come again however often one connects."""
EXPIRED = "session_expired"
BUSY = "conversation_already_has_active_response"
_LATE = "response_cancel_not_active"
HOUSEKEEPING = ("cancel", "truncate", "delete")
"""The `event_id`s of what may come too late: the response is over by then, the item shorter or gone."""


class SessionCreated(msgspec.Struct, frozen=True):
    """The socket is open on the model's side; it may be configured now."""


class _Item(msgspec.Struct):
    id: str = ""
    type: str = ""
    status: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None


class _Error(msgspec.Struct):
    code: str | None = None
    type: str | None = None
    message: str | None = None
    event_id: str | None = None


class _Details(msgspec.Struct):
    reason: str | None = None
    error: _Error | None = None


class _CachedTokens(msgspec.Struct):
    audio_tokens: int | None = None


class _InputTokens(msgspec.Struct):
    audio_tokens: int | None = None
    cached_tokens: int | None = None
    cached_tokens_details: _CachedTokens | None = None


class _OutputTokens(msgspec.Struct):
    audio_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _InputTokens | None = None
    output_token_details: _OutputTokens | None = None


class _Response(msgspec.Struct):
    id: str = ""
    status: str | None = None
    status_details: _Details | None = None
    usage: _Usage | None = None


class _Event(msgspec.Struct):
    """Every server event that is used, as one shape: decoding skips all other fields without building them."""

    type: str
    response_id: str = ""
    item_id: str = ""
    content_index: int = 0
    audio_start_ms: int = -1
    audio_end_ms: int = -1
    delta: msgspec.Raw = msgspec.Raw(b'""')  # base64 of audio or text, as `type` says
    transcript: str = ""
    item: _Item | None = None
    response: _Response | None = None
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Event).decode
_sound = msgspec.json.Decoder(bytes).decode  # straight from base64, four times as fast as by way of a str
_text = msgspec.json.Decoder(str).decode
Incoming = ModelEvent | SessionCreated


def read(message: str | bytes) -> list[Incoming]:
    """What a message of the model's server means; nothing, when it is of no interest."""
    try:
        event = _decode(message)
        reader = _READERS.get(event.type)
        return reader(event) if reader else []
    except (msgspec.DecodeError, RecursionError):
        return [ModelFailed("unreadable", "A message of the model could not be read.")]


def append(audio: bytes) -> bytes:
    """The message that carries what the caller says."""
    return b'{"type":"input_audio_buffer.append","audio":"%b"}' % b2a_base64(audio, newline=False)


def _audio(event: _Event) -> list[Incoming]:
    return [AudioSpoken(event.response_id, event.item_id, event.content_index, _sound(event.delta))]


def _audio_done(event: _Event) -> list[Incoming]:
    return [AudioDone(event.response_id, event.item_id, event.content_index)]


def _words(event: _Event) -> list[Incoming]:
    return [WordsSpoken(event.response_id, event.item_id, event.content_index, _text(event.delta))]


def _item_done(event: _Event) -> list[Incoming]:
    item = event.item
    if item is None or item.type != "function_call" or item.status != "completed":
        return []  # a call that was cut off must not run
    return [ToolAsked(event.response_id, item.id, item.call_id or "", item.name or "", item.arguments or "")]


def _response_done(event: _Event) -> list[Incoming]:
    response = event.response or _Response()
    details = response.status_details or _Details()
    cause = (details.error and (details.error.code or details.error.type)) or ""
    status = response.status if response.status in _STATUSES else "failed"
    ended = ResponseEnded(
        response.id,
        cast(Literal["completed", "cancelled", "incomplete", "failed"], status),
        details.reason or cause,
        _counted(response.usage),
    )
    if details.error and cause in FATAL:
        return [ended, ModelFailed(cause, details.error.message or "", fatal=True)]
    return [ended]


_STATUSES = frozenset({"completed", "cancelled", "incomplete", "failed"})


def _counted(usage: _Usage | None) -> Mapping[str, int]:
    if usage is None:
        return {}
    inside, outside = usage.input_token_details or _InputTokens(), usage.output_token_details or _OutputTokens()
    cached = inside.cached_tokens_details or _CachedTokens()
    return {
        "input_tokens": usage.input_tokens or 0,
        "output_tokens": usage.output_tokens or 0,
        "input_audio_tokens": inside.audio_tokens or 0,
        "output_audio_tokens": outside.audio_tokens or 0,
        "cached_tokens": inside.cached_tokens or 0,
        "cached_audio_tokens": cached.audio_tokens or 0,
    }


def _error(event: _Event) -> list[Incoming]:
    error = event.error or _Error()
    code = error.code or error.type or "unknown"
    if code in FATAL:
        return [ModelFailed(code, error.message or "", fatal=True)]
    if code == _LATE or error.event_id in HOUSEKEEPING:
        return []
    return [ModelFailed(code, error.message or "", busy=code == BUSY)]


_READERS: dict[str, Callable[[_Event], list[Incoming]]] = {
    "response.output_audio.delta": _audio,
    "response.output_audio.done": _audio_done,
    "response.output_audio_transcript.delta": _words,
    "response.output_item.done": _item_done,
    "response.created": lambda event: [ResponseStarted(event.response.id if event.response else "")],
    "response.done": _response_done,
    "input_audio_buffer.speech_started": lambda event: [SpeechStarted(event.item_id, event.audio_start_ms)],
    "input_audio_buffer.speech_stopped": lambda event: [SpeechStopped(event.item_id, event.audio_end_ms)],
    "conversation.item.input_audio_transcription.delta": lambda event: [
        CallerWords(event.item_id, _text(event.delta), False)
    ],
    "conversation.item.input_audio_transcription.completed": lambda event: [
        CallerWords(event.item_id, event.transcript, True)
    ],
    # Nobody will learn what was said: an empty final text lets a reader stop waiting for it.
    "conversation.item.input_audio_transcription.failed": lambda event: [CallerWords(event.item_id, "", True)],
    "session.created": lambda event: [SessionCreated()],
    "session.updated": lambda event: [ModelReady()],
    "error": _error,
}
