"""The client of the trials against a fake server: what it does when a stream breaks, and what is noticed."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from faults.client import Visitor
from faults.plan import plan_of
from faults.verdict import judge

pytestmark = pytest.mark.once
MESSAGE = "brief one"


def _event(number: int, data: object, name: str = "") -> bytes:
    event = f"event: {name}\n" if name else ""
    return f"{event}id: run_1:{number}\ndata: {json.dumps(data)}\n\n".encode()


_RUN = _event(1, {"run": "run_1", "conversation": "conv_1", "token": "t", "agent": "Grace"}, "run")
_EVENTS = [_RUN, _event(2, {"tok": "w0"}), _event(3, {"tok": " w1"}), _event(4, {"reason": "stop"}, "done")]


class _Server:
    """Answers requests with these bodies, in order, each a broken-off stream but for the last; keeps the requests."""

    def __init__(self, bodies: list[bytes]) -> None:
        self.bodies = bodies
        self.requests: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if "/sessions" in head:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"token": "t"}')
        else:
            self.requests.append(head + (await reader.read(65_536)).decode() if head.startswith("POST") else head)
            body = self.bodies.pop(0)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(b"%x\r\n%b\r\n" % (len(body), body) if body else b"")
            writer.write(b"" if self.bodies else b"0\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def _visiting(bodies: list[bytes]) -> AsyncIterator[tuple[Visitor, _Server]]:
    fake = _Server(bodies)
    listening = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    async with listening:
        yield Visitor([listening.sockets[0].getsockname()[1]], "wk", random.Random(1)), fake


async def _violations(bodies: list[bytes], *, patience: float = 20.0) -> set[str]:
    async with _visiting(bodies) as (visitor, _):
        told = await visitor.say(MESSAGE, patience=patience)
    return {kind for kind, _ in judge(told, plan_of(MESSAGE), errors=False).violations}


async def test_a_broken_stream_is_resumed_after_the_last_whole_event() -> None:
    half = _EVENTS[2][:-1]
    async with _visiting([_EVENTS[0] + _EVENTS[1] + half, b"".join(_EVENTS[2:])]) as (visitor, fake):
        told = await visitor.say(MESSAGE, patience=20)
    assert judge(told, plan_of(MESSAGE), errors=False).violations == []
    assert "Last-Event-ID: run_1:2\r\n" in fake.requests[1]


async def test_a_message_without_a_run_is_sent_again_with_its_id() -> None:
    async with _visiting([b"", b"".join(_EVENTS)]) as (visitor, fake):
        told = await visitor.say(MESSAGE, patience=20)
    assert judge(told, plan_of(MESSAGE), errors=False).violations == []
    assert [told.message_id in request for request in fake.requests] == [True, True]


async def test_the_server_says_when_to_come_back() -> None:
    async with _visiting([_EVENTS[0] + b"retry: 700\n\n", b"".join(_EVENTS[1:])]) as (visitor, _):
        told = await visitor.say(MESSAGE, patience=20)
    assert 0.7 <= told.events[1].at - told.events[0].at < 5


async def test_a_server_that_repeats_itself_is_found_out() -> None:
    assert "seq" in await _violations([_EVENTS[0] + _EVENTS[1], b"".join(_EVENTS[1:])])


async def test_a_server_that_forgets_an_event_is_found_out() -> None:
    assert "seq" in await _violations([_EVENTS[0] + _EVENTS[1], _EVENTS[3]])


async def test_a_server_that_ends_twice_is_found_out() -> None:
    assert "terminal" in await _violations([b"".join(_EVENTS) + _event(5, {"reason": "stop"}, "done")])


async def test_a_run_that_never_ends_is_an_orphan() -> None:
    bodies = [_EVENTS[0], *[b": keep-alive\n\n"] * 50]
    assert {"orphan", "terminal"} <= await _violations(bodies, patience=1.5)
