"""Attacks on what the service has: each is survived, within its memory, and others are served meanwhile.

One service is started for this file; it is the product as `manage.py serve` starts it.
"""

import asyncio
import json

import httpx2 as httpx
import pytest

from tests.attacks.crowd import HOST, SLOW, Socket, dripping, is_cut, leave, many, opened
from tests.attacks.service import WIDGET, Service, most_descriptors

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]


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
