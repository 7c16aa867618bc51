"""Where a call's time goes: from its start to the first word, and from the caller's last word to the agent's first."""

from statistics import median

from apps.voice.core.actions import Action, ClearPlayback, PlayAudio
from apps.voice.core.events import (
    AudioSpoken,
    CarrierStarted,
    Event,
    ModelReady,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
)

MOST = 200
"""Answers whose times are kept."""


class Stopwatch:
    """Times in milliseconds; the clock is the caller's."""

    watches = frozenset(
        {
            CarrierStarted,
            ModelReady,
            AudioSpoken,
            SpeechStarted,
            SpeechStopped,
            ResponseStarted,
            PlayAudio,
            ClearPlayback,
        }
    )

    def __init__(self) -> None:
        self._started_at: float | None = None
        self._once: dict[str, float] = {}
        self._waiting_since: float | None = None
        self._response_at: float | None = None
        self._speech_at: float | None = None
        self.answers: list[tuple[float, float]] = []
        """Of each answer: until the model began it, and until its first audio left."""
        self.clears: list[float] = []
        """From the caller's first word to the order to be silent."""

    def saw(self, event: Event, now: float) -> None:
        """An event is about to be handled."""
        match event:
            case CarrierStarted():
                self._started_at = now
            case ModelReady():
                self._mark("model_ready", now)
            case AudioSpoken():
                self._mark("first_audio", now)
            case SpeechStarted():
                self._speech_at = now
            case SpeechStopped():
                self._waiting_since, self._response_at = now, None
            case ResponseStarted():
                self._response_at = now

    def did(self, action: Action, now: float) -> None:
        """An action of the session is done."""
        if isinstance(action, PlayAudio) and self._waiting_since is not None:
            begun = self._response_at if self._response_at is not None else now
            if len(self.answers) < MOST:
                self.answers.append(((begun - self._waiting_since) * 1e3, (now - self._waiting_since) * 1e3))
            self._waiting_since = None
        elif isinstance(action, ClearPlayback) and self._speech_at is not None:
            if len(self.clears) < MOST:
                self.clears.append((now - self._speech_at) * 1e3)
            self._speech_at = None

    def readings(self) -> dict[str, float]:
        """For the record; only what happened is in it."""
        found = dict(self._once)
        if self.answers:
            found["answers"] = len(self.answers)
            found["response_begun_p50"] = round(median(begun for begun, _ in self.answers), 1)
            found["answer_heard_p50"] = round(median(heard for _, heard in self.answers), 1)
            found["answer_heard_max"] = round(max(heard for _, heard in self.answers), 1)
        if self.clears:
            found["interruptions"] = len(self.clears)
            found["clear_max"] = round(max(self.clears), 1)
        return found

    def _mark(self, name: str, now: float) -> None:
        if self._started_at is not None and name not in self._once:
            self._once[name] = round((now - self._started_at) * 1e3, 1)
