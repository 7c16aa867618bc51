"""Clients that take their time: what they hold ends by itself. By the thousand: see test_load.py."""

import asyncio
from typing import Any

import pytest

from apps.common import http_server
from tests.attacks.crowd import HOST, SLOW, dripping, is_cut, opened
from tests.server import serving

pytestmark = [pytest.mark.once, pytest.mark.timeout(240)]


@pytest.mark.parametrize("slow", SLOW)
async def test_a_slow_request_is_given_up(slow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With short bounds: what comes a byte at a time is cut just like what does not come."""
    monkeypatch.setattr(http_server, "HEAD_WITHIN", 1.0)
    monkeypatch.setattr(http_server, "BODY_GRACE", 1.0)

    async def patient(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    with serving(patient, lifespan="off") as url:
        socket = await opened(int(url.rpartition(":")[2]), SLOW[slow])
        async with dripping([socket]):
            assert await is_cut(socket, within=60)


async def test_an_answer_that_is_under_way_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are an idle pause within it and the empty line that some send after a body."""
    monkeypatch.setattr(http_server, "HEAD_WITHIN", 0.3)
    monkeypatch.setattr(http_server, "BODY_GRACE", 0.3)

    async def slow_answer(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"o", "more_body": True})
        await asyncio.sleep(1.5)
        await send({"type": "http.response.body", "body": b"k"})

    with serving(slow_answer, lifespan="off") as url:
        ask = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nx\r\n"
        reader, writer = await opened(int(url.rpartition(":")[2]), ask)
        async with asyncio.timeout(60):
            answer = await reader.readuntil(b"ok")
        assert answer.startswith(b"HTTP/1.1 200")
        writer.close()
