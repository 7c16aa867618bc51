"""Plivo audio streaming (bidirectional, `audio/x-mulaw;rate=8000`): JSON frames, mu-law in base64.

https://docs.plivo.com/docs/voice/xml/audiostream. A checkpoint that was cleared is never answered.
"""

from binascii import b2a_base64
from typing import Annotated, Literal

import msgspec

from apps.voice.core.actions import Action, ClearPlayback, PlaceMark, PlayAudio
from apps.voice.core.carriers.carrier import BadFrame, parsed, quoted
from apps.voice.core.events import AudioHeard, CarrierEvent, CarrierStarted, CarrierStopped, DigitPressed, MarkPlayed
from apps.voice.core.formats import PCMU, Format


class _Frame(msgspec.Struct, tag_field="event", rename="camel", gc=False):
    pass


class _MediaFormat(msgspec.Struct, rename="camel"):
    encoding: Literal["audio/x-mulaw"]
    sample_rate: Literal[8000]


class _StartBody(msgspec.Struct, rename="camel"):
    stream_id: str
    call_id: str
    media_format: _MediaFormat


class _Start(_Frame, tag="start"):
    start: _StartBody
    extra_headers: str = msgspec.field(default="", name="extra_headers")


class _MediaBody(msgspec.Struct, gc=False):
    payload: bytes
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    track: str = "inbound"


class _Media(_Frame, tag="media"):
    stream_id: str
    media: _MediaBody


class _DtmfBody(msgspec.Struct):
    digit: Annotated[str, msgspec.Meta(pattern="^[0-9A-D*#]$")]


class _Dtmf(_Frame, tag="dtmf"):
    stream_id: str
    dtmf: _DtmfBody


class _Played(_Frame, tag="playedStream"):
    name: str


class _Stop(_Frame, tag="stop"):
    stream_id: str


_DECODER = msgspec.json.Decoder(_Start | _Media | _Dtmf | _Played | _Stop, strict=False)
_KNOWN = frozenset({"start", "media", "dtmf", "playedStream", "stop"})
_HEADERS = msgspec.json.Decoder(dict[str, str])


class Plivo:
    """The frames of one call."""

    format: Format = PCMU

    def __init__(self) -> None:
        self._stream = ""
        self._stopped = False

    def read(self, message: str | bytes) -> list[CarrierEvent]:
        frame = parsed(message, _DECODER, _KNOWN)
        if frame is None or self._stopped:
            return []
        if isinstance(frame, _Start) and frame.start.stream_id and not self._stream:
            self._stream = frame.start.stream_id
            return [CarrierStarted(self._stream, frame.start.call_id, parameters(frame.extra_headers))]
        if self._stream_of(frame) != self._stream or not self._stream:
            raise BadFrame("unknown stream")
        match frame:
            case _Media(media=media):
                return [AudioHeard(media.payload, media.timestamp)] if media.track == "inbound" else []
            case _Played(name=name):
                return [MarkPlayed(name)]
            case _Dtmf(dtmf=dtmf):
                return [DigitPressed(dtmf.digit)]
            case _Stop():
                self._stopped = True
                return [CarrierStopped("stop")]
        return []

    def _stream_of(self, frame: _Start | _Media | _Dtmf | _Played | _Stop) -> str:
        if isinstance(frame, _Start):
            return frame.start.stream_id
        return self._stream if isinstance(frame, _Played) else frame.stream_id  # played: not always named

    def write(self, action: Action) -> list[str | bytes]:
        if not self._stream:
            return []
        match action:
            case PlayAudio(audio):
                payload = b2a_base64(audio, newline=False).decode("ascii")
                kind = '"contentType":"audio/x-mulaw","sampleRate":8000'
                return [f'{{"event":"playAudio","media":{{{kind},"payload":"{payload}"}}}}']
            case PlaceMark(name):
                return [f'{{"event":"checkpoint","streamId":{quoted(self._stream)},"name":{quoted(name)}}}']
            case ClearPlayback():
                return [f'{{"event":"clearAudio","streamId":{quoted(self._stream)}}}']
        return []


def parameters(headers: str) -> dict[str, str]:
    """Our own parameters from `extra_headers`: a JSON object, or `a=1,b=2`; Plivo's `X-PH-` is taken off the names."""
    try:
        pairs = _HEADERS.decode(headers)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pairs = dict(pair.strip().split("=", 1) for pair in headers.split(",") if "=" in pair)
    return {name.removeprefix("X-PH-"): value for name, value in pairs.items()}
