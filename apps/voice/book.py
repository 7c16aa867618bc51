"""What watches a call: its stopwatch, its telemetry, its black box, its recording. None of them can harm it."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from apps.voice.core.actions import Action
from apps.voice.core.events import Event

logger = logging.getLogger(__name__)


class Observer(Protocol):
    """Watches one call. Nothing in here waits. One that has `watches` is told of these events and actions only."""

    def saw(self, event: Event, now: float) -> None:
        """An event is about to be handled. `now` is seconds, monotonic."""
        ...

    def did(self, action: Action, now: float) -> None:
        """An action that the event led to is done."""
        ...


class _Told(dict[type, tuple[Observer, ...]]):
    """Who is told of which event or action. Looked up once: a call has some hundred of both a second."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        super().__init__()
        self.observers = observers

    def __missing__(self, kind: type) -> tuple[Observer, ...]:
        told = self[kind] = tuple(each for each in self.observers if kind in getattr(each, "watches", (kind,)))
        return told


class Book:
    """The observers of one call. One that fails is left out from then on; the call goes on."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self.told = _Told(observers)

    def add(self, observer: Observer) -> None:
        """From now on it watches, too."""
        self.told = _Told([*self.told.observers, observer])

    def remove(self, observer: Observer) -> None:
        self.told = _Told([each for each in self.told.observers if each is not observer])

    def saw(self, event: Event, now: float) -> None:
        for observer in self.told[type(event)]:
            try:
                observer.saw(event, now)
            except Exception:
                self._drop(observer)

    def did(self, action: Action, now: float) -> None:
        for observer in self.told[type(action)]:
            try:
                observer.did(action, now)
            except Exception:
                self._drop(observer)

    def readings(self) -> dict[str, Any]:
        """What the observers have for the call's record."""
        found: dict[str, Any] = {}
        for observer in self.told.observers:
            if (read := getattr(observer, "readings", None)) is not None:
                found |= read()
        return found

    def _drop(self, observer: Observer) -> None:
        logger.exception("Something that watches a call failed", extra={"observer": type(observer).__name__})
        self.remove(observer)
