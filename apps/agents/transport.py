"""How the openai package reaches its provider: over aiohttp, whose HTTP parser is in C, with the body left bare.

The package's own adapter for aiohttp passes each read through five generators and resets a timer at each; for a
stream of tokens that is half of what reading costs.
"""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import httpx2

CONNECT = 5.0
SILENCE = 60.0
"""Seconds: to connect; and without a byte, before the headers or between two reads of the body."""
IDLE = 30.0
"""Seconds for which an unused connection is kept."""
BODY = "callsphere.body"
"""Extension of a response: aiohttp's own, for `bare`."""


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


class Transport(httpx2.AsyncBaseTransport):
    """One pool of connections, of the event loop that first uses it."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        # No limit: how many answers a process gives at once is decided elsewhere, and none shall wait for another.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE, ssl=httpx2.create_ssl_context())
        return aiohttp.ClientSession(connector=connector, auto_decompress=False, trust_env=True)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        session = self._session = self._session or self._open()
        try:
            async with asyncio.timeout(SILENCE):
                response = await session.request(
                    request.method,
                    str(request.url),
                    headers=request.headers,
                    data=request.content,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
                )
        except TimeoutError as error:
            raise httpx2.ReadTimeout("The provider does not answer.", request=request) from error
        except aiohttp.ClientError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        return httpx2.Response(
            response.status,
            headers=response.raw_headers,
            stream=_Body(response),
            request=request,
            extensions={BODY: response},
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


def bare(response: httpx2.Response) -> aiohttp.ClientResponse:
    """aiohttp's own response; release it when done. The other one need not be kept."""
    found: aiohttp.ClientResponse = response.extensions[BODY]
    return found


class _Watch:
    """Breaks off a body of which nothing came for SILENCE seconds: one timer for all of it, not one for each read."""

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
