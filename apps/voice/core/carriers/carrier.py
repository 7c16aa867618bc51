"""What every carrier's codec does: frames of its media socket into events, and actions into frames. Pure."""

from typing import Protocol, TypeVar

import msgspec

from apps.voice.core.actions import Action
from apps.voice.core.events import CarrierEvent
from apps.voice.core.formats import Format

MAX_FRAME = 32_768
"""Characters or bytes of one frame: 2 s of 8 kHz audio in base64 and to spare. No carrier sends a tenth of it."""


class BadFrame(Exception):
    """What came is not this carrier's protocol; its socket is of no use. `reason` holds nothing of the frame."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Carrier(Protocol):
    """The frames of one call; it remembers the stream they belong to."""

    @property
    def format(self) -> Format:
        """Of the audio, both ways."""

    def read(self, message: str | bytes) -> list[CarrierEvent]:
        """What a frame of the carrier says; nothing when it does not concern the call.

        Raises:
            BadFrame: it is malformed, oversized, or of another stream than the one that started.
        """

    def write(self, action: Action) -> list[str | bytes]:
        """The frames that do it: none where the carrier has no message for it, or the stream has not started."""


Frame = TypeVar("Frame")


class _Kind(msgspec.Struct):
    event: str


_KIND = msgspec.json.Decoder(_Kind)


def parsed(message: str | bytes, decoder: "msgspec.json.Decoder[Frame]", known: frozenset[str]) -> Frame | None:
    """The JSON frame; None when its `event` is not among the `known`: carriers add some without asking.

    Raises:
        BadFrame: it is binary, oversized, no JSON object with an `event`, or a known one that lacks something.
    """
    if isinstance(message, bytes):
        raise BadFrame("binary")
    if len(message) > MAX_FRAME:
        raise BadFrame("oversized")
    try:
        return decoder.decode(message)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # not on the way of a frame in order: now it may take longer
    try:
        kind = _KIND.decode(message)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadFrame("malformed") from None
    if kind.event in known:
        raise BadFrame("malformed")
    return None


def quoted(text: str) -> str:
    """A JSON string."""
    return msgspec.json.encode(text).decode()
