"""Twilio Media Streams (bidirectional): JSON frames, mu-law 8 kHz in base64, every number a string.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

from binascii import b2a_base64
from typing import Annotated, Literal

import msgspec

from apps.voice.core.actions import Action, ClearPlayback, PlaceMark, PlayAudio
from apps.voice.core.carriers.carrier import BadFrame, parsed, quoted
from apps.voice.core.events import AudioHeard, CarrierEvent, CarrierStarted, CarrierStopped, DigitPressed, MarkPlayed
from apps.voice.core.formats import PCMU, Format

Name = Annotated[str, msgspec.Meta(min_length=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Frame(msgspec.Struct, tag_field="event", rename="camel", gc=False):
    """`gc=False`: a frame lives for one call of `read`, fifty times a second, and holds no cycle."""


class _Connected(_Frame, tag="connected"):
    pass


class _MediaFormat(msgspec.Struct, rename="camel"):
    encoding: Literal["audio/x-mulaw"]
    sample_rate: Literal[8000]
    channels: Literal[1]


class _StartBody(msgspec.Struct, rename="camel"):
    call_sid: str
    media_format: _MediaFormat
    custom_parameters: dict[str, str] = {}


class _Start(_Frame, tag="start"):
    stream_sid: Name
    start: _StartBody


class _MediaBody(msgspec.Struct, gc=False):
    payload: bytes
    timestamp: Milliseconds
    track: str = "inbound"


class _Media(_Frame, tag="media"):
    stream_sid: Name
    media: _MediaBody


class _DtmfBody(msgspec.Struct):
    digit: Annotated[str, msgspec.Meta(pattern="^[0-9A-D*#]$")]


class _Dtmf(_Frame, tag="dtmf"):
    stream_sid: Name
    dtmf: _DtmfBody


class _MarkBody(msgspec.Struct):
    name: str


class _Mark(_Frame, tag="mark"):
    stream_sid: Name
    mark: _MarkBody


class _Stop(_Frame, tag="stop"):
    stream_sid: Name


# Not strict: numbers are strings.
_DECODER = msgspec.json.Decoder(_Connected | _Start | _Media | _Dtmf | _Mark | _Stop, strict=False)
_KNOWN = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})


class Twilio:
    """The frames of one call. A second `start` of the same stream is ignored; one of another stream is a BadFrame."""

    format: Format = PCMU

    def __init__(self) -> None:
        self._stream = ""
        self._stopped = False
        self._media = self._mark = self._clear = ""

    def read(self, message: str | bytes) -> list[CarrierEvent]:
        frame = parsed(message, _DECODER, _KNOWN)
        if frame is None or self._stopped or isinstance(frame, _Connected):
            return []
        if frame.stream_sid != self._stream:
            if isinstance(frame, _Start) and not self._stream:
                return [self._started(frame)]
            raise BadFrame("unknown stream")
        if isinstance(frame, _Media):
            media = frame.media
            return [AudioHeard(media.payload, media.timestamp)] if media.track == "inbound" else []
        return self._control(frame)

    def _control(self, frame: _Start | _Dtmf | _Mark | _Stop) -> list[CarrierEvent]:
        match frame:
            case _Mark(mark=mark):
                return [MarkPlayed(mark.name)]
            case _Dtmf(dtmf=dtmf):
                return [DigitPressed(dtmf.digit)]
            case _Stop():
                self._stopped = True
                return [CarrierStopped("stop")]
        return []

    def _started(self, frame: _Start) -> CarrierStarted:
        self._stream = frame.stream_sid
        head = f'"streamSid":{quoted(self._stream)}'
        self._media = f'{{"event":"media",{head},"media":{{"payload":"'
        self._mark = f'{{"event":"mark",{head},"mark":{{"name":'
        self._clear = f'{{"event":"clear",{head}}}'
        return CarrierStarted(self._stream, frame.start.call_sid, frame.start.custom_parameters)

    def write(self, action: Action) -> list[str | bytes]:
        if not self._stream:
            return []
        if isinstance(action, PlayAudio):
            return [f'{self._media}{b2a_base64(action.audio, newline=False).decode("ascii")}"}}}}']
        match action:
            case PlaceMark(name):
                return [f"{self._mark}{quoted(name)}}}}}"]
            case ClearPlayback():
                return [self._clear]
        return []  # hanging up is REST: anything else on the socket is error 31924
