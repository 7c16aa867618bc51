"""A chat client that keeps to the contract (docs/embedding.md), on bare sockets, and writes down all that it sees."""

import asyncio
import json
import random
import socket
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from random import randrange
from typing import Any

HEADERS_WITHIN = 15.0
SILENCE = 35.0
"""Seconds without a byte (two heartbeats) after which a stream counts as dead."""
LONGEST_WAIT = 2.0
RETRYABLE = {409, 429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Event:
    """A server-sent event; `at` is the time it arrived, of the loop's clock."""

    id: str
    name: str
    data: dict[str, Any]
    at: float = 0.0

    @property
    def run(self) -> str:
        return self.id.rpartition(":")[0]

    @property
    def seq(self) -> int:
        return int(self.id.rpartition(":")[2])


@dataclass(frozen=True, slots=True)
class Manner:
    """How a client behaves beyond the minimum.

    Attributes:
        moves: (after so many events, worker): drops the stream and resumes at that worker.
        stop_after: asks for the end of the generation after so many events; 0 = never.
        pause: (after so many events, seconds): reads nothing for that long.
        receive_buffer: bytes of the socket's buffer; 0 = the system's.
    """

    moves: tuple[tuple[int, int], ...] = ()
    stop_after: int = 0
    pause: tuple[int, float] = (0, 0.0)
    receive_buffer: int = 0


@dataclass
class Told:
    """What one visitor saw of the answer to one message."""

    message: str
    message_id: str
    conversation: str = ""
    run: str = ""
    events: list[Event] = field(default_factory=list)
    notes: list[tuple[float, str]] = field(default_factory=list)
    """Requests, answers and losses, for the history of a failed trial."""
    began_at: float = 0.0
    refused: str = ""
    """An answer that a client does not try again on."""
    broken: list[str] = field(default_factory=list)
    """Answers that no client should ever get, such as 500."""
    gave_up: bool = False
    stopped: bool = False

    def note(self, words: str) -> None:
        self.notes.append((asyncio.get_running_loop().time(), words))

    @property
    def over(self) -> bool:
        return bool(self.refused) or bool(self.events and self.events[-1].name == "done")

    @property
    def longest_silence(self) -> float:
        """Seconds from the message, or an event, to the next event."""
        times = [self.began_at, *(event.at for event in self.events)]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


class Again(Exception):
    """The stream broke or the server is not ready: the client goes on, after at least `wait` seconds."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class Parser:
    """Events from the bytes of one connection; an unfinished one is dropped, as WHATWG HTML §9.2 says."""

    def __init__(self) -> None:
        self.rest = b""
        self.retry = 0.0

    def feed(self, data: bytes) -> list[Event]:
        *blocks, self.rest = (self.rest + data).split(b"\n\n")
        now = asyncio.get_running_loop().time()
        events = []
        for block in blocks:
            fields = {}
            for line in block.decode().split("\n"):
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
            if "retry" in fields:
                self.retry = int(fields["retry"]) / 1_000
            if "data" in fields:
                events.append(Event(fields["id"], fields.get("event", "message"), json.loads(fields["data"]), now))
        return events


@dataclass
class Response:
    """The head of an answer, with its connection open behind it."""

    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises Again when it breaks off."""
        try:
            if length := self.headers.get("content-length"):
                yield await self.reader.readexactly(int(length))
                return
            while size := int(await asyncio.wait_for(self.reader.readline(), SILENCE) or b"", 16):
                yield (await self.reader.readexactly(size + 2))[:-2]
        except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError) as error:
            raise Again(f"the stream broke ({error!r})") from None

    async def json(self) -> Any:
        return json.loads(b"".join([piece async for piece in self.pieces()]))

    async def words(self) -> Any:
        """The body for people to read: JSON, or what a proxy in front says."""
        with suppress(Again):
            body = b"".join([piece async for piece in self.pieces()])
            try:
                return json.loads(body)
            except ValueError:
                return body[:200]
        return ""

    def close(self) -> None:
        self.writer.transport.abort()


async def request(
    port: int,
    method: str,
    path: str,
    *,
    headers: dict[str, str],
    body: dict[str, Any] | None = None,
    receive_buffer: int = 0,
    source: str = "127.0.0.1",
) -> Response:
    """One request on a connection of its own, from the address `source`. Raises Again when no answer comes."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    try:
        async with asyncio.timeout(HEADERS_WITHIN):
            reader, writer = await _connect(port, receive_buffer, source)
            try:
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            except BaseException:
                writer.transport.abort()
                raise
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        raise Again(f"{method} had no answer ({error!r})") from None
    fields = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return Response(int(head[0].split()[1]), fields, reader, writer)


async def _connect(port: int, receive_buffer: int, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if not receive_buffer:
        return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=receive_buffer)


class Visitor:
    """Somebody who chats, through whichever of the workers' ports answers."""

    def __init__(self, ports: Sequence[int], key: str, chance: random.Random) -> None:
        self.ports = ports
        # Each from an address of their own, for who counts them by it: all of 127.0.0.0/8 is this machine.
        self.source = f"127.{randrange(1, 255)}.{randrange(256)}.{randrange(1, 255)}"
        self.at = chance.randrange(len(ports))
        self.key = key
        self.chance = chance
        self.token = ""
        self.conversation = ""
        self.told: list[Told] = []

    def headers(self) -> dict[str, str]:
        return {"X-Widget-Key": self.key} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    async def say(self, message: str, *, patience: float, at: int | None = None, manner: Manner | None = None) -> Told:
        """Sends a message and reads its answer to the end, whatever breaks meanwhile; gives up after `patience` s.

        Args:
            at: which worker gets the message first; the one that answered last when left out.
        """
        told = Told(message, str(uuid.UUID(int=self.chance.getrandbits(128))))
        self.told.append(told)
        self.at = self.at if at is None else at
        told.began_at = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(patience):
                await self._until_over(told, manner or Manner())
        except TimeoutError:
            told.gave_up = True
            told.note("gave up")
        return told

    async def _until_over(self, told: Told, manner: Manner) -> None:
        failures, moves = 0, list(manner.moves)
        while not told.over:
            heard = len(told.events)
            try:
                if not self.token:
                    await self._enter(told)
                await self._read(told, manner, moves)
            except Again as again:
                told.note(f"{again} at worker {self.at}")
                failures = 1 if len(told.events) > heard else failures + 1
                backoff = min(LONGEST_WAIT, 0.1 * 2**failures)
                self.at = (self.at + 1) % len(self.ports)
                await asyncio.sleep(max(again.wait, backoff * self.chance.uniform(0.5, 1)))

    async def _enter(self, told: Told) -> None:
        """A token first: without one, a message that is sent again would be another visitor's."""
        body = {"widget": self.key}
        response = await self._ask(told, "POST", "/api/chat/sessions", body)
        try:
            self.token = (await response.json())["token"]
        finally:
            response.close()

    async def _read(self, told: Told, manner: Manner, moves: list[tuple[int, int]]) -> None:
        """One connection's worth of the answer."""
        if told.run:
            more = {"Last-Event-ID": told.events[-1].id}
            response = await self._ask(
                told, "GET", f"/api/chat/runs/{told.run}/stream", None, more, manner.receive_buffer
            )
        else:
            body = {"message": told.message, "message_id": told.message_id}
            body |= {"conversation": self.conversation} if self.conversation else {}
            response = await self._ask(told, "POST", "/api/chat/stream", body, None, manner.receive_buffer)
        parser = Parser()
        try:
            if response.status == 204:
                told.refused = "204 before the terminal event"
                return
            async for piece in response.pieces():
                for event in parser.feed(piece):
                    self._take(told, event)
                    await self._misbehave(told, manner)
                if moves and len(told.events) >= moves[0][0] and not told.over:
                    self.at = moves.pop(0)[1] - 1  # a break goes on at the next worker
                    raise Again("moved away")
        except Again as again:
            raise Again(str(again), max(again.wait, parser.retry)) from None
        finally:
            response.close()
        if not told.over:
            raise Again("the stream ended early", parser.retry)

    def _take(self, told: Told, event: Event) -> None:
        told.events.append(event)
        if event.name == "run" and not told.run:
            told.run, told.conversation = event.data["run"], event.data["conversation"]
            self.token, self.conversation = event.data["token"], event.data["conversation"]

    async def _misbehave(self, told: Told, manner: Manner) -> None:
        if manner.pause[1] and len(told.events) == manner.pause[0]:
            told.note(f"reads nothing for {manner.pause[1]:.1f} s")
            await asyncio.sleep(manner.pause[1])
        if manner.stop_after and len(told.events) >= manner.stop_after and not (told.stopped or told.over):
            told.stopped = True
            response = await self._ask(told, "POST", f"/api/chat/runs/{told.run}/stop", {})
            response.close()

    async def _ask(
        self,
        told: Told,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        more: dict[str, str] | None = None,
        receive_buffer: int = 0,
    ) -> Response:
        """A request whose answer is good. Raises Again when it may be sent again; notes one that may not."""
        headers = self.headers() | (more or {})
        port = self.ports[self.at]
        response = await request(
            port, method, path, headers=headers, body=body, receive_buffer=receive_buffer, source=self.source
        )
        position = f" after {more['Last-Event-ID']}" if more else ""
        told.note(f"{method} {path}{position} at worker {self.at}: {response.status}")
        if response.status < 300:
            return response
        problem = f"{response.status} {await response.words()}"
        response.close()
        if response.status == 500:
            told.broken.append(f"{method} {path}: {problem}")
        if response.status not in RETRYABLE:
            told.refused = problem
            raise Again(f"refused: {problem}")
        raise Again(problem, float(response.headers.get("retry-after", 0)))
