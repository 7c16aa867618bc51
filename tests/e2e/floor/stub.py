"""The server's side of the floor, on a real socket in a thread of its own: the page, tickets, leads, the WebSocket.

A test takes the `Line` of each connection and says what the server sends; what the page sent can be read from it.
"""

import asyncio
import json
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from aiohttp import WSMsgType, web
from django.template.loader import render_to_string

from tests.e2e.floor import scenes

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 30.0
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
CONFIG = {
    "tenant": "Summit Software",
    "tickets": "/api/dashboard/tickets",
    "socket": "/ws/dashboard/",
    "leads": "/api/dashboard/leads",
    "role": "manager",
    "name": "Alice Ray",
    "csrf": "token",
}
LEADS: list[dict[str, Any]] = [
    {"id": "led_nora", "name": "Nora Whitfield", "company": "Whitfield Plumbing", "phone": "+13035550101"}
    | {"status": "Qualified", "score": 82, "temperature": "hot"},
    {"id": "led_ben", "name": "Ben Okafor", "company": "Okafor Electric", "phone": "+13035550102"}
    | {"status": "Contacted", "score": 58, "temperature": "warm"},
]
WATCHERS = [
    {"id": 1, "name": "Alice Ray", "role": "manager", "tabs": 2, "since": 10.0, "attention": "", "state": "here"},
    {"id": 2, "name": "Dana Cole", "role": "owner", "tabs": 1, "since": 20.0, "attention": "", "state": "here"},
    {"id": 3, "name": "Priya Raman", "role": "staff", "tabs": 1, "since": 30.0, "attention": "", "state": "asleep"},
]


def eventually(true: Callable[[], object], what: str) -> None:
    deadline = monotonic() + PATIENCE
    wait = threading.Event()
    while not true():
        assert monotonic() < deadline, f"not in {PATIENCE:g} s: {what}"
        wait.wait(0.01)


@dataclass
class Line:
    """One connection of a page as the server sees it."""

    socket: web.WebSocketResponse
    loop: asyncio.AbstractEventLoop
    stub: "Stub"
    said: list[dict[str, Any]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    beat: "asyncio.Future[None] | None" = None
    seq: int = 0
    epoch: str = "e1"
    state: dict[str, Any] = field(default_factory=dict)
    """As the last snapshot said it."""

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def send(self, kind: str, **data: Any) -> None:
        self._do(self.socket.send_json({"type": kind, **data}))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.said if message["type"] == kind]

    def heard(self, kind: str) -> dict[str, Any]:
        """The next frame of this kind; the first one when it has come already."""
        eventually(lambda: self.of(kind), f"a {kind} of the page")
        return self.of(kind)[-1]

    def hello(self, *, recovered: bool = False, seq: int = 0) -> "Line":
        self.heard("subscribe")
        self.seq = seq
        viewer = {"id": 1, "name": "Alice Ray", "role": "manager"}
        self.send(
            "hello",
            epoch=self.epoch,
            seq=seq,
            recovered=recovered,
            viewer=viewer,
            presence=WATCHERS,
            heartbeat=15,
            now=time.time(),
        )
        return self

    def snapshot(self, state: dict[str, Any], *, seq: int = 1) -> "Line":
        """The whole floor, said to be true."""
        self.state = state
        self.hello(seq=seq)
        self.send("snapshot", epoch=self.epoch, seq=seq, state=state)
        return self.fresh()

    def delta(self, events: list[dict[str, Any]], *, verified: float | None = None) -> "Line":
        was, self.seq = self.seq, self.seq + len(events)
        at = time.time() if verified is None else verified
        self.send("delta", **{"from": was, "to": self.seq, "events": events, "verified": at})
        return self

    def fresh(self) -> "Line":
        self.send("fresh", seq=self.seq, verified=time.time())
        return self

    def beating(self) -> "Line":
        """From now on the server says twice a second that the floor is true."""

        async def begin() -> None:
            self.beat = asyncio.ensure_future(self._beat())

        self._do(begin())
        return self

    def silent(self) -> None:
        """The line stands, and nothing comes."""

        async def stop() -> None:
            if self.beat:
                self.beat.cancel()

        self._do(stop())

    async def _beat(self) -> None:
        while not self.socket.closed:
            await self.socket.send_json({"type": "fresh", "seq": self.seq, "verified": time.time()})
            await asyncio.sleep(0.5)

    def close(self, code: int) -> None:
        self._do(self.socket.close(code=code))


class Stub:
    def __init__(self) -> None:
        self.origin = ""
        self.begin()

    def begin(self) -> None:
        """A new test."""
        self.lines: queue.Queue[Line] = queue.Queue()
        self.asked: list[float] = []  # when tickets were asked for, `monotonic()`
        self.refusal = 0  # status of the next tickets
        self.lets_pass = threading.Event()  # tickets wait for it
        self.lets_pass.set()
        self.config: dict[str, Any] = dict(CONFIG)
        self.searched: list[str] = []
        self.heard: list[str] = []
        """Tickets of sound that was opened, and "left" for each that ended."""

    def line(self) -> Line:
        """The next connection that comes in."""
        return self.lines.get(timeout=PATIENCE)

    async def ticket(self, request: web.Request) -> web.Response:
        refusal = self.refusal  # before a test knows that it was asked
        self.asked.append(monotonic())
        await asyncio.to_thread(self.lets_pass.wait, PATIENCE)
        if refusal:
            return web.json_response({"error": {"code": "refused", "message": "no"}}, status=refusal)
        return web.json_response({"ticket": f"t{len(self.asked)}"})

    async def connect(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, asyncio.get_running_loop(), self)
        self.lines.put(line)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                line.said.append(json.loads(message.data))
        if line.beat:
            line.beat.cancel()
        line.closed.set()
        return socket

    async def audio(self, request: web.Request) -> web.StreamResponse:
        """The sound of a call: silence, until the page leaves."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.heard.append(request.query.get("ticket", ""))
        async for _ in socket:
            pass
        self.heard.append("left")
        return socket

    async def leads(self, request: web.Request) -> web.Response:
        query = request.query.get("q", "")
        self.searched.append(query)
        found = [lead for lead in LEADS if query.lower() in f"{lead['name']} {lead['company']}".lower()]
        return web.json_response({"leads": found})

    async def page(self, request: web.Request) -> web.Response:
        context = {"config": self.config, "tenant": "Summit Software", "sandbox": True, "floor": True}
        text = render_to_string("dashboard/floor.html", context)
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": CSP})

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.get("/dashboard/", self.page),
                web.post(CONFIG["tickets"], self.ticket),
                web.get(CONFIG["socket"], self.connect),
                web.get("/ws/dashboard/audio/", self.audio),
                web.get(CONFIG["leads"], self.leads),
                web.static("/static", ROOT / "static"),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        await stop.wait()
        await runner.cleanup()


@contextmanager
def serving_stub() -> Iterator[Stub]:
    stub, started, stop = Stub(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=[stub.serve(started, stop)], daemon=True)
    thread.start()
    assert started.wait(PATIENCE)
    yield stub
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
    loop.close()


def busy_line(stub: Stub) -> Line:
    """The page's connection, with a busy floor on it that stays live."""
    return stub.line().snapshot(scenes.busy(time.time())).beating()
