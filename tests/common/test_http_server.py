"""What a connection weighs: it is held as long as an answer, and there are thousands."""

import asyncio
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from apps.common.http_server import HttpServer

SHARED = 30
"""Attributes up to which CPython's instances of a class share the keys of their dicts (SHARED_KEYS_MAX_SIZE)."""


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_a_connection_s_dict_shares_its_keys() -> None:
    config = uvicorn.Config(_answer, lifespan="off", log_config=None)
    config.load()
    made: list[HttpServer] = []

    def connection() -> HttpServer:
        made.append(HttpServer(config, ServerState(), {}))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"POST / HTTP/1.1\r\nhost: us\r\ncontent-length: 2\r\n\r\nhi")
    assert (await reader.readline()).startswith(b"HTTP/1.1 204")
    assert len(vars(made[0])) <= SHARED
    writer.close()
    server.close()
