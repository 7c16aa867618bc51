"""Telnyx media streaming with `stream_bidirectional_mode=rtp`: JSON frames, G.711 in base64, in any order.

https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket
"""

from binascii import b2a_base64
from typing import Annotated

import msgspec

from apps.voice.core.actions import Action, ClearPlayback, PlaceMark, PlayAudio
from apps.voice.core.carriers.carrier import BadFrame, parsed, quoted
from apps.voice.core.events import AudioHeard, CarrierEvent, CarrierStarted, CarrierStopped, DigitPressed, MarkPlayed
from apps.voice.core.formats import PCMU, Format

HELD = 3
"""Frames that wait for an earlier one: 60 ms. What comes later than that is dropped."""
Name = Annotated[str, msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Frame(msgspec.Struct, tag_field="event", gc=False):
    pass


class _Connected(_Frame, tag="connected"):
    pass


class _MediaFormat(msgspec.Struct):
    encoding: str
    sample_rate: int


class _StartBody(msgspec.Struct):
    call_control_id: str
    media_format: _MediaFormat
    custom_parameters: dict[str, str] = {}


class _Start(_Frame, tag="start"):
    stream_id: Name
    start: _StartBody


class _MediaBody(msgspec.Struct, gc=False):
    chunk: Count
    payload: bytes
    timestamp: Count
    track: str = "inbound"


class _Media(_Frame, tag="media"):
    stream_id: Name
    media: _MediaBody


class _DtmfBody(msgspec.Struct):
    digit: Annotated[str, msgspec.Meta(pattern="^[0-9A-D*#]$")]


class _Dtmf(_Frame, tag="dtmf"):
    stream_id: Name
    dtmf: _DtmfBody


class _MarkBody(msgspec.Struct):
    name: str


class _Mark(_Frame, tag="mark"):
    stream_id: Name
    mark: _MarkBody


class _Stop(_Frame, tag="stop"):
    stream_id: Name


_DECODER = msgspec.json.Decoder(_Connected | _Start | _Media | _Dtmf | _Mark | _Stop, strict=False)
_KNOWN = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})


class Telnyx:
    """The frames of one call, its audio put back into order."""

    def __init__(self, format: Format = PCMU) -> None:
        self.format = format
        self._stream = ""
        self._stopped = False
        self._next: int | None = None
        self._held: dict[int, CarrierEvent] = {}

    def read(self, message: str | bytes) -> list[CarrierEvent]:
        frame = parsed(message, _DECODER, _KNOWN)
        if frame is None or self._stopped or isinstance(frame, _Connected):
            return []
        if frame.stream_id != self._stream:
            if isinstance(frame, _Start) and not self._stream:
                return [self._started(frame)]
            raise BadFrame("unknown stream")
        match frame:
            case _Media(media=media):
                heard = AudioHeard(media.payload, media.timestamp)
                return self._in_order(media.chunk, heard) if media.track == "inbound" else []
            case _Mark(mark=mark):
                return [MarkPlayed(mark.name)]
            case _Dtmf(dtmf=dtmf):
                return [DigitPressed(dtmf.digit)]
            case _Stop():
                self._stopped = True
                return [CarrierStopped("stop")]
        return []

    def _started(self, frame: _Start) -> CarrierStarted:
        media_format = frame.start.media_format
        if (media_format.encoding.lower(), media_format.sample_rate) != (self.format.name, self.format.rate):
            raise BadFrame("unexpected format")
        self._stream = frame.stream_id
        return CarrierStarted(self._stream, frame.start.call_control_id, frame.start.custom_parameters)

    def _in_order(self, chunk: int, heard: CarrierEvent) -> list[CarrierEvent]:
        if self._next is None:
            self._next = chunk
        if chunk < self._next:
            return []
        self._held[chunk] = heard
        if len(self._held) > HELD:
            self._next = min(self._held)
        ready = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next))
            self._next += 1
        return ready

    def write(self, action: Action) -> list[str | bytes]:
        if not self._stream:
            return []
        match action:
            case PlayAudio(audio):
                payload = b2a_base64(audio, newline=False).decode("ascii")
                return [f'{{"event":"media","media":{{"payload":"{payload}"}}}}']
            case PlaceMark(name):
                return [f'{{"event":"mark","mark":{{"name":{quoted(name)}}}}}']
            case ClearPlayback():
                return ['{"event":"clear"}']
        return []
