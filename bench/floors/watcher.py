"""A viewer of the trials: keeps the state as the page does, comes back when it is cut off, and says what it shows."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from apps.dashboard.core.events import Event, State
from apps.dashboard.core.state import reduce

STALE = 3.0
"""Seconds without a word of how far the state is true, after which the page says that it is stale."""


class _Message(msgspec.Struct):
    type: str
    epoch: str = ""
    seq: int = 0
    recovered: bool = False
    from_: int = msgspec.field(name="from", default=0)
    to: int = 0
    verified: float = 0.0
    since: float = 0.0
    state: State | None = None
    events: list[Event] = []
    id: str = ""
    ok: bool = False
    code: str = ""
    version: int | None = None


Ack = _Message
"""The answer to a command: `id`, `ok`, `code`, `version`."""


_decode = msgspec.json.Decoder(_Message).decode


class Hole(Exception):
    """A delta is missing."""


class Watcher:
    """One page. `run` ends when it is cancelled."""

    def __init__(
        self,
        ports: list[int],
        ticket: Callable[[], Awaitable[str]],
        chance: random.Random,
    ) -> None:
        self._ports, self._ticket, self._chance = ports, ticket, chance
        self._asked: dict[str, tuple[str, asyncio.Future[Ack]]] = {}
        self.state: State | None = None
        self.epoch, self.seq, self.verified = "", 0, 0.0
        self.awake = asyncio.Event()
        self.awake.set()
        """Cleared, nothing is read: the page is asleep, or on a slow line."""
        self.drops = 0
        """Deltas to lose on the way."""
        self.holes = self.recovered = self.snapshots = self.connections = 0
        self.socket: ClientConnection | None = None

    @property
    def is_live(self) -> bool:
        """Whether the page says that what it shows is true."""
        return self.state is not None and time.time() - self.verified < STALE

    async def run(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, Hole, TimeoutError):
                await self._watch()
            await asyncio.sleep(self._chance.uniform(0.2, 0.6))

    async def _watch(self) -> None:
        port = self._chance.choice(self._ports)
        address = f"ws://127.0.0.1:{port}/ws/dashboard/?ticket={await self._ticket()}"
        async with connect(
            address,
            origin=Origin(f"http://127.0.0.1:{port}"),
            compression=None,
            max_size=None,
            max_queue=2,
            open_timeout=3,
            ping_interval=None,
        ) as socket:
            self.socket = socket
            self.connections += 1
            await socket.send(msgspec.json.encode({"type": "subscribe", "epoch": self.epoch, "seq": self.seq}).decode())
            for frame, _ in list(self._asked.values()):
                await socket.send(frame)
            while True:
                async with asyncio.timeout(8):  # a page that hears nothing for so long takes another socket
                    text = await socket.recv()
                    message = _decode(text)
                await self.awake.wait()
                if message.type == "ping":
                    await socket.send('{"type":"pong"}')
                self._take(message)

    async def command(self, name: str, target: str, version: int) -> Ack:
        """The answer to a command, whatever breaks meanwhile: it is said again, with its id, on the next connection."""
        key = f"{self._chance.getrandbits(64):016x}"
        asked: dict[str, Any] = {"type": "command", "id": key, "name": name, "target": target, "args": {}}
        frame = msgspec.json.encode(asked | {"version": version}).decode()
        answer = asyncio.get_running_loop().create_future()
        self._asked[key] = frame, answer
        if self.socket is not None:
            with suppress(OSError, WebSocketException):
                await self.socket.send(frame)
        try:
            return await answer
        finally:
            del self._asked[key]

    def _take(self, message: _Message) -> None:
        if message.type == "hello":
            self.recovered += message.recovered
        elif message.type == "ack":
            _, answer = self._asked.get(message.id, ("", None))
            if answer is not None and not answer.done():
                answer.set_result(message)
        elif message.type == "snapshot":
            self.snapshots += 1
            self.epoch, self.seq, self.state = message.epoch, message.seq, message.state
            self.verified = message.verified
        elif message.type == "delta":
            if self.drops:
                self.drops -= 1
                return
            if message.from_ != self.seq or self.state is None:
                self.holes += 1
                raise Hole
            self.state, self.seq = reduce(self.state, message.events), message.to
            self.verified = max(self.verified, message.verified)
        elif message.type == "fresh":
            if message.seq != self.seq:
                self.holes += 1
                raise Hole
            self.verified = max(self.verified, message.verified)
