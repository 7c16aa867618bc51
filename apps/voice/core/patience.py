"""How long a call may last, and how long it may be silent: on the caller's side, and on ours. Pure."""

from apps.voice.core.settings import Settings


class Patience:
    """Times are seconds, monotonic."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started_at = 0.0
        self._active_at = 0.0
        self._prompted = False
        self._warned = False

    def start(self, now: float) -> None:
        self._started_at = self._active_at = now

    def excuse(self, seconds: float, now: float) -> None:
        """Time that does not count: a person had the call."""
        self._started_at += seconds
        self.active(now)

    def active(self, now: float) -> None:
        """The caller did something."""
        self._active_at, self._prompted = max(self._active_at, now), False

    def silence(self, now: float, idle_since: float) -> float:
        """Seconds since anybody was heard, if nobody is now."""
        return now - max(idle_since, self._active_at)

    def warn(self, now: float) -> bool:
        """True once, when the cap is near."""
        settings = self._settings
        if self._warned or settings.cap <= 2 * settings.warn_before:
            return False
        self._warned = now - self._started_at >= settings.cap - settings.warn_before
        return self._warned

    def capped(self, now: float) -> bool:
        return now - self._started_at >= self._settings.cap

    def exhausted(self, silence: float) -> bool:
        """The caller was asked whether they are there, and said nothing."""
        return self._prompted and silence >= self._settings.silence_prompt

    def prompt(self, now: float, silence: float) -> bool:
        """True once per silence, when the caller should be asked whether they are there."""
        if self._prompted or silence < self._settings.silence_prompt:
            return False
        self._prompted, self._active_at = True, now
        return True
