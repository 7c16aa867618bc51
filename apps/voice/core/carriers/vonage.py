"""Vonage Voice WebSockets (`audio/l16;rate=16000`): binary audio in frames of exactly 20 ms, JSON for the rest.

https://developer.vonage.com/en/voice/voice-api/concepts/websockets
"""

from typing import Annotated

import msgspec

from apps.voice.core.actions import Action, ClearPlayback, PlaceMark, PlayAudio
from apps.voice.core.carriers.carrier import MAX_FRAME, BadFrame, parsed, quoted
from apps.voice.core.events import AudioHeard, CarrierEvent, CarrierStarted, DigitPressed, MarkPlayed
from apps.voice.core.formats import L16, Format

CONTENT_TYPE = f"audio/l16;rate={L16.rate}"


class _Frame(msgspec.Struct, tag_field="event"):
    pass


class _Connected(_Frame, tag="websocket:connected"):
    content_type: str = msgspec.field(name="content-type")


class _Dtmf(_Frame, tag="websocket:dtmf"):
    digit: Annotated[str, msgspec.Meta(pattern="^[0-9A-D*#]$")]


class _Payload(msgspec.Struct):
    name: str


class _Notify(_Frame, tag="websocket:notify"):
    payload: _Payload


_DECODER = msgspec.json.Decoder(_Connected | _Dtmf | _Notify)
_KNOWN = frozenset({"websocket:connected", "websocket:dtmf", "websocket:notify"})
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


class Vonage:
    """The frames of one call. They name no stream: the socket is it; `uuid` is the call where our headers carry it."""

    format: Format = L16

    def __init__(self) -> None:
        self._started = False

    def read(self, message: str | bytes) -> list[CarrierEvent]:
        if isinstance(message, bytes):
            return self._audio(message)
        frame = parsed(message, _DECODER, _KNOWN)
        if frame is None:
            return []
        if isinstance(frame, _Connected):
            return self._connected(frame, message)
        if not self._started:
            raise BadFrame("unknown stream")
        return [DigitPressed(frame.digit) if isinstance(frame, _Dtmf) else MarkPlayed(frame.payload.name)]

    def _audio(self, audio: bytes) -> list[CarrierEvent]:
        if len(audio) > MAX_FRAME:
            raise BadFrame("oversized")
        if len(audio) % L16.sample_bytes:
            raise BadFrame("malformed")
        if not self._started:
            raise BadFrame("unknown stream")
        return [AudioHeard(audio)] if audio else []

    def _connected(self, frame: _Connected, message: str) -> list[CarrierEvent]:
        if frame.content_type.replace(" ", "").lower() != CONTENT_TYPE:
            raise BadFrame("unexpected format")
        if self._started:
            return []
        self._started = True
        parameters = _texts(message)
        return [CarrierStarted(parameters.get("uuid", ""), parameters.get("uuid", ""), parameters)]

    def write(self, action: Action) -> list[str | bytes]:
        if not self._started:
            return []
        match action:
            case PlayAudio(audio):
                size = L16.frame_bytes
                return [audio[start : start + size] for start in range(0, len(audio), size)]
            case PlaceMark(name):
                return [f'{{"action":"notify","payload":{{"name":{quoted(name)}}}}}']
            case ClearPlayback():
                return ['{"action":"clear"}']
        return []


def _texts(message: str) -> dict[str, str]:
    """The headers that our own NCCO set: every text beside Vonage's own two."""
    try:
        return {
            name: _TEXT.decode(raw)
            for name, raw in _FIELDS.decode(message).items()
            if name not in ("event", "content-type") and bytes(raw).startswith(b'"')
        }
    except (msgspec.MsgspecError, ValueError, RecursionError):  # what is skipped is not looked at as closely
        raise BadFrame("malformed") from None
