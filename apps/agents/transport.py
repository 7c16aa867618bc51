"""How the openai package reaches its provider: over aiohttp, whose HTTP parser is in C, with the body left bare.

The package's own adapter for aiohttp passes each read through five generators and resets a timer at each; for a
stream of tokens that is half of what reading costs.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import NamedTuple
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
from multidict import CIMultiDict
from yarl import URL

CONNECT = 5.0
SILENCE = 60.0
"""Seconds: to connect; and without a byte, before the headers or between two reads of the body."""
IDLE = 30.0
"""Seconds for which an unused connection is kept."""
_BODY = "callsphere.body"
"""Extension of a response: aiohttp's own."""
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT)


class Silent(aiohttp.ClientError):
    """The provider has said nothing for SILENCE seconds."""


class _Body(httpx2.AsyncByteStream):
    """For who reads a body whole, as the package does with an error's."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.content.iter_any():
            yield chunk

    async def aclose(self) -> None:
        self._response.release()


class _Pattern(NamedTuple):
    """What the package sends with each request: only the content is another one."""

    method: str
    url: URL
    headers: CIMultiDict[str]


_Outcome = aiohttp.ClientResponse | Exception
_outcome: ContextVar[list[_Outcome]] = ContextVar("outcome")
"""What came of a request that was sent without the package, until the package has taken it for the first of its own."""


class Transport(httpx2.AsyncBaseTransport):
    """One pool of connections, of the event loop that first uses it."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._pattern: _Pattern | None = None
        self._proxies: dict[str, str | None] = {}

    async def stream(self, content: bytes, ask: Callable[[], Awaitable[httpx2.Response]]) -> aiohttp.ClientResponse:
        """The answer to `content`, which `ask` gets by way of the package; release it when done.

        Building a request takes the package about 1 ms. So once it has built one that succeeded, that one is sent
        again with other content. What does not succeed is shown to the package as the outcome of its own first try:
        its errors, its retries and the delays between them are as ever.
        """
        outcomes: list[_Outcome] = []
        if self._pattern is not None:
            try:
                response = await self._send(*self._pattern, content)
                if response.status == HTTPStatus.OK:
                    return response
                outcomes.append(response)
            except (TimeoutError, aiohttp.ClientError) as error:
                outcomes.append(error)
        token = _outcome.set(outcomes)
        try:
            answer = await ask()
        finally:
            _outcome.reset(token)
        found: aiohttp.ClientResponse = answer.extensions[_BODY]
        sent = answer.request
        headers = CIMultiDict((name, value) for name, value in sent.headers.items() if name.lower() != "content-length")
        self._pattern = _Pattern(sent.method, URL(str(sent.url)), headers)
        return found

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._outcome_of(request)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("The provider does not answer.", request=request) from error
        except aiohttp.ClientError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        return httpx2.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            request=request,
            extensions={_BODY: response},
        )

    async def _outcome_of(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        if known := _outcome.get([]):
            if isinstance(outcome := known.pop(), Exception):
                raise outcome
            return outcome
        return await self._send(request.method, URL(str(request.url)), request.headers, request.content)

    async def _send(self, method: str, url: URL, headers: Mapping[str, str], content: bytes) -> aiohttp.ClientResponse:
        session = self._session = self._session or self._open()
        async with asyncio.timeout(SILENCE):
            return await session.request(
                method,
                url,
                headers=headers,
                data=content,
                allow_redirects=False,
                timeout=_TIMEOUT,
                proxy=self._proxy(url),
            )

    def _open(self) -> aiohttp.ClientSession:
        # No limit: how many answers a process gives at once is decided elsewhere, and none shall wait for another.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE, ssl=httpx2.create_ssl_context())
        return aiohttp.ClientSession(connector=connector, auto_decompress=False)

    def _proxy(self, url: URL) -> str | None:
        """The environment's, looked up once: aiohttp's `trust_env` does it anew for each request, in a thread."""
        host = url.host or ""
        if host not in self._proxies:
            self._proxies[host] = None if proxy_bypass(host) else getproxies().get(url.scheme)
        return self._proxies[host]

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Pieces(aiohttp.StreamReader):
    """A body that is read by whatever has come. aiohttp's own books every HTTP chunk, and for each that is read it lets
    the connection go on, by way of the parser: a fifth of what our streaming cost.

    The parser makes the body, so it becomes one of these afterwards; there is nothing in it that aiohttp's has not.
    """

    __slots__ = ()

    @classmethod
    def adopt(cls, body: aiohttp.StreamReader) -> None:
        """Makes aiohttp's body one of these."""
        body.__class__ = cls
        body._http_chunk_splits = None  # the book itself: 760 bytes

    def begin_http_chunk_receiving(self) -> None:
        pass

    def end_http_chunk_receiving(self) -> None:
        pass

    async def readany(self) -> bytes:
        while not self._buffer and not self._eof and self._exception is None:
            await self._wait("readany")
        if self._exception is not None:
            raise self._exception
        piece = b"".join(self._buffer)
        self._buffer.clear()
        self._size = 0
        if self._protocol._reading_paused:  # it was more than a body may hold
            self._protocol.resume_reading()
        return piece


class _Watch:
    """Breaks off a body of which nothing came for SILENCE seconds: one timer for all of it, not one for each read."""

    __slots__ = ("_body", "_heard_at", "_now", "_timer")

    def __init__(self, body: aiohttp.StreamReader) -> None:
        self._body = body
        self._now = asyncio.get_running_loop().time
        self.heard()
        self._listen()

    def heard(self) -> None:
        """Something came."""
        self._heard_at = self._now()

    def _listen(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._heard_at + SILENCE, self._look)

    def _look(self) -> None:
        if self._now() - self._heard_at >= SILENCE:
            self._body.set_exception(Silent("Nothing came."))
        else:
            self._listen()

    def close(self) -> None:
        self._timer.cancel()


async def pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body as it arrives; what comes while the last piece is being worked on waits in the socket, for one read.

    Raises:
        aiohttp.ClientError: it was cut, or nothing came for SILENCE seconds.
    """
    body = response.content
    if isinstance(body, aiohttp.StreamReader) and type(body) is aiohttp.StreamReader:
        _Pieces.adopt(body)
    socket = response.connection.transport if response.connection is not None else None  # None: it is all here
    watch = _Watch(body)
    try:
        while piece := await body.readany():
            watch.heard()
            if socket is None or body.is_eof():
                yield piece
                continue
            socket.pause_reading()
            yield piece
            socket.resume_reading()
    finally:
        watch.close()
