"""The port to a model that listens and speaks. OpenAI's Realtime protocol stands behind it, and others can."""

from collections.abc import Callable
from typing import Protocol

from apps.voice.core.actions import ConnectModel
from apps.voice.core.events import ModelEvent, ModelLost
from apps.voice.core.realtime_commands import ModelAction


class Model(Protocol):
    """One session with a model."""

    dropped_ms: float
    """How much of what the caller said never left, because the model's side did not take it in time."""

    async def run(self, opening: ConnectModel, tell: Callable[[ModelEvent | ModelLost], None]) -> None:
        """Connects, and tells what comes at once: first ModelReady, last ModelLost; returns when it is over.

        No ModelReady where the model cannot be reached; no ModelLost after `close`. Neither this nor `tell` raises.
        """
        ...

    def send(self, action: ModelAction) -> None:
        """Never waits. Before ModelReady, and after the end, it is lost."""
        ...

    async def close(self) -> None:
        """Leaves; `run` ends."""
        ...
