"""The caller's audio on its way to the model, and what is kept of it while there is none to hear it. Pure."""

from collections import deque

from apps.voice.core.actions import Action, SendAudio
from apps.voice.core.events import AudioHeard
from apps.voice.core.formats import Format
from apps.voice.core.settings import Settings

HUSH_MS = 800
"""Of silence that closes a sentence which the caller's muting cut off: the model's detection counts audio, not time."""


class Hearing:
    def __init__(self, format: Format, settings: Settings) -> None:
        self.dropped = 0
        """Bytes that nobody heard, because nobody was there for too long."""
        self.speaking = False
        self.unanswered = False
        """The caller stopped speaking, and neither their words nor an answer have come."""
        self.muted = False
        self._format = format
        self._live = False
        self._bound = settings.hold_ms * format.bytes_per_ms
        self._replay = settings.replay_ms * format.bytes_per_ms
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._deaf = False

    def heard(self, event: AudioHeard) -> list[Action]:
        if self.muted or self._deaf:
            return []
        audio = event.audio
        self._kept.append(audio)
        self._size += len(audio)
        while self._size > self._bound and len(self._kept) > 1:
            gone = len(self._kept.popleft())
            self._size -= gone
            if not self._live:
                self.dropped += gone
        return [SendAudio(audio)] if self._live else []

    def mute(self, muted: bool) -> list[Action]:
        self.muted = muted
        if muted and self.speaking and self._live:
            return [SendAudio(self._format.silence_of(HUSH_MS * self._format.bytes_per_ms))]
        return []

    def open(self) -> list[Action]:
        """The model is there: what was kept for it goes first."""
        actions: list[Action] = [] if self._deaf else [SendAudio(audio) for audio in self._kept]
        self._live, self._bound = True, self._replay
        return actions

    def close(self) -> None:
        """The model is gone. Speech it has not answered is kept for the next one, all else it has had."""
        if self._live and not (self.speaking or self.unanswered):
            self._kept.clear()
            self._size = 0
        self._live = self.speaking = False

    def stop(self) -> None:
        """Nothing the caller says counts any more."""
        self._deaf = True
        self.speaking = self.unanswered = False
        self._kept.clear()
