"""The short way past ASGI: what is sent on a real socket arrives once and in order, however it came."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.common.direct import Message, direct
from tests.server import serving

pytestmark = pytest.mark.once


class Line:
    """An application that hands its socket over after a moment, and echoes."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.gone = 0
        self.wrote_after = True

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        await asyncio.sleep(0.2)  # the messages after the first one wait for it
        short, over = direct(scope), asyncio.Event()
        assert short is not None

        def take(message: Message) -> None:
            self.taken.append(message)
            if message == "leave":
                over.set()
            elif not short.write([message, "heard"]):
                raise AssertionError("the socket is open")

        def gone() -> None:
            self.gone += 1
            over.set()

        short.hand_over(take, gone)
        await over.wait()
        if not self.gone:
            await send({"type": "websocket.close", "code": 1000})
        self.wrote_after = short.write(["too late"])


async def heard(socket: ClientConnection, count: int) -> list[Message]:
    async with asyncio.timeout(20):
        return [await socket.recv() for _ in range(count)]


async def test_messages_go_both_ways_in_order() -> None:
    line = Line()
    with serving(line, lifespan="off") as url:
        async with connect(url.replace("http", "ws", 1)) as socket:
            for number in range(100):  # more than the server lets wait: it stops reading for a while
                await socket.send(str(number))
            await socket.send(["frag", "men", "ts"])
            await socket.send(b"\x00\xff")
            expected = [*(str(number) for number in range(1, 100)), "fragments", b"\x00\xff"]
            assert await heard(socket, 2 * len(expected)) == [each for word in expected for each in (word, "heard")]
            await socket.send("leave")
            with pytest.raises(ConnectionClosed):
                await heard(socket, 1)
    assert line.taken == [*expected, "leave"]
    assert line.gone == 1
    assert not line.wrote_after


async def test_the_end_is_told_once() -> None:
    line = Line()
    with serving(line, lifespan="off") as url:
        async with connect(url.replace("http", "ws", 1)) as socket:
            await socket.send("first")
            await socket.send("second")
            assert await heard(socket, 2) == ["second", "heard"]
    assert line.gone == 1
    assert not line.wrote_after


def test_a_server_may_have_no_short_way() -> None:
    assert direct({"type": "websocket"}) is None
