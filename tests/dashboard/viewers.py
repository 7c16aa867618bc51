"""Viewers over real sockets: the floor's page as a program."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from apps.dashboard.core.events import Event, State
from apps.dashboard.core.state import reduce
from tests.conftest import PASSWORD


class Page:
    """Somebody's browser: logged in, with cookies."""

    def __init__(self, server: str, email: str, password: str = PASSWORD) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server, headers={"Origin": server}, timeout=30)
        form = self.http.get("/account/login/").text
        token = form.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        answer = self.http.post(
            "/account/login/",
            data={"login": email, "password": password, "csrfmiddlewaretoken": token, "next": "/admin/login/"},
        )
        assert answer.status_code == 302, answer.status_code

    def ask_for_ticket(self, **headers: str) -> httpx.Response:
        return self.http.post(
            "/api/dashboard/tickets", headers={"X-CSRFToken": self.http.cookies.get("csrftoken") or "", **headers}
        )

    async def ticket(self) -> str:
        answer = await asyncio.to_thread(self.ask_for_ticket)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["ticket"])


@dataclass
class Watcher:
    """One socket, with the state that its messages make."""

    socket: ClientConnection
    told: list[dict[str, Any]] = field(default_factory=list)
    state: State | None = None
    epoch: str = ""
    seq: int = 0
    deaf: bool = False
    """Answers no heartbeat."""
    news: asyncio.Event = field(default_factory=asyncio.Event)
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared, nothing more is read, and the connection fills up."""

    async def read(self) -> None:
        try:
            async for text in self.socket:
                await self._take(json.loads(text))
                await self.reads.wait()
        except ConnectionClosed:
            pass
        finally:
            self.news.set()

    async def _take(self, message: dict[str, Any]) -> None:
        self.told.append(message)
        match message["type"]:
            case "hello":
                self.epoch = message["epoch"]
                self.seq = self.seq if message["recovered"] else message["seq"]
            case "snapshot":
                self.epoch, self.seq = message["epoch"], message["seq"]
                self.state = msgspec.convert(message["state"], State)
            case "delta":
                assert message["from"] == self.seq, "a hole"
                assert self.state is not None
                self.state = reduce(self.state, msgspec.convert(message["events"], list[Event]))
                self.seq = message["to"]
            case "ping" if not self.deaf:
                await self.socket.send('{"type":"pong"}')
        self.news.set()

    def all(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        return [
            message
            for message in self.told
            if message["type"] == kind and all(message.get(name) == value for name, value in wanted.items())
        ]

    async def until(self, kind: str, *, count: int = 1, within: float = 15.0, **wanted: Any) -> dict[str, Any]:
        """The `count`-th message of that kind."""
        await self.when(lambda: len(self.all(kind, **wanted)) >= count, within=within)
        return self.all(kind, **wanted)[count - 1]

    async def when(self, true: Any, *, within: float = 15.0) -> None:
        """Returns when `true()` is, after some message."""
        async with asyncio.timeout(within):
            while not true():
                self.news.clear()
                await self.news.wait()

    async def shows(self, expected: State, *, within: float = 15.0) -> None:
        """Returns when the state is that."""
        try:
            await self.when(lambda: self.state == expected, within=within)
        except TimeoutError:
            assert self.state == expected

    async def closed(self, *, within: float = 15.0) -> int | None:
        """With which code the server has closed."""
        async with asyncio.timeout(within):
            await self.socket.wait_closed()
        return self.socket.close_code

    async def say(self, kind: str, **message: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **message}))


@asynccontextmanager
async def watching(
    server: str, ticket: str, *, origin: str = "", after: Watcher | None = None, subscribe: bool = True
) -> AsyncIterator[Watcher]:
    """A socket to the floor; it takes up where `after` has ended."""
    address = f"{server.replace('http', 'ws', 1)}/ws/dashboard/?ticket={ticket}"
    page = Origin(origin or server)
    async with connect(
        address, origin=page, compression=None, max_size=None, max_queue=1, ping_interval=None
    ) as socket:
        watcher = Watcher(socket)
        watcher.reads.set()
        position = {}
        if after is not None:
            watcher.state, watcher.epoch, watcher.seq = after.state, after.epoch, after.seq
            position = {"epoch": after.epoch, "seq": after.seq}
        reading = asyncio.create_task(watcher.read())
        if subscribe:
            await watcher.say("subscribe", **position)
        try:
            yield watcher
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
