"""The product on a real socket, in a thread of the suite's process, so that tests see its database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import uvicorn

from apps.common.http_server import HttpServer
from apps.common.websocket_server import WebSocketServer


@contextmanager
def serving(app: Any, *, port: int = 0, lifespan: str = "on") -> Iterator[str]:
    """Serves an ASGI application on the loopback; yields `http://127.0.0.1:<port>`."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        lifespan=lifespan,
        proxy_headers=False,
        server_header=False,
        http=HttpServer,
        ws=WebSocketServer,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = monotonic() + 30
    while not server.started:
        if not thread.is_alive() or monotonic() > deadline:
            raise RuntimeError("The server did not start.")
        sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield f"http://127.0.0.1:{address[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
