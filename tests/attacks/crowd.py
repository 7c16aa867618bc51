"""Raw connections in numbers, from one event loop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress

HOST = b"Host: 127.0.0.1\r\n"
LOGIN = b"POST /account/login/ HTTP/1.1\r\n" + HOST
POST = b"POST /api/chat/sessions HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
SLOW = {
    "says nothing": b"",
    "a head that never ends": b"GET /healthz HTTP/1.1\r\n" + HOST + b"X-",
    "a body that never comes": POST + b"Content-Length: 50\r\n\r\n{",
    "a chunk that never comes": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "a page's body that never comes": b"POST /account/login/ HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 5000\r\n\r\nlogin=",
}
Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(port: int, first: bytes = b"") -> Socket:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    return reader, writer


async def is_cut(socket: Socket, *, within: float) -> bool:
    """Whether the server closes it in time; what it says before is dropped."""
    with suppress(ConnectionError):
        try:
            async with asyncio.timeout(within):
                await socket[0].read()
        except TimeoutError:
            return False
    return True


async def many(count: int, make: Callable[[int], Awaitable[Socket]]) -> list[Socket]:
    """So many connections, a few at a time: it is the server that is tried, not the kernel's queue."""
    found: list[Socket] = []
    for begin in range(0, count, 200):
        found += await asyncio.gather(*(make(number) for number in range(begin, min(count, begin + 200))))
    return found


def leave(sockets: Iterable[Socket]) -> None:
    for _, writer in sockets:
        writer.transport.abort()


@asynccontextmanager
async def dripping(sockets: list[Socket]) -> AsyncIterator[None]:
    """Each gets a byte now and then, so that none looks dead."""

    async def drip() -> None:
        while True:
            for _, writer in sockets:
                writer.write(b"a")
            await asyncio.sleep(1.0)

    task = asyncio.create_task(drip())
    try:
        yield
    finally:
        task.cancel()
        leave(sockets)
