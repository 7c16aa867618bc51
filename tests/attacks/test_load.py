"""Attacks on what the service has: each is survived, within its memory, and others are served meanwhile.

One service is started for this file; it is the product as `manage.py serve` starts it.
"""

import asyncio
import json
from contextlib import suppress

import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect

from tests.attacks.crowd import HOST, SLOW, Socket, dripping, is_cut, leave, many, opened
from tests.attacks.service import WIDGET, Service, most_descriptors

pytestmark = [pytest.mark.once, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]
# No test here looks into the suite's database; but without the mark there is none to copy.


async def test_two_hundred_of_each_slow_kind_delay_nobody_and_are_cut(service: Service) -> None:
    most_descriptors()
    kinds = list(SLOW.values())
    with service.unharmed():
        sockets = await many(200 * len(kinds), lambda n: opened(service.port, kinds[n % len(kinds)]))
    async with dripping(sockets):
        cut = await asyncio.gather(*(is_cut(socket, within=60) for socket in sockets))
    assert all(cut)


def visitor_of(service: Service) -> tuple[str, str]:
    """The token and the conversation of somebody who has said hello."""
    body = {"message": "hello"}
    with httpx.Client(base_url=service.url, timeout=60) as http:
        answer = http.post("/api/chat/stream", json=body, headers={"X-Widget-Key": WIDGET})
    assert answer.status_code == 200
    run = json.loads(next(line[6:] for line in answer.text.splitlines() if line.startswith("data: ")))
    return run["token"], run["conversation"]


async def streaming(port: int, token: str, conversation: str) -> Socket:
    """A stream of one's conversation: open as long as somebody listens."""
    ask = f"GET /api/chat/conversations/{conversation}/stream?token={token} HTTP/1.1\r\n".encode()
    socket = await opened(port, ask + HOST + b"\r\n")
    async with asyncio.timeout(120):
        assert b" 200 " in await socket[0].readline()
    return socket


def handshake(path: str) -> bytes:
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    return b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + upgrade + key + b"\r\n"


def frame(opcode: int, payload: bytes, *, fin: bool = True, first: int = 0, size: int | None = None) -> bytes:
    """A client's frame (RFC 6455 §5.2), masked with noughts; `size` is what it claims to have."""
    length = len(payload) if size is None else size
    if length < 126:
        head = bytes([0x80 | length])
    elif length < 65_536:
        head = bytes([0x80 | 126]) + length.to_bytes(2, "big")
    else:
        head = bytes([0x80 | 127]) + length.to_bytes(8, "big")
    return bytes([(0x80 if fin else 0) | first | opcode]) + head + b"\0\0\0\0" + payload


TEXT, BINARY, CONTINUED, PING = 1, 2, 0, 9
BOMBS = {
    "a frame of 100 MB": [frame(TEXT, b"a" * 1_000, size=100_000_000), *[b"a" * 100_000] * 1_000],
    "a frame of 8 exabytes": [frame(BINARY, b"a", size=2**63 - 1)],
    "a message that never ends": [frame(TEXT, b"a", fin=False), *[frame(CONTINUED, b"a" * 60_000, fin=False)] * 1_500],
    "a message of nothing": [frame(TEXT, b"", fin=False), *[frame(CONTINUED, b"", fin=False) * 1_000] * 50],
    "a compressed bomb": [frame(TEXT, bytes.fromhex("f248cdc9c95728cf2fca4901") * 100, first=0x40)],
    "an unmasked frame": [b"\x81\x05hello"],
    "an unknown frame": [frame(11, b"x")],
    "half a letter": [frame(TEXT, b"\xff\xfe")],
    "a ping of a kilobyte": [frame(PING, b"a" * 1_024)],
    "a flood of pings": [frame(PING, b"a" * 125) * 500] * 400,
}


async def test_websocket_bombs(service: Service) -> None:
    """Each ends its own connection, or is thrown away; nobody reads what the server answers."""
    ticket = service.probe(events=200, interval=1.0)
    offer = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
    begin = handshake(f"/ws/healthz/?ticket={ticket}").removesuffix(b"\r\n") + offer

    async def throw(pieces: list[bytes]) -> None:
        reader, writer = await opened(service.port, begin)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101"), answer
        assert b"permessage-deflate" not in answer
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(20):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
        writer.transport.abort()

    await service.unharmed_by(asyncio.gather(*(throw(pieces) for pieces in BOMBS.values())), memory=60_000)
    async with connect(f"ws://127.0.0.1:{service.port}/ws/healthz/?ticket={ticket}") as socket:
        await socket.send("still here")
        assert await socket.recv() == "still here"


TIRING = [
    *("a" * 4_000, "1" * 4_000, "a@" * 2_000, "a." * 2_000 + "@", " " * 3_990 + "x", "(" * 4_000, "+1 " * 1_333),
    *("\t\n" * 1_990 + "x", "https://" * 500, "aA1-" * 1_000 + "!", "monday " * 570, "1/" * 2_000, "%00" * 1_300),
    *("\u0301" * 3_999 + "a", "\U0001f468\u200d" * 1_300 + "x", "'" * 4_000),
]


async def test_no_text_keeps_the_server_thinking(service: Service) -> None:
    """Whatever looks for names, dates, numbers and addresses in it takes time in proportion to its length."""
    async with httpx.AsyncClient(base_url=service.url, timeout=100) as http:

        async def write(text: str) -> None:
            answer = await http.post("/api/chat/stream", json={"message": text}, headers={"X-Widget-Key": WIDGET})
            assert answer.status_code in (200, 422), answer.text
            login = await http.post("/account/login/", data={"login": text, "password": text})
            assert login.status_code == 403  # no token: but the form was read

        await service.unharmed_by(asyncio.gather(*(write(text) for text in TIRING)))


async def refilled(service: Service, silent: list[Socket], count: int) -> None:
    """Opens again what the server has cut for its silence, until so many descriptors are taken at once."""
    async with asyncio.timeout(120):
        while service.descriptors() < count:
            for number, (reader, writer) in enumerate(silent):
                if reader.at_eof():
                    writer.close()
                    silent[number] = await opened(service.port)
            await asyncio.sleep(0.1)


async def test_ten_thousand_connections(service: Service) -> None:
    """2,000 follow a stream, 4,000 are WebSockets that never answer a ping, 4,000 say nothing."""
    most, wanted = min(most_descriptors(), service.most_descriptors()), 10_000
    count = min(wanted, most - 500)
    if count < wanted:
        print(f"The hard limit of open files ({most}) allows {count} connections only.")
    token, conversation = await asyncio.to_thread(visitor_of, service)
    ticket = service.probe(events=200, interval=5.0)
    with service.unharmed(memory=600_000):
        streams = await many(count // 5, lambda _: streaming(service.port, token, conversation))
        path = f"/ws/healthz/?ticket={ticket}"
        sockets = await many(2 * count // 5, lambda _: opened(service.port, handshake(path)))
        silent = await many(2 * count // 5, lambda _: opened(service.port))
        await refilled(service, silent, count * 9 // 10)
    print(f"{count} connections: the server has {service.rss() // 1024} MB.")
    assert not any(reader.at_eof() for reader, _ in streams), "who listens is not cut"
    leave([*streams, *sockets, *silent])
    async with asyncio.timeout(120):
        while service.descriptors() > 500:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.2)
