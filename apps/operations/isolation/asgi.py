"""Asks the real application in this process: the same middleware, routes and sockets as behind a server, no socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

from django.conf import settings
from django.utils.module_loading import import_string

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
MOST: Final = 2_000_000
"""Bytes of an answer that are looked at."""
STREAM: Final = 3.0
"""Seconds for which an answer that streams is listened to."""
WITHIN: Final = 60.0
"""Seconds until a request that has not been answered counts as failed."""

_SESSION: Final = f"{settings.SESSION_COOKIE_NAME}=".encode()
begun: set[str] = set()
"""Keys of the sessions that answers began: to be ended with the probes."""


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: str
    """Everything that came, with the headers; cut at MOST."""


@cache
def application() -> App:
    """The application that servers run. It is told nothing of a start, and so takes up no other process's work here."""
    found: Any = import_string(settings.ASGI_APPLICATION)
    found.is_watching = True
    return cast(App, found)


def sockets() -> list[str]:
    """The paths of all WebSockets."""
    return sorted(import_module(settings.ASGI_APPLICATION.rpartition(".")[0]).SOCKETS)


def host() -> str:
    """A name by which this deployment may be called."""
    named = [name.removeprefix(".") for name in settings.ALLOWED_HOSTS if "*" not in name]
    return named[0] if named else "localhost"


def _headers(extra: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    told = {"host": host(), "origin": f"https://{host()}", "referer": f"https://{host()}/", **extra}
    return [(name.lower().encode(), value.encode()) for name, value in told.items() if value]


def _scope(kind: str, path: str, query: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "https" if kind == "http" else "wss",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": _headers(headers),
        "client": ("127.0.0.1", 1),
        "server": (host(), 443),
        "subprotocols": [],
        "state": {},
        "extensions": {},
    }


async def ask(
    method: str, path: str, *, query: str = "", headers: Mapping[str, str] | None = None, body: Any = None
) -> Answer:
    """One request; `body` is sent as JSON. A stream is listened to for STREAM seconds, then left.

    Raises:
        TimeoutError: no answer WITHIN seconds.
    """
    sent = b"" if body is None else json.dumps(body).encode()
    extra = {**(headers or {}), "content-length": str(len(sent))}
    if body is not None:
        extra.setdefault("content-type", "application/json")
    requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    requests.put_nowait({"type": "http.request", "body": sent, "more_body": False})
    scope = _scope("http", path, query, extra) | {"method": method}
    task = asyncio.ensure_future(application()(scope, requests.get, answers.put))
    try:
        return await _heard(task, answers)
    finally:
        requests.put_nowait({"type": "http.disconnect"})
        if not task.done():
            await asyncio.wait({task}, timeout=STREAM)
            task.cancel()


async def _heard(task: "asyncio.Future[None]", answers: asyncio.Queue[dict[str, Any]]) -> Answer:
    start = await _next(task, answers, WITHIN)
    for name, value in start.get("headers", []):
        if name.lower() == b"set-cookie" and value.startswith(_SESSION):
            begun.add(value[len(_SESSION) :].partition(b";")[0].decode())
    told = {name.decode("latin1").lower(): value.decode("latin1") for name, value in start.get("headers", [])}
    body, is_stream = bytearray(), told.get("content-type", "").startswith("text/event-stream")
    while len(body) < MOST:
        try:
            message = await _next(task, answers, STREAM if is_stream else WITHIN)
        except TimeoutError:
            if not is_stream:
                raise
            break
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    text = "\n".join(told.values()) + "\n" + body.decode("utf-8", "replace")
    return Answer(int(start["status"]), told.get("location", ""), text)


async def _next(task: "asyncio.Future[None]", answers: asyncio.Queue[dict[str, Any]], within: float) -> dict[str, Any]:
    """The next message; what the application raised is raised here."""
    waiting = asyncio.ensure_future(answers.get())
    both: set[asyncio.Future[Any]] = {waiting, task}
    await asyncio.wait(both, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    if task.done() and not waiting.done():
        task.result()
    if waiting.done():
        return waiting.result()
    waiting.cancel()
    raise TimeoutError("no answer")


class Socket:
    """A WebSocket's client end."""

    def __init__(self, path: str, *, query: str = "", headers: Mapping[str, str] | None = None) -> None:
        self._incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        scope = _scope("websocket", path, query, headers or {})
        self._task = asyncio.ensure_future(application()(scope, self._incoming.get, self._answers.put))

    async def next(self, within: float = 5.0) -> dict[str, Any]:
        """The server's next message: accept, send or close. Raises TimeoutError."""
        return await _next(self._task, self._answers, within)

    def send(self, message: Any) -> None:
        self._incoming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def leave(self) -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait({self._task}, timeout=STREAM)
        self._task.cancel()
