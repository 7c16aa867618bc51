"""One viewer's socket, for writing: what is sent to many is made once and written straight through."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from sys import maxsize
from typing import Any, NamedTuple, Protocol

from apps.common.direct import EXTENSION
from apps.common.frames import TEXT, frame
from apps.dashboard.core.presence import Seat
from apps.dashboard.viewers import Viewer

MOST_UNSENT = 262_144
"""Bytes that a viewer has not taken; beyond, it gets nothing until it has caught up."""
CATCH_UP = 10.0
"""Seconds that it may take for that."""
LOST_AFTER = 2
"""Heartbeats: the last, which may still be answered, and the one before."""


class Ready(NamedTuple):
    """A message, made once for everybody it goes to."""

    text: bytes
    frame: bytes
    """The same as a WebSocket frame of a server."""


def ready(text: bytes) -> Ready:
    """The message with its frame."""
    return Ready(text, frame(TEXT, text))


class _Direct(Protocol):
    """Our server's connection (common/websocket_server.py)."""

    @property
    def unsent(self) -> int: ...
    def write_frame(self, ready: bytes, most_unsent: int) -> bool: ...
    def close_with(self, code: int) -> None: ...


class _Queued:
    """The same for any other server, such as the one of development: a task sends one message after the other."""

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._send = send
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.unsent = 0
        self._task = asyncio.create_task(self._work())

    def write_text(self, text: bytes, most_unsent: int) -> bool:
        if self.unsent > most_unsent:
            return False
        self.unsent += len(text)
        self._queue.put_nowait({"type": "websocket.send", "text": text.decode()})
        return True

    def close_with(self, code: int) -> None:
        self._queue.put_nowait({"type": "websocket.close", "code": code})

    def cancel(self) -> None:
        self._task.cancel()

    async def _work(self) -> None:
        try:
            while True:
                message = await self._queue.get()
                await self._send(message)
                self.unsent -= len(message.get("text", "").encode())
                if message["type"] == "websocket.close":
                    return
        except (OSError, RuntimeError):
            return  # the socket is closed


class Connection:
    """A viewer at a socket."""

    def __init__(
        self, viewer: Viewer, scope: dict[str, Any], send: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        self.viewer = viewer
        self.since = time.time()
        self.attention = ""
        self.asleep = False
        self.unanswered = 0
        """Heartbeats in a row that had no answer."""
        self.behind_since: float | None = None
        """The loop's clock; while it is set, the viewer gets nothing."""
        self.closed = False
        self._direct: _Direct | None = scope.get("extensions", {}).get(EXTENSION)
        self._queued = None if self._direct is not None else _Queued(send)

    @property
    def unsent(self) -> int:
        """Bytes that wait for the viewer to take them."""
        return (self._direct or self._queued).unsent  # type: ignore[union-attr]

    def write(self, message: Ready, most_unsent: int = maxsize) -> bool:
        """Sends it, never waiting; False when more than `most_unsent` bytes wait for the viewer already."""
        if self._direct is not None:
            return self._direct.write_frame(message.frame, most_unsent)
        assert self._queued is not None
        return self._queued.write_text(message.text, most_unsent)

    def write_text(self, text: bytes) -> None:
        """Sends a message to this viewer alone."""
        self.write(ready(text))

    def close(self, code: int) -> None:
        """Ends the connection; what reads from it learns so."""
        if not self.closed:
            self.closed = True
            (self._direct or self._queued).close_with(code)  # type: ignore[union-attr]

    def done(self) -> None:
        """Nothing more is written."""
        self.closed = True
        if self._queued is not None:
            self._queued.cancel()

    def seat(self, *, gone: float = 0.0) -> Seat:
        """For presence."""
        return Seat(
            socket=self.viewer.socket,
            user=self.viewer.user_id,
            name=self.viewer.name,
            role=self.viewer.role,
            since=self.since,
            attention=self.attention,
            asleep=self.asleep,
            lost=self.unanswered >= LOST_AFTER,
            gone=gone,
        )
