"""uvicorn's WebSocket with a short way for whole messages; everything else goes uvicorn's own way.

A phone call is a hundred messages a second, and uvicorn's way through websockets' parser, with a pause of the socket
for each message, was a third of what a call cost (bench/README.md, "Voice"). A socket that asks for it gets its
messages without ASGI's queue, too (direct.py).
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from apps.common.direct import EXTENSION, Message
from apps.common.frames import BINARY, TEXT, UNREAD, Splitter, frame

SWITCHING = 101  # RFC 6455 §4.2.2
GIVEN_UP = 3.0
"""Seconds after a close until the connection is cut, if the other end has not answered."""
MOST_UNREAD = 1_048_576
"""Bytes of answers to pings that the other end does not read; browsers send no pings at all."""
MOST_WAITING = 64
"""Messages that the application has not taken; beyond, the socket is not read."""


class _Through(asyncio.Queue[Any]):
    """In place of a connection's queue of ASGI events: nothing waits in it."""

    def __init__(self, take: Callable[[Message], None], gone: Callable[[], None]) -> None:
        super().__init__()
        self.take = take
        self._gone: Callable[[], None] | None = gone

    def put_nowait(self, event: Any) -> None:
        if event["type"] == "websocket.receive":
            text = event.get("text")
            self.take(event["bytes"] if text is None else text)
        elif self._gone is not None:
            gone, self._gone = self._gone, None
            self.take = _nobody
            gone()


def _nobody(message: Message) -> None:
    """Who listens after the end."""


class WebSocketServer(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=…)`. Extensions (compression) must be off."""

    read_paused: bool
    queue: asyncio.Queue[Any]
    _splitter: Splitter | None = None
    _through: _Through | None = None
    _early = False

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == SWITCHING:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def data_received(self, data: bytes) -> None:
        if self._splitter is None:
            if not self.handshake_complete or self._early:
                # Sent before our answer to the handshake: the general parser may stand within a frame from now on.
                self._early = self.handshake_initiated
                self._parse(data)
                return
            self._splitter = Splitter(masked=True, limit=self.config.ws_max_size)
        for opcode, payload in self._splitter.feed(data):
            if opcode == UNREAD:
                self._parse(payload)
            elif self.conn.state is State.OPEN:  # else the application has closed, and it is for nobody
                try:
                    message = payload.decode() if opcode == TEXT else payload
                except UnicodeDecodeError:
                    self.conn.fail(1007, "not UTF-8")
                    self.handle_parser_exception()
                    return
                if self._through is None:
                    self._queue(message)
                else:
                    self._through.take(message)

    def hand_over(self, take: Callable[[Message], None], gone: Callable[[], None]) -> None:
        """See `Direct`."""
        waiting, self.queue = self.queue, _Through(take, gone)
        self._through = self.queue
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self._read_on()

    def write(self, messages: Iterable[Message]) -> bool:
        """See `Direct`."""
        if self.conn.state is not State.OPEN or self.disconnected or not self.writable.is_set():
            return False
        frames = b""
        for message in messages:
            frames += frame(TEXT, message.encode()) if isinstance(message, str) else frame(BINARY, message)
        self.transport.write(frames)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if hasattr(self, "scope"):
            extensions: Any = self.scope["extensions"]
            extensions.pop(EXTENSION, None)  # a cycle, which would wait for the collector

    def handle_ping(self) -> None:
        """Who floods us with pings and reads no answer would have us keep the answers."""
        super().handle_ping()
        if self.unsent > MOST_UNREAD:
            self.transport.abort()

    def _parse(self, data: bytes) -> None:
        """uvicorn's own way."""
        super().data_received(data)
        if self._through is not None:
            self._read_on()

    def _read_on(self) -> None:
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()

    def _queue(self, message: Message) -> None:
        """ASGI's way to the application."""
        kind = "text" if isinstance(message, str) else "bytes"
        self.queue.put_nowait({"type": "websocket.receive", kind: message})
        if not self.read_paused and self.queue.qsize() > MOST_WAITING:
            self.read_paused = True
            self.transport.pause_reading()

    @property
    def unsent(self) -> int:
        """Bytes that the other end has not taken yet, beside what the kernel holds for it."""
        return int(self.transport.get_write_buffer_size())

    def write_frame(self, ready: bytes, most_unsent: int) -> bool:
        """Sends a frame that is made already, after all that was sent before; nothing once the socket is closing.

        For who sends one frame to many: a message of its own for each costs more than to write it.

        Returns:
            False when more than `most_unsent` bytes wait already: nothing was sent.
        """
        if self.transport.get_write_buffer_size() > most_unsent:
            return False
        if self.conn.state is State.OPEN and not self.disconnected:
            self.transport.write(ready)
        return True

    def close_with(self, code: int) -> None:
        """Closes at once, also where much is unsent: `send` would wait for that. What stays unsent is given up soon."""
        if self.conn.state is not State.OPEN or self.transport.is_closing():
            return
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})
        self.loop.call_later(GIVEN_UP, self.transport.abort)

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.send" and self.handshake_complete and self.initial_response is None:
            text = message.get("text")
            if self.write((message["bytes"] if text is None else text,)):
                return
        await super().send(message)
