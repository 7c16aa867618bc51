"""The load: streams read on bare sockets, tokens counted by their MARK, nothing parsed."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from provider import MARK, Answer

_MARK = MARK.encode()
_TAIL = 400
"""Bytes of the end that are kept, to see whether the answer is complete."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server under load. `ask` makes the headers and the JSON of a request; `terminal` ends a whole answer."""

    name: str
    port: int
    path: str
    ask: Callable[[Answer], tuple[Mapping[str, str], Any]]
    terminal: bytes

    def request(self, answer: Answer) -> bytes:
        """The bytes of one HTTP/1.1 request; the server closes when the answer is over."""
        more, content = self.ask(answer)
        body = json.dumps(content).encode()
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **more,
        }
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Readings:
    """What a group of streams saw. Times in seconds of the loop's clock."""

    streams: int
    tokens: int = 0
    whole: int = 0
    """Streams that ended with the terminal event."""
    firsts: list[float] = field(default_factory=list)
    """For each stream: from its request to its first token."""
    gaps: list[float] = field(default_factory=list)
    """Between one read with tokens and the stream's next one."""
    all_begun: asyncio.Event = field(default_factory=asyncio.Event)
    one_ended: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bytes = b""
    """End of an answer that was not whole, for the error message."""


class _Stream(asyncio.Protocol):
    def __init__(self, request: bytes, terminal: bytes, readings: Readings) -> None:
        self.request = request
        self.terminal = terminal
        self.readings = readings
        self.loop = asyncio.get_running_loop()
        self.over = self.loop.create_future()
        self.last_at = 0.0
        self.tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.tail = (self.tail + data)[-_TAIL:]
        tokens = data.count(_MARK)
        if not tokens:
            return
        now, readings = self.loop.time(), self.readings
        readings.tokens += tokens
        if self.last_at:
            readings.gaps.append(now - self.last_at)
        else:
            readings.firsts.append(now - self.opened_at)
            if len(readings.firsts) == readings.streams:
                readings.all_begun.set()
        self.last_at = now

    def connection_lost(self, exc: Exception | None) -> None:
        if self.terminal in self.tail:
            self.readings.whole += 1
        else:
            self.readings.broken = self.tail
        self.readings.one_ended.set()
        if not self.over.done():
            self.over.set_result(None)

    async def run(self, port: int) -> None:
        self.opened_at = self.loop.time()
        transport, _ = await self.loop.create_connection(lambda: self, "127.0.0.1", port)
        try:
            await self.over
        finally:
            transport.abort()


class Refused(Exception):
    """The server does not answer as it should; the message has what it sent."""


async def stream(target: Target, readings: Readings, answer: Answer) -> None:
    """Opens one stream and reads it to its end."""
    await _Stream(target.request(answer), target.terminal, readings).run(target.port)


async def stream_all(target: Target, readings: Readings, answer: Answer, *, spread: float = 0.0) -> None:
    """Opens `readings.streams` streams (evenly over `spread` seconds) and reads each to its end."""

    async def one(number: int) -> None:
        await asyncio.sleep(spread * number / readings.streams)
        await stream(target, readings, answer)

    async with asyncio.TaskGroup() as group:
        for number in range(readings.streams):
            group.create_task(one(number))
