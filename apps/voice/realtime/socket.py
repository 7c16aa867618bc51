"""The model's WebSocket: sending never waits, and what the caller said too long ago is not sent any more."""

import asyncio
import socket
import ssl
from collections import deque
from functools import cache
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

MAX_AUDIO_MS = 2_000.0
"""Of the caller's audio waiting to leave; beyond, the oldest is dropped."""
MAX_MESSAGE = 4 * 1024 * 1024
OPEN_SECONDS = 10
PING_SECONDS = 20
# Some two seconds of audio on the wire. The system's own buffer would take a minute of it unseen.
_SEND_BUFFER = 64 * 1024


class ModelSocket(ClientConnection):
    """A connection with a bounded queue in front, filled only while the network does not take more."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._waiting: deque[tuple[str, float]] = deque()
        self._waiting_ms = 0.0
        self.dropped_ms = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def send_now(self, text: str, audio_ms: float = 0.0) -> None:
        """Sends a message, or queues it; of audio (`audio_ms` long) at most MAX_AUDIO_MS wait."""
        if self.protocol.state is not State.OPEN:
            return
        if not self.paused:
            self._write(text)
            return
        self._waiting.append((text, audio_ms))
        self._waiting_ms += audio_ms
        if self._waiting_ms > MAX_AUDIO_MS:
            self._drop_oldest_audio()

    def resume_writing(self) -> None:
        super().resume_writing()
        while self._waiting and not self.paused and self.protocol.state is State.OPEN:
            text, audio_ms = self._waiting.popleft()
            self._waiting_ms -= audio_ms
            self._write(text)

    def _write(self, text: str) -> None:
        self.protocol.send_text(text.encode())
        self.send_data()

    def _drop_oldest_audio(self) -> None:
        for place, (_, audio_ms) in enumerate(self._waiting):
            if audio_ms:
                del self._waiting[place]
                self._waiting_ms -= audio_ms
                self.dropped_ms += audio_ms
                return


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
