"""Our own protocol with the browser: binary PCM16 24 kHz both ways, control frames in JSON, their kind under `type`.

The page sends `played` {mark}, `text` {text}, `mute` {muted}, `end`; it gets `ready`, `transcript`, `agent`, `tool`,
`state`, `notice`, `clear` {generation}, `mark` {name}, `ended` {reason}.
"""

from typing import Annotated, Any

import msgspec

from apps.voice.core.actions import Action, ClearPlayback, EndCall, PlaceMark, PlayAudio, Show
from apps.voice.core.carriers.carrier import MAX_FRAME, BadFrame
from apps.voice.core.events import AudioHeard, CarrierEvent, CarrierStopped, MarkPlayed, MuteChanged, TextTyped
from apps.voice.core.formats import PCM16, Format

MAX_AUDIO = PCM16.bytes_per_ms * 500
"""Bytes of one frame: a page that was held up may send half a second at once."""
MAX_TEXT = 4000
"""Characters that may be typed at once."""


class _Frame(msgspec.Struct, tag_field="type"):
    pass


class _Played(_Frame, tag="played"):
    mark: Annotated[str, msgspec.Meta(max_length=64)]


class _Text(_Frame, tag="text"):
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class _Mute(_Frame, tag="mute"):
    muted: bool


class _End(_Frame, tag="end"):
    pass


_DECODER = msgspec.json.Decoder(_Played | _Text | _Mute | _End)


class Browser:
    """The frames of one call. The socket is the stream: the shell says `CarrierStarted` when its ticket is good."""

    format: Format = PCM16

    def read(self, message: str | bytes) -> list[CarrierEvent]:
        if isinstance(message, bytes):
            return _audio(message)
        if len(message) > MAX_FRAME:
            raise BadFrame("oversized")
        try:
            frame = _DECODER.decode(message)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise BadFrame("malformed") from None
        match frame:
            case _Played(mark=mark):
                return [MarkPlayed(mark)]
            case _Text(text=text):
                return [TextTyped(text.strip())] if text.strip() else []
            case _Mute(muted=muted):
                return [MuteChanged(muted)]
        return [CarrierStopped("hangup")]

    def write(self, action: Action) -> list[str | bytes]:
        match action:
            case PlayAudio(audio):
                return [audio]
            case PlaceMark(name):
                return [_json("mark", name=name)]
            case ClearPlayback(generation):
                return [_json("clear", generation=generation)]
            case Show(kind, data):
                return [_json(kind, **data)]
            case EndCall(reason):
                return [_json("ended", reason=reason)]
        return []

    def ready(self, **data: Any) -> str:
        """The first frame: what the page should know before it sends, such as `limit_s` and `agent`."""
        return _json("ready", **data)


def _audio(audio: bytes) -> list[CarrierEvent]:
    if len(audio) > MAX_AUDIO:
        raise BadFrame("oversized")
    if len(audio) % PCM16.sample_bytes:
        raise BadFrame("malformed")
    return [AudioHeard(audio)] if audio else []


def _json(kind: str, /, **data: Any) -> str:
    return msgspec.json.encode({**data, "type": kind}).decode()
