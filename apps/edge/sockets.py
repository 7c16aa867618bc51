"""`/ws/healthz/`: a WebSocket that returns what it gets, for the holder of a ticket."""

import asyncio
from typing import Any
from urllib.parse import parse_qs

from apps.common.errors import NotFound
from apps.edge import tickets

MAX_FRAME = 1024
"""Characters of a frame that are returned."""
GRACE = 30.0
"""Seconds that a client may take beyond its probe's lifetime."""
NORMAL, POLICY_VIOLATION = 1000, 1008  # RFC 6455 §7.4.1


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Returns as many text frames as the ticket has events, then closes with 1000; without a ticket, 1008."""
    await receive()  # websocket.connect
    try:
        probe = tickets.read(parse_qs(scope["query_string"].decode("latin1")).get("ticket", [""])[0])
    except NotFound:
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    await send({"type": "websocket.accept"})
    try:
        async with asyncio.timeout(probe.lifetime + GRACE):
            for _ in range(probe.events):
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return
                await send({"type": "websocket.send", "text": (message.get("text") or "")[:MAX_FRAME]})
    except TimeoutError:
        pass  # it took too long: closed like one that is through
    await send({"type": "websocket.close", "code": NORMAL})
