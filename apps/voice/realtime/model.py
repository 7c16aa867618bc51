"""The port to a model that listens and speaks. OpenAI's Realtime protocol stands behind it, and others can."""

from collections.abc import AsyncGenerator
from typing import Protocol

from apps.voice.core.actions import ConnectModel
from apps.voice.core.events import ModelEvent, ModelLost
from apps.voice.core.realtime_commands import ModelAction


class Model(Protocol):
    """One session with a model."""

    dropped_ms: float
    """How much of what the caller said never left, because the model's side did not take it in time."""

    def events(self, opening: ConnectModel) -> AsyncGenerator[ModelEvent | ModelLost]:
        """Connects, and gives what comes: first one ModelReady, last one ModelLost; raises nothing.

        Without ModelReady where the model cannot be reached; without ModelLost after `close`.
        """
        ...

    def send(self, action: ModelAction) -> None:
        """Never waits. Before ModelReady, and after the end, it is lost."""
        ...

    async def close(self) -> None:
        """Leaves; `events` ends."""
        ...
