"""uvicorn's HTTP/1.1 with bounds: uvicorn itself waits for ever for a request, and takes a head of any length.

A connection that sends one byte a minute costs its sender nothing, and us a descriptor ("slow loris"). So a head and
a body must come at a rate, as Apache's mod_reqtimeout asks for. What a proxy in front would refuse is refused here,
too, since the product may be run without one.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 32_768
"""Bytes of a request's line and headers; browsers send 2,000 with all our cookies."""
HEAD_WITHIN = 20.0
"""Seconds for the whole head, from the connection's beginning or the first byte after an answer."""
BODY_GRACE = 20.0
"""Seconds that a body may take beside what it takes at `SLOWEST`."""
SLOWEST = 500
"""Bytes of body a second; a telephone with one bar of EDGE sends ten times as many."""
MAX_BODY = 32 * 1024 * 1024
"""Bytes, whatever is asked for; the routes bound theirs much lower."""
DRAIN_WITHIN = 20.0
"""Seconds for which the rest of a body is read and thrown away once its request is answered."""

_HEAD_TOO_LARGE = 431, b"The request's headers are too large."
_BODY_TOO_LARGE = 413, b"The request is too large."
_MALFORMED = 400, b"A request names one host."


class HttpServer(HttpToolsProtocol):
    """For `uvicorn.Config(http=…)`."""

    # With more than 30 attributes in it an object's dict is its own, of 1.5 kB; uvicorn's are 28.
    __slots__ = ("_began", "_body_size", "_head_size", "_unparsed", "_waits_for", "_watch")

    app: Any
    _head_size: int
    """Bytes of the head under way, as far as the parser told of them."""
    _unparsed: int
    """Bytes that came since: the parser keeps an unfinished header for itself."""
    _body_size: int
    _began: float
    _waits_for: str
    """head, body, or nothing (a request is whole, and its answer under way or given)."""
    _watch: asyncio.TimerHandle | None

    def connection_made(self, transport: Any) -> None:
        self._watch = None
        super().connection_made(transport)
        self._await("head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._await("nothing")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._waits_for == "nothing":  # what comes after a whole request begins another one
            self._await("head")
        self._unparsed += len(data)
        super().data_received(data)
        head = self._head_size + self._unparsed if self._waits_for == "head" else 0
        if head > MAX_HEAD and not self.transport.is_closing():
            self._refuse(*_HEAD_TOO_LARGE)

    def handle_websocket_upgrade(self) -> None:
        self._await("nothing")
        if refusal := self._refusal():
            self._refuse(*refusal)
        else:
            super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._waits_for == "nothing":  # pipelined: with others in one piece
            self._await("head")
        self._head_size = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Fields after the body (trailers) are no headers: a proxy did not look at them (RFC 9110 §6.5.1)."""
        self._count(len(name) + len(value) + 4)
        if self._waits_for == "head":
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._await("body")
        application = self.app
        if refusal := self._refusal():
            self.app = _answer(*refusal)
        super().on_headers_complete()
        self.app = application

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size > MAX_BODY and not self.transport.is_closing():
            if self.cycle.response_started:
                self.transport.close()
            else:
                self._refuse(*_BODY_TOO_LARGE)
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._await("nothing")
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._waits_for == "body":  # it was answered unread
            self._set_watch(DRAIN_WITHIN, self.transport.close)

    def _count(self, size: int) -> None:
        self._head_size += size
        self._unparsed = 0

    def _await(self, what: str) -> None:
        self._waits_for = what
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._unparsed = 0
        if what == "head":
            self._head_size = 0
            self._set_watch(HEAD_WITHIN, self._give_up)
        elif what == "body":
            self._body_size, self._began = 0, self.loop.time()
            self._set_watch(BODY_GRACE, self._judge)

    def _set_watch(self, seconds: float, then: Any) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self.loop.call_later(seconds, then)

    def _give_up(self) -> None:
        """Closes a connection whose head is late; not under an answer, which some follow with an empty line."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self._set_watch(HEAD_WITHIN, self._give_up)

    def _judge(self) -> None:
        """Closes a connection whose body comes too slowly; not while it is us who do not read."""
        left = self._began + BODY_GRACE + self._body_size / SLOWEST - self.loop.time()
        if left <= 0 and not self.flow.read_paused:
            self.transport.close()
        else:
            self._set_watch(max(left, 1.0), self._judge)

    def _refusal(self) -> tuple[int, bytes] | None:
        """Why the request whose head is complete is not answered. It names one host (RFC 9112 §3.2)."""
        if self._head_size > MAX_HEAD:
            return _HEAD_TOO_LARGE
        if any(name == b"content-length" and int(value) > MAX_BODY for name, value in self.headers):
            return _BODY_TOO_LARGE
        hosts = sum(name == b"host" for name, _ in self.headers)
        return None if hosts == 1 or (hosts == 0 and self.parser.get_http_version() == "1.0") else _MALFORMED

    def _refuse(self, status: int, words: bytes) -> None:
        line = b"HTTP/1.1 %d \r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(line % (status, len(words)) + words)
        self.transport.close()


def _answer(status: int, words: bytes) -> Any:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(words)), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": words})

    return answer
