"""The recording of a call: a WAV file of two channels, kept only if the caller heard that they are recorded."""

import re
from functools import partial

from apps.voice.core import wav
from apps.voice.core.actions import Action, ClearPlayback, EndCall, PlaceMark, PlayAudio, StoreTurn
from apps.voice.core.events import AudioHeard, Event, MarkPlayed
from apps.voice.core.formats import Format
from apps.voice.core.stereo import Stereo, interleave
from apps.voice.spool import Spool

PIECE = 1.0
"""Seconds of both tracks that are handed to the disk at a time."""
_WORD = re.compile(r"\w+")


class Recording:
    """Watches one call. Its memory is some seconds of both tracks, and what waits for the disk."""

    suffix = "wav"
    watches = frozenset({AudioHeard, MarkPlayed, PlayAudio, PlaceMark, ClearPlayback, StoreTurn, EndCall})

    def __init__(self, *, call: str, format: Format, consent: str) -> None:
        self.spool = Spool(f"{call}.{self.suffix}")
        self.consented = False
        """The caller has heard the consent line to its end."""
        self.seconds = 0.0
        self._format = format
        self._consent = words(consent)
        self._stereo = Stereo(format)
        self._taken_at: float | None = None
        self._header(0)

    def saw(self, event: Event, now: float) -> None:
        if isinstance(event, AudioHeard):
            self._stereo.heard(event.audio, now, event.at_ms)
            if self._taken_at is None:
                self._taken_at = now
            elif now - self._taken_at >= PIECE:
                self._take(now)
        elif isinstance(event, MarkPlayed):
            self._stereo.played(event.name, now)

    def did(self, action: Action, now: float) -> None:
        if isinstance(action, PlayAudio):
            self._stereo.sent(action.audio, now)
        elif isinstance(action, PlaceMark):
            self._stereo.marked(action.name)
        elif isinstance(action, ClearPlayback):
            self._stereo.cleared(now)
        elif isinstance(action, StoreTurn) and action.role == "agent":
            self.consented = self.consented or self._consent in words(action.text)
        elif isinstance(action, EndCall):
            self._stereo.cleared(now)
            self._take(now, rest=True)

    async def close(self) -> bool:
        """False when the file is not whole, or must not be kept."""
        whole = await self.spool.close(head=partial(_head, self._format))
        return whole and self.consented and self.seconds > 0

    def _take(self, now: float, *, rest: bool = False) -> None:
        left, right = self._stereo.take(now, rest=rest)
        self._taken_at = now
        if left:
            self.seconds += self._format.ms(len(left)) / 1_000
            self.spool.write(partial(interleave, left, right, self._format), size=2 * len(left))

    def _header(self, size: int) -> None:
        head = wav.header(self._format, size)
        self.spool.write(lambda: head, size=len(head))


def _head(format: Format, size: int) -> bytes:
    """The header of a whole file of `size` bytes."""
    return wav.header(format, size - len(wav.header(format, 0)))


def words(text: str) -> str:
    """The text as it is spoken: small letters, one space between words, and no signs."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "
