"""The model's WebSocket: sending never waits, and what the caller said too long ago is not sent any more."""

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from apps.common.frames import TEXT, UNREAD, Splitter, frame

MAX_AUDIO_MS = 2_000.0
"""Of the caller's audio waiting to leave; beyond, the oldest is dropped."""
MAX_MESSAGE = 4 * 1024 * 1024
OPEN_SECONDS = 10
PING_SECONDS = 20
# Some two seconds of audio on the wire. The system's own buffer would take a minute of it unseen.
_SEND_BUFFER = 64 * 1024
_MOST_HEADERS = 64 * 1024


class ModelSocket(ClientConnection):
    """A connection with a bounded queue in front, filled only while the network does not take more.

    Whole messages, both ways, go past websockets' parser and its queue: together they took a quarter of a call's time.
    They wait for `message` until somebody takes them all (`hand_over`).
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._waiting_ms = 0.0
        self.dropped_ms = 0.0
        self._handshake = b""
        self._splitter = Splitter(masked=False, limit=MAX_MESSAGE)
        self._fragments: list[bytes] = []
        self._heard: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._take: Callable[[bytes], None] = self._keep

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def data_received(self, data: bytes) -> None:
        if self.protocol.state is State.CONNECTING:
            # The parser gets the response alone, and stands at the border of a frame after it.
            self._handshake += data
            head, border, data = self._handshake.partition(b"\r\n\r\n")
            if not border and len(head) < _MOST_HEADERS:
                return
            super().data_received(head + border)
            if self.protocol.state is State.CONNECTING:
                super().data_received(data)  # refused; this is the reason
                return
        for opcode, payload in self._splitter.feed(data):
            if opcode == UNREAD:
                super().data_received(payload)
            else:
                self._take(payload)

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._fragments.append(bytes(event.data))
            if event.fin:
                self._take(b"".join(self._fragments))
                self._fragments.clear()
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._wake()

    def _keep(self, message: bytes) -> None:
        self._heard.append(message)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def message(self) -> bytes:
        """The next one. Raises websockets' ConnectionClosed at the end."""
        while not self._heard:
            if self.protocol.state is State.CLOSED:
                raise self.protocol.close_exc
            self._waiter = self.loop.create_future()
            await self._waiter
        return self._heard.popleft()

    async def hand_over(self, take: Callable[[bytes], None]) -> ConnectionClosed:
        """Gives every message to `take` when it comes, which must not raise; returns at the end, with its reason."""
        self._take = take
        try:
            while self._heard:
                take(self._heard.popleft())
            await self.wait_closed()
        finally:
            self._take = _nobody
        return self.protocol.close_exc

    def send_now(self, message: bytes, audio_ms: float = 0.0) -> None:
        """Sends a message, UTF-8, or queues it; of audio (`audio_ms` long) at most MAX_AUDIO_MS wait."""
        if self.protocol.state is not State.OPEN:
            return
        if not self.paused:
            self.transport.write(frame(TEXT, message, mask=_new_mask()))
            return
        self._waiting.append((message, audio_ms))
        self._waiting_ms += audio_ms
        if self._waiting_ms > MAX_AUDIO_MS:
            self._drop_oldest_audio()

    def resume_writing(self) -> None:
        super().resume_writing()
        while self._waiting and not self.paused and self.protocol.state is State.OPEN:
            message, audio_ms = self._waiting.popleft()
            self._waiting_ms -= audio_ms
            self.transport.write(frame(TEXT, message, mask=_new_mask()))

    def _drop_oldest_audio(self) -> None:
        for place, (_, audio_ms) in enumerate(self._waiting):
            if audio_ms:
                del self._waiting[place]
                self._waiting_ms -= audio_ms
                self.dropped_ms += audio_ms
                return


_masks: list[bytes] = []


def _new_mask() -> bytes:
    """Four random bytes that nobody can foresee (RFC 6455 §5.3)."""
    if not _masks:  # asking the system for each would cost more than the masking
        drawn = os.urandom(4_096)
        _masks.extend(drawn[at : at + 4] for at in range(0, len(drawn), 4))
    return _masks.pop()


def _nobody(message: bytes) -> None:
    """Who listens when nobody does any more."""


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # some megabytes: one for the process


async def open_socket(url: str, key: str) -> ModelSocket:
    """Raises OSError, TimeoutError or websockets' InvalidHandshake."""
    # Compression would cost a quarter megabyte and more time than it saves on base64 of noise.
    made = await connect(
        url,
        additional_headers={"Authorization": f"Bearer {key}"},
        create_connection=ModelSocket,
        compression=None,
        open_timeout=OPEN_SECONDS,
        ping_interval=PING_SECONDS,
        ping_timeout=PING_SECONDS,
        close_timeout=1,
        max_size=MAX_MESSAGE,
        ssl=_tls() if url.startswith("wss:") else None,
    )
    assert isinstance(made, ModelSocket)
    return made
