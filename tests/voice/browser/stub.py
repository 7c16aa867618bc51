"""A stand-in for the server's side of a browser call, on a real socket in a thread of its own.

Tickets, the call page and the WebSocket of the contract. A test takes the `Line` of each call and says what the server
sends; what the page sent can be read from it.
"""

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web
from django.template.loader import render_to_string

ROOT = Path(__file__).resolve().parents[3]
RATE = 24_000
PATIENCE = 30.0
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"
CONFIG = {
    "tenant": {"name": "Riverside Clinic", "slug": "riverside-clinic", "accent": "#0f766e"},
    "agent": {"name": "Ava"},
    "greeting": "Hello! I am Ava, the front desk of Riverside Clinic. How can I help you today?",
    "sandbox": True,
    "limitSeconds": 60,
    "tickets": "/api/voice/tickets",
    "socket": "/ws/voice/browser/",
    "ask": {"tenant": "riverside-clinic"},
}

FRAME = {
    "key": "wk_stub",
    "api": "/api/chat",
    **{name: CONFIG[name] for name in ("tenant", "agent", "greeting", "sandbox")},
    "closed": None,
    "call": {"tickets": CONFIG["tickets"], "socket": CONFIG["socket"]},
    "locale": "en-US",
    "parentOrigins": ["*"],
}


def tone(seconds: float, hertz: float = 440.0, level: float = 0.4) -> bytes:
    """PCM16 mono 24 kHz."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * time) * level * 32_767).astype("<i2").tobytes()


def eventually(true: Callable[[], object], what: str) -> None:
    deadline = monotonic() + PATIENCE
    wait = threading.Event()
    while not true():
        assert monotonic() < deadline, f"not in {PATIENCE:g} s: {what}"
        wait.wait(0.01)


@dataclass
class Line:
    """One call as the server sees it; times are `monotonic()`."""

    socket: web.WebSocketResponse
    loop: asyncio.AbstractEventLoop
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    controls: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    closing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def _do(self, work: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def send(self, kind: str, **data: Any) -> None:
        self._do(self.socket.send_json({"type": kind, **data}))

    def ready(self, **data: Any) -> "Line":
        self.send("ready", **{"limit_s": 60, "agent": {"name": "Ava"}} | data)
        return self

    def speak(self, audio: bytes) -> None:
        """All at once, in frames of 20 ms, as a model that is faster than its voice does."""

        async def frames() -> None:
            for at in range(0, len(audio), 960):
                await self.socket.send_bytes(audio[at : at + 960])

        self._do(frames())

    def close(self, code: int) -> None:
        async def close() -> None:
            async with self.closing:
                await self.socket.close(code=code)

        self._do(close())

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for _, message in self.controls if message["type"] == kind]

    @property
    def played(self) -> list[str]:
        return [message["mark"] for message in self.of("played")]

    def played_at(self, mark: str) -> float:
        return next(at for at, message in self.controls if message.get("mark") == mark)

    def samples(self, since: float = 0.0) -> np.ndarray:
        """-1 to 1."""
        heard = b"".join(frame for at, frame in self.frames if at >= since)
        return np.frombuffer(heard, "<i2").astype(float) / 32_768


class Stub:
    def __init__(self) -> None:
        self.origin = ""
        self.calls: queue.Queue[Line] = queue.Queue()
        self.asked: list[dict[str, Any]] = []  # bodies of requests for tickets
        self.refusal: tuple[int, dict[str, Any], dict[str, str]] | None = None
        self.config: dict[str, Any] = {}
        self.tickets = iter(range(1, 1_000_000))
        self.open: set[str] = set()

    def begin(self) -> None:
        """A new test."""
        self.calls = queue.Queue()
        self.asked.clear()
        self.refusal = None
        self.config = dict(CONFIG)

    def answer(self) -> Line:
        """The next call that comes in."""
        return self.calls.get(timeout=PATIENCE)

    async def ticket(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json() | {"authorization": request.headers.get("Authorization")})
        if self.refusal:
            status, body, headers = self.refusal
            return web.json_response(body, status=status, headers=headers)
        ticket = f"t{next(self.tickets)}"
        self.open.add(ticket)
        return web.json_response({"ticket": ticket})

    async def call(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.open:
            return web.Response(status=403)
        self.open.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, asyncio.get_running_loop())
        self.calls.put(line)
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                line.frames.append((monotonic(), message.data))
            elif message.type == WSMsgType.TEXT:
                line.controls.append((monotonic(), json.loads(message.data)))
        async with line.closing:  # a connection cut while the page still speaks takes the code with it
            line.closed.set()
        return socket

    async def page(self, request: web.Request) -> web.Response:
        text = render_to_string("voice/call.html", {"config": self.config})
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": CSP})

    async def frame(self, request: web.Request) -> web.Response:
        text = render_to_string("widget/frame.html", {"config": FRAME})
        return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": CSP})

    async def session(self, request: web.Request) -> web.Response:
        return web.json_response({"token": f"tok_{next(self.tickets)}", "conversation": None})

    async def stingy(self, request: web.Request) -> web.Response:
        """Somebody's page around the frame, of another origin, that passes nothing on to it."""
        origin = self.origin.replace("127.0.0.1", "localhost")
        return web.Response(text=f'<iframe src="{origin}/widget/frame/wk_stub"></iframe>', content_type="text/html")

    async def favicon(self, request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        app = web.Application()
        app.add_routes(
            [
                web.post(CONFIG["tickets"], self.ticket),  # type: ignore[arg-type]
                web.get(CONFIG["socket"], self.call),  # type: ignore[arg-type]
                web.get("/demo/voice/riverside-clinic/", self.page),
                web.get("/widget/frame/wk_stub", self.frame),
                web.post("/api/chat/sessions", self.session),
                web.get("/stingy", self.stingy),
                web.get("/favicon.ico", self.favicon),
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
