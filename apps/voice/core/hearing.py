"""The caller's audio on its way to the model, and what is kept of it while there is none to hear it. Pure."""

from collections import deque

from apps.voice.core.actions import Action, SendAudio
from apps.voice.core.audio.gaps import Gaps
from apps.voice.core.events import AudioHeard
from apps.voice.core.formats import FRAME_MS, Format
from apps.voice.core.settings import Settings

HUSH_MS = 800
"""Of silence that closes a sentence which the caller's muting cut off: the model's detection counts audio, not time."""
STARVED = 0.4
"""Seconds without a frame, in the midst of a sentence, after which silence stands in for what does not come."""


class Hearing:
    def __init__(self, format: Format, settings: Settings) -> None:
        self.dropped = 0
        """Bytes that nobody heard, because nobody was there for too long."""
        self.speaking = False
        self.unanswered = False
        """The caller has spoken, and neither their words nor an answer have come."""
        self.muted = False
        self.last_at = 0.0
        """When the last frame came, in seconds; before the first, when the call began."""
        self._format = format
        self._per_ms = format.bytes_per_ms
        self._gaps = Gaps(format)
        self._clock_ms = -1.0
        """The carrier's time of the next frame; -1 where it tells none."""
        self._filled_ms = 0.0
        """Of silence that stands in for the frames since `last_at`."""
        self._live = False
        self._sent = 0
        """Bytes that this session of the model was sent."""
        self._bound = settings.hold_ms * format.bytes_per_ms
        self._replay = settings.replay_ms * format.bytes_per_ms
        self._kept: deque[bytes] = deque()
        self._size = 0
        self._deaf = False
        self._gone = 0
        """Bytes dropped since the model was lost."""

    def heard(self, event: AudioHeard, now: float) -> list[Action]:
        self.last_at = now
        if self.muted or self._deaf:
            return []
        audio = event.audio
        if event.at_ms >= 0:
            missing = self._gaps.before(event.at_ms, len(audio))
            self._clock_ms = event.at_ms + len(audio) / self._per_ms
            if missing:
                audio = self._format.silence_of(missing) + audio
        self._filled_ms = 0.0
        return self._hear(audio)

    def starved(self, now: float) -> list[Action]:
        """Silence for frames that do not come: without it the model would wait for the end of a sentence for ever."""
        if self.muted or self._deaf or not (self.speaking and self._live):
            return []
        away_ms = (now - self.last_at) * 1000
        missing = int((min(away_ms, HUSH_MS) - self._filled_ms) // FRAME_MS) * FRAME_MS
        if away_ms < STARVED * 1000 or missing <= 0:
            return []
        self._filled_ms += missing
        silence = self._format.silence_of(missing * self._format.bytes_per_ms)
        if self._clock_ms >= 0:  # on the carrier's clock, too: what it jumps over later is filled only once
            self._gaps.before(int(self._clock_ms), len(silence))
            self._clock_ms += missing
        return self._hear(silence)

    def _hear(self, audio: bytes) -> list[Action]:
        self._kept.append(audio)
        self._size += len(audio)
        while self._size > self._bound and len(self._kept) > 1:
            gone = len(self._kept.popleft())
            self._size -= gone
            if not self._live:
                self.dropped += gone
                self._gone += gone
        if not self._live:
            return []
        self._sent += len(audio)
        return [SendAudio(audio)]

    def when(self, at_ms: int, now: float) -> float:
        """When the caller said what stands at `at_ms` of what this session was sent: long ago, if it was replayed."""
        if at_ms < 0:
            return now
        return min(now, self.last_at - (self._format.ms(self._sent) - at_ms) / 1000)

    def mute(self, muted: bool) -> list[Action]:
        self.muted = muted
        if muted and self.speaking and self._live:
            hush = self._format.silence_of(HUSH_MS * self._format.bytes_per_ms)
            self._sent += len(hush)
            return [SendAudio(hush)]
        return []

    def open(self) -> list[Action]:
        """The model is there: what was kept for it goes first."""
        actions: list[Action] = [] if self._deaf else [SendAudio(audio) for audio in self._kept]
        self._live, self._bound = True, self._replay
        self._sent = 0 if self._deaf else self._size
        return actions

    @property
    def missed(self) -> bool:
        """The model was away for so long that what the caller may have said meanwhile has been dropped."""
        return self._gone > self._replay // 2

    def close(self) -> None:
        """The model is gone. Speech it has not answered is kept for the next one, all else it has had."""
        self._gone = 0 if self._live else self._gone
        self.unanswered = self.unanswered or self.speaking
        if self._live and not self.unanswered:
            self._kept.clear()
            self._size = 0
        self._live = self.speaking = False

    def stop(self) -> None:
        """Nothing the caller says counts any more."""
        self._deaf = True
        self.speaking = self.unanswered = False
        self._kept.clear()
