"""The only place that builds a streaming response, and the lean handler that serves it.

A stream may stay open for an hour. So it holds no database connection, no thread and no middleware that would bring
one: Django's stock ASGI handler opens a ThreadSensitiveContext for each request, and its `request_started` signal
runs in that context's own thread, which then lives as long as the response.
"""

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, cast

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from apps.common import metrics
from apps.common.addresses import client_address
from apps.common.errors import AppError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_BODY = 65_536
"""Bytes of a request body on a streaming route, unless settings.STREAM_BODIES says otherwise for it."""

COME_BACK = 10
"""Seconds after which an address that has too many streams may try again."""
_open: Counter[str] = Counter()
"""Streams of this process, by the client's address; those of nobody's address under ""."""


class TooManyStreams(AppError):
    """One address may hold so many streams of a process, and no more: each costs memory for as long as it is open."""

    code = "too_many_streams"
    status = 429
    retryable = True


def refuse_crowd(request: HttpRequest) -> None:
    """Raises TooManyStreams when the client's address has all the streams that it may have; before anything begins."""
    address, most = client_address(request), settings.STREAMS_PER_ADDRESS
    if address and 0 < most <= _open[address]:
        raise TooManyStreams("Too many conversations are open from your network at the moment.", retry_after=COME_BACK)


class EventStream(StreamingHttpResponse):
    """`events` is kept so that the lean handler can skip Django's per-chunk wrapping (about 20 µs)."""

    def __init__(self, events: AsyncIterator[bytes]) -> None:
        super().__init__(events, content_type="text/event-stream")
        self.events = events


def streaming_response(events: AsyncIterator[bytes], *, headers: dict[str, str] | None = None) -> EventStream:
    """A `200 text/event-stream` of encoded events.

    `events` must be an async generator that touches the database only through `common.database`, which gives each
    connection back before it returns. Proxies are told neither to buffer nor to transform; `identity` keeps
    GZipMiddleware off (it makes each chunk a gzip member of its own, ticket 36293). `Connection` is never sent: it is
    malformed in HTTP/2.
    """
    response = EventStream(events)
    response["Cache-Control"] = "no-cache, no-transform"
    response["X-Accel-Buffering"] = "no"
    response["Content-Encoding"] = "identity"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


class StreamHandler(ASGIHandler):
    """Django's ASGI handler without threads: for routes whose views and middleware are all async.

    A body over the limit is not read to its end: the request arrives with `oversized` set to it, and is answered 413.
    A client that goes away cancels the response, not what the view started elsewhere.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        handler: Any = convert_exception_to_response(cast(Any, self)._get_response_async)
        for path in reversed(settings.STREAM_MIDDLEWARE):
            handler = convert_exception_to_response(import_string(path)(handler))
        self._middleware_chain = handler

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:  # type: ignore[override]
        most: int = settings.STREAM_BODIES.get(scope["path"], MAX_BODY)
        body = await self._body(receive, most)
        if body is None:
            return
        here, is_gone = asyncio.current_task(), False

        def leave(_: Any) -> None:
            nonlocal is_gone
            is_gone = True
            if here is not None:
                here.cancel()

        watching = asyncio.create_task(self._disconnected(receive))
        watching.add_done_callback(leave)
        try:
            await self._serve(self._request(scope, body, most), send)
        except asyncio.CancelledError:
            if not is_gone:  # else the client's leaving, which is an ordinary end
                raise
        finally:
            watching.remove_done_callback(leave)
            watching.cancel()

    @staticmethod
    async def _body(receive: Receive, most: int) -> bytes | None:
        """The body, cut just past `most` bytes; None when the client left before its end."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > most:
                return bytes(body)

    @staticmethod
    def _request(scope: dict[str, Any], body: bytes, most: int) -> ASGIRequest:
        request = ASGIRequest(scope, io.BytesIO(body))
        if len(body) > most:
            request.oversized = most  # type: ignore[attr-defined]
        return request

    @staticmethod
    async def _disconnected(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _serve(self, request: ASGIRequest, send: Send) -> None:
        response: HttpResponseBase = await self.get_response_async(request)
        headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
        headers += [(b"Set-Cookie", morsel.OutputString().encode("ascii")) for morsel in response.cookies.values()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        # Not the response: its end is also the signal to close the connections of this thread, which has none.
        request.close()
        if not isinstance(response, EventStream):
            await send({"type": "http.response.body", "body": cast(Any, response).content})
            return
        events, address = response.events, client_address(request)
        del request, response, headers  # some 6 kB that would stay as long as the stream
        _open[address] += 1
        try:
            with metrics.STREAMS.track_inprogress():
                async for chunk in events:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            _open[address] -= 1
            if not _open[address]:
                del _open[address]
            await cast(Any, events).aclose()
