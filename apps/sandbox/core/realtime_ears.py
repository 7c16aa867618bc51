"""The input audio buffer of a Realtime session, and the detection of speech in it by energy."""

from dataclasses import dataclass

import numpy as np

from .realtime_wire import SemanticVad, ServerVad
from .sound import RATES, Samples, decoded
from .tonespeech import understand

_WINDOW_MS = 20
_START_MS = 60  # shorter sounds are clicks
_FULL_THRESHOLD = 660.0  # effective amplitude that a threshold of 1 stands for; 0.5 is -40 dB of full scale
_PATIENCE_MS = {"low": 8_000, "medium": 4_000, "auto": 4_000, "high": 2_000}
_UNDERSTOOD_MS = 200
_KEPT_MS = 600_000


@dataclass(frozen=True, slots=True)
class Started:
    """Speech begins, at this time of the audio that came."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Speech is over; `audio` is all of it."""

    at_ms: int
    audio: Samples


class Ears:
    """What was heard and is not committed yet. All times are milliseconds of the audio received in the session."""

    def __init__(self) -> None:
        self.detection: ServerVad | SemanticVad | None = ServerVad()
        self.form = "audio/pcm"
        self.speaking = False
        self.now_ms = 0
        self._rest = _NOTHING
        self._windows: list[Samples] = []
        self._loud_ms = self._quiet_ms = 0

    @property
    def rate(self) -> int:
        return RATES[self.form]

    @property
    def buffered_ms(self) -> int:
        return len(self._windows) * _WINDOW_MS + len(self._rest) * 1000 // self.rate

    def listen(self, form: str, detection: ServerVad | SemanticVad | None) -> None:
        """Take these settings on; another format begins an empty buffer."""
        if form != self.form:
            self.clear()
            self.form = form
        self.detection = detection

    def hear(self, data: bytes) -> list[Started | Stopped]:
        """Take in audio in the session's format."""
        samples = decoded(data, self.form)
        if len(self._rest):
            samples = np.concatenate([self._rest, samples])
        size = self.rate * _WINDOW_MS // 1000
        whole = len(samples) - len(samples) % size
        self._rest = samples[whole:]
        found = []
        for start in range(0, whole, size):
            event = self._window(samples[start : start + size])
            if event is not None:
                found.append(event)
        return found

    def clear(self) -> None:
        """Forget what is not committed."""
        self._windows.clear()
        self._rest = _NOTHING
        self.speaking = False
        self._loud_ms = self._quiet_ms = 0

    def take(self) -> Samples:
        """The buffer's audio; it is empty afterwards."""
        taken = np.concatenate([*self._windows, self._rest]) if self._windows else self._rest
        self.clear()
        return taken

    def _window(self, window: Samples) -> Started | Stopped | None:
        self.now_ms += _WINDOW_MS
        self._windows.append(window)
        vad = self.detection
        if vad is None:
            del self._windows[: -_KEPT_MS // _WINDOW_MS]
            return None
        threshold = vad.threshold if isinstance(vad, ServerVad) else 0.5
        wave = window.astype(np.float32)
        if float(wave @ wave) > len(wave) * (threshold * _FULL_THRESHOLD) ** 2:
            self._loud_ms, self._quiet_ms = self._loud_ms + _WINDOW_MS, 0
        else:
            self._quiet_ms, self._loud_ms = self._quiet_ms + _WINDOW_MS, 0
        if self.speaking:
            return self._stop(vad) if self._quiet_ms and self._over(vad) else None
        padding = vad.prefix_padding_ms if isinstance(vad, ServerVad) else 300
        del self._windows[: -(padding + _START_MS) // _WINDOW_MS]
        if self._loud_ms < _START_MS:
            return None
        self.speaking = True
        return Started(max(0, self.now_ms - len(self._windows) * _WINDOW_MS))

    def _over(self, vad: ServerVad | SemanticVad) -> bool:
        if isinstance(vad, ServerVad):
            return self._quiet_ms >= vad.silence_duration_ms
        if self._quiet_ms == _UNDERSTOOD_MS:
            return understand(np.concatenate(self._windows), self.rate) is not None
        return self._quiet_ms >= _PATIENCE_MS[vad.eagerness]

    def _stop(self, vad: ServerVad | SemanticVad) -> Stopped:
        rest = self._rest
        self._rest = _NOTHING
        audio = self.take()
        self._rest = rest
        return Stopped(self.now_ms, audio)


_NOTHING: Samples = np.zeros(0, np.int16)
