"""Viewers by the hundred on one event loop: they check that nothing is missing, and some of them how late it is."""

import asyncio
import base64
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from apps.common.frames import TEXT, UNREAD, Splitter, frame

SAMPLED = 10
"""One viewer in so many looks at each event's stamp; the others count."""
_STAMP = re.compile(rb"@(\d+\.\d+)@")
_DELTA = re.compile(rb'\{"type":"delta","from":(\d+),"to":(\d+)')
_SNAPSHOT = re.compile(rb'\{"type":"snapshot","epoch":"(\w+)","seq":(\d+)')
_PING, _PONG = 0x9, 0xA
_EVENT = b'42["event"'
_HEARTBEAT = b"\x81\x012"


@dataclass
class Crowd:
    """What a number of viewers have seen."""

    viewers: list["Viewer"] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    """Seconds from each event's stamp until a sampled viewer had it."""

    @property
    def frames(self) -> int:
        return sum(viewer.frames for viewer in self.viewers)

    @property
    def holes(self) -> int:
        """Messages that viewers have missed."""
        return sum(viewer.holes for viewer in self.viewers)

    @property
    def events(self) -> list[int]:
        """How many each sampled viewer has seen."""
        return [viewer.events for viewer in self.viewers if viewer.sampled]

    @property
    def live(self) -> int:
        return sum(viewer.live.is_set() for viewer in self.viewers)

    @property
    def closed(self) -> int:
        return sum(viewer.closed for viewer in self.viewers)

    def forget(self) -> None:
        """Begins to count."""
        self.latencies.clear()
        for viewer in self.viewers:
            viewer.frames = viewer.holes = viewer.events = 0

    def leave(self) -> None:
        for viewer in self.viewers:
            if viewer.transport is not None:
                viewer.transport.abort()


class Viewer(asyncio.Protocol):
    """One socket. `first` is what it says when it is open."""

    def __init__(self, crowd: Crowd, request: bytes, first: str, *, sampled: bool) -> None:
        self.crowd = crowd
        self.sampled = sampled
        self.frames = self.events = self.holes = 0
        self.seq = -1
        self.live = asyncio.Event()
        """Set when it has the state."""
        self.closed = False
        self.transport: asyncio.Transport | None = None
        self._request = request
        self._first = first
        self._head: bytes | None = b""
        self._splitter = Splitter(masked=False, limit=2**26)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is none of asyncio's by its class
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self.live.clear()

    def say(self, text: str) -> None:
        assert self.transport is not None
        self.transport.write(frame(TEXT, text.encode(), mask=os.urandom(4)))

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            _, data = self._head.split(b"\r\n\r\n", 1)
            self._head = None
            self.say(self._first)
        self.hear(data)

    def hear(self, data: bytes) -> None:
        for opcode, payload in self._splitter.feed(data):
            if opcode == TEXT:
                self.take(payload)
            elif opcode == UNREAD and payload[0] & 0xF == _PING:
                assert self.transport is not None
                answer = frame(_PONG, payload[2:], mask=os.urandom(4))
                self.transport.write(answer)

    def take(self, payload: bytes) -> None:
        raise NotImplementedError

    def count(self, payload: bytes) -> None:
        """A message with events."""
        self.frames += 1
        if self.sampled:
            now = time.time()
            stamps = _STAMP.findall(payload)
            self.events += len(stamps)
            self.crowd.latencies += [now - float(stamp) for stamp in stamps]


class Ours(Viewer):
    """Speaks the floor's protocol."""

    def take(self, payload: bytes) -> None:
        if found := _DELTA.match(payload):
            first, last = int(found[1]), int(found[2])
            self.holes += first != self.seq
            self.seq = last
            self.count(payload)
        elif found := _SNAPSHOT.match(payload):
            self.seq = int(found[2])
            self.live.set()
        elif payload.startswith(b'{"type":"ping"'):
            self.say('{"type":"pong"}')


class SocketIo(Viewer):
    """Speaks Socket.IO's protocol 5 over Engine.IO's 4.

    Of those that are not sampled, messages are only counted: taking each apart would take more than the server does.
    """

    def hear(self, data: bytes) -> None:
        if self.sampled or not self.live.is_set():
            super().hear(data)
            return
        self.frames += data.count(_EVENT)
        if data.endswith(_HEARTBEAT):
            self.say("3")

    def take(self, payload: bytes) -> None:
        if payload.startswith(b"42"):
            self.count(payload)
        elif payload.startswith(b"40"):
            self.live.set()
        elif payload == b"2":
            self.say("3")


def request(port: int, path: str) -> bytes:
    """A WebSocket's opening handshake, as a page of this host."""
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def gather(kind: type[Viewer], port: int, paths: Sequence[str], first: str, *, within: float = 60.0) -> Crowd:
    """A crowd of which everybody has the state.

    Raises:
        TimeoutError: some have not.
    """
    crowd, loop = Crowd(), asyncio.get_running_loop()

    def viewer(number: int) -> Viewer:
        made = kind(crowd, request(port, paths[number]), first, sampled=number % SAMPLED == 0)
        crowd.viewers.append(made)
        return made

    async with asyncio.timeout(within):
        for start in range(0, len(paths), 50):
            numbers = range(start, min(start + 50, len(paths)))
            await asyncio.gather(
                *(loop.create_connection(lambda number=n: viewer(number), "127.0.0.1", port) for n in numbers)  # type: ignore[misc]
            )
            await asyncio.gather(*(crowd.viewers[n].live.wait() for n in numbers))
    return crowd
