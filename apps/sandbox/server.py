"""The stand-in as a plain ASGI application.

    POST /v1/chat/completions    streamed or whole
    POST /v1/embeddings          vectors of the words alone: it knows no meanings
    GET  /v1/models, /v1/models/{model}
    WS   /v1/realtime?model=…         the Realtime protocol (GA)

Any API key is accepted. Every answer carries `x-callsphere-sandbox: 1` and names the model that was asked for.
Faults are asked for by the header `X-Sandbox-Fault` or after a "+" in the model's name ("any+429");
`core/faults.py` lists them with their parameters.
"""

import asyncio
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

from .core.completion import Chunks, Output, error, whole
from .core.embeddings import embedded, read_embedding
from .core.faults import ENDLESS, Fault, UnknownFault, attempt_key, faults_of
from .core.request import BadRequest, ChatRequest, read_request
from .core.turn import respond
from .realtime.socket import deny, hold, model_of, pace_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 8 * 1024 * 1024
_REMEMBERED = 1024


def build_app(*, pace: float = 25.0) -> App:
    """The application. `pace` is in words per second; 0 sends everything at once."""
    return _Server(pace)


class _Cut(Exception):
    """The connection is to break now."""


class _Server:
    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._delay = 1 / pace if pace > 0 else 0.0
        self._attempts: OrderedDict[str, int] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._converse(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        method, path = scope["method"], scope["path"].rstrip("/")
        if path == "/v1/chat/completions":
            if method != "POST":
                await _fail(send, 405, f"Not allowed to {method} on {path}.")
                return
            await self._complete(scope, receive, send)
        elif path == "/v1/embeddings" and method == "POST":
            await self._embed(scope, receive, send)
        elif path == "/v1/models" and method == "GET":
            await _json(send, 200, {"object": "list", "data": [_model("sandbox")]})
        elif path.startswith("/v1/models/") and method == "GET":
            await _json(send, 200, _model(path.removeprefix("/v1/models/")))
        else:
            await _fail(send, 404, f"Invalid URL ({method} {scope['path']})")

    async def _complete(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _fail(send, 413, f"The request body is larger than {MAX_BODY} bytes.")
            return
        try:
            request = read_request(json.loads(body))
            header = dict(scope["headers"]).get(b"x-sandbox-fault", b"").decode("latin-1")
            key = attempt_key(request.model, header, request.messages)
            faults = self._due(faults_of(request.model, header), key)
        except BadRequest as bad:
            await _json(send, 400, error(bad.message, "invalid_request_error", bad.param, bad.code))
            return
        except UnknownFault as bad:
            await _fail(send, 400, f"There is no fault named {str(bad)!r}.", "model")
            return
        except ValueError:
            await _fail(send, 400, "We could not parse the JSON body of your request. It must be valid JSON in UTF-8.")
            return
        status = next((int(name) for name in faults if name.isdigit()), None)
        if status:
            await _refuse(send, status, faults[str(status)])
            return
        ident = secrets.token_hex(12)
        output = respond(request, datetime.now(UTC).replace(tzinfo=None), ident, frozenset(faults))
        try:
            await self._answer(request, output, f"chatcmpl-{ident}", faults, receive, send)
        except _Cut:
            # Returning without the last part makes the server drop the connection.
            return

    async def _embed(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is None:
            await _fail(send, 413, f"The request body is larger than {MAX_BODY} bytes.")
            return
        try:
            request = read_embedding(json.loads(body))
            header = dict(scope["headers"]).get(b"x-sandbox-fault", b"").decode("latin-1")
            faults = self._due(faults_of(request.model, header), f"embedding\n{request.model}\n{header}")
        except BadRequest as bad:
            await _json(send, 400, error(bad.message, "invalid_request_error", bad.param, bad.code))
            return
        except UnknownFault as bad:
            await _fail(send, 400, f"There is no fault named {str(bad)!r}.", "model")
            return
        except ValueError:
            await _fail(send, 400, "We could not parse the JSON body of your request. It must be valid JSON in UTF-8.")
            return
        status = next((int(name) for name in faults if name.isdigit()), None)
        if status:
            await _refuse(send, status, faults[str(status)])
            return
        if slow := faults.get("slow"):
            await asyncio.sleep(slow.value if slow.value is not None else 0.5)
        await _json(send, 200, embedded(request))

    async def _converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A Realtime session."""
        await receive()  # websocket.connect
        model = model_of(scope["query_string"])
        header = dict(scope["headers"]).get(b"x-sandbox-fault", b"").decode("latin-1")
        denial = deny(send)
        if scope["path"].rstrip("/") != "/v1/realtime":
            await _fail(denial, 404, f"Invalid URL (GET {scope['path']})")
            return
        if not model:
            await _fail(denial, 400, "You must provide a model parameter.", "model")
            return
        try:
            faults = self._due(faults_of(model, header), f"realtime\n{model}\n{header}")
        except UnknownFault as bad:
            await _fail(denial, 400, f"There is no fault named {str(bad)!r}.", "model")
            return
        status = next((int(name) for name in faults if name.isdigit()), None)
        if status:
            await _refuse(denial, status, faults[str(status)])
            return
        await hold(model, faults, pace_of(self._pace, faults), receive, send)

    def _due(self, faults: tuple[Fault, ...], key: str) -> dict[str, Fault]:
        """The faults that apply to this attempt of the request that `key` stands for."""
        if not any(f.times for f in faults):
            return {f.name: f for f in faults}
        before = self._attempts.pop(key, 0)
        self._attempts[key] = before + 1
        if len(self._attempts) > _REMEMBERED:
            self._attempts.popitem(last=False)
        return {f.name: f for f in faults if f.times is None or before < f.times}

    async def _answer(
        self,
        request: ChatRequest,
        output: Output,
        ident: str,
        faults: dict[str, Fault],
        receive: Receive,
        send: Send,
    ) -> None:
        created = int(time.time())
        slow = faults.get("slow")
        delay = (slow.value if slow.value is not None else 0.5) if slow else self._delay
        if not request.stream:
            await asyncio.sleep(delay if slow else 0)
            body = json.dumps(whole(request, output, ident, created)).encode()
            await _start(send, 200, "application/json")
            if "cut" in faults:
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                raise _Cut
            await send({"type": "http.response.body", "body": body})
            return
        events = self._events(Chunks(request, ident, created), output, "endless" in faults)
        cut = faults.get("cut")
        left = int(cut.value if cut.value is not None else 3) if cut else None
        await _start(send, 200, "text/event-stream; charset=utf-8")
        gone = asyncio.create_task(_gone(receive))
        try:
            await _stream(events, delay, left, gone, send)
        finally:
            gone.cancel()

    @staticmethod
    def _events(chunks: Chunks, output: Output, endless: bool) -> Iterator[bytes]:
        if endless:
            words = [chunks.text(f"{word} ") for word in ENDLESS.split()]
            return chain(chunks.body(Output()), chain.from_iterable(repeat(words)))
        return chain(chunks.body(output), chunks.ending(output))


async def _stream(
    events: Iterator[bytes], delay: float, left: int | None, gone: "asyncio.Task[None]", send: Send
) -> None:
    """Send the events at their pace until they end, the reader leaves or `left` of them are out."""
    for event in events:
        if left is not None:
            left -= 1
            if left < 0:
                raise _Cut
        await asyncio.sleep(delay)
        if gone.done():
            return
        await send({"type": "http.response.body", "body": event, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(receive: Receive) -> bytes | None:
    """The request's body, or None when it is too large."""
    parts, size = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "callsphere-sandbox"}


async def _start(send: Send, status: int, kind: str, *extra: tuple[bytes, bytes]) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"x-callsphere-sandbox", b"1"),
        (b"x-request-id", f"req_{secrets.token_hex(12)}".encode()),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _json(send: Send, status: int, body: dict[str, Any], *extra: tuple[bytes, bytes]) -> None:
    raw = json.dumps(body).encode()
    await _start(send, status, "application/json", (b"content-length", str(len(raw)).encode()), *extra)
    await send({"type": "http.response.body", "body": raw})


async def _fail(send: Send, status: int, message: str, param: str | None = None) -> None:
    await _json(send, status, error(message, "invalid_request_error", param))


async def _refuse(send: Send, status: int, fault: Fault) -> None:
    """An error status on request."""
    if status == 429:
        wait = fault.value if fault.value is not None else 1
        body = error("Rate limit reached. Please try again later.", "requests", None, "rate_limit_exceeded")
        await _json(send, 429, body, (b"retry-after", f"{wait:g}".encode()))
        return
    message = "The server had an error while processing your request." if status >= 500 else "The request was refused."
    await _json(send, status, error(message, "server_error" if status >= 500 else "invalid_request_error"))
