"""`manage.py serve`: the production server (uvicorn), with the parts it needs started beside it."""

import asyncio
import ctypes
import gc
import resource
import select
import signal
import socket
import sys
from time import monotonic, thread_time
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from apps.chat import beside
from apps.common import drain, heartbeat, redis
from apps.common.heartbeat import Heartbeat
from apps.common.http_server import HttpServer
from apps.common.websocket_server import WebSocketServer
from apps.live.hub import hub

LEAVING = 3
"""Seconds that open connections have to end at a shutdown, before they are cut."""
MAX_FRAME = 65_536
"""Bytes of one message on a WebSocket; a caller's frame has some hundred."""
PING = 10.0
"""Seconds between two pings of a WebSocket, and for the answer: a browser that vanished ends its call in 20."""

COLLECT_EVERY = 2.0
COLLECTING = 0.003
"""Garbage is collected so often (seconds), and for at most so much of the time: with a thousand open answers a look at
all objects holds everybody up, and comes twice a minute."""
_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""
KEEP_ALIVE = 5
"""Seconds for which an idle connection stays open; proxies must drop theirs earlier (docker/edge)."""


class Server(uvicorn.Server):
    """Leaves in two steps, see drain.py. uvicorn would take connections until calls are over, and wait for streams that
    never end by themselves."""

    _collect_at = 0.0

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second. What waits for the collector makes memory grow that is never given back."""
        now = monotonic()
        if now >= self._collect_at:
            began = thread_time()  # not what other processes took meanwhile
            gc.collect()
            self._collect_at = now + max(COLLECT_EVERY, (thread_time() - began) / COLLECTING)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drain.leave()
        await self._close_the_door()
        if signal.SIGINT not in self._captured_signals:  # Ctrl-C: there is no proxy
            await self._let_proxies_go()
        drain.begin()
        hub().wake()
        beside.wake()
        await asyncio.gather(*(wait() for wait in drain.before_the_cut))
        await super().shutdown(sockets)

    async def _close_the_door(self) -> None:
        """Takes no more connections, but those that the kernel has taken for us."""
        for server in self.servers:
            doors = [door.fileno() for door in server.sockets]
            for _ in range(self.config.backlog):
                if not select.select(doors, [], [], 0)[0]:
                    break
                await asyncio.sleep(0)
            server.close()
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None:
                cycle.keep_alive = False

    async def _let_proxies_go(self) -> None:
        """Waits until no idle connection is left over which a proxy may just be sending a request."""
        for _ in range(10 * (KEEP_ALIVE + 1)):
            if not any(map(_is_idle, self.server_state.connections)):
                return
            await asyncio.sleep(0.1)


def _is_idle(connection: Any) -> bool:
    """Of HTTP, and between two requests; a WebSocket has no `cycle`."""
    return hasattr(connection, "cycle") and (connection.cycle is None or connection.cycle.response_complete)


def _raise_file_limit() -> None:
    """An open answer is two sockets; the usual soft limit of 1,024 files would be 500 visitors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65_536), hard))


def _share_one_heap() -> None:
    """All threads allocate from one heap. glibc gives each its own, which keeps what the thread once needed: it is the
    half of what a server that answers all day grows by. Python's threads wait for one another anyway."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has none
        mallopt(_ARENA_MAX, 1)


class Command(BaseCommand):
    help = "Serve over HTTP and WebSocket."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--with-worker", action="store_true", help="keep a worker alive beside it, on one machine")
        parser.add_argument("--beside", action="append", default=[], help="keep this command alive beside it, too")

    def handle(self, *args: Any, host: str, port: int, with_worker: bool, **options: Any) -> None:
        _share_one_heap()
        # uvicorn raises the signal again when it is done; the default action would skip our atexit handlers.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        redis.client().ping()
        if settings.SANDBOX_ANSWERS and settings.SANDBOX_ALLOWED:
            import_string(settings.SANDBOX_LAUNCHER)()
        if with_worker:
            heartbeat.worker.keep_one_alive()
        for command in options["beside"]:
            Heartbeat(command).keep_one_alive()
        config = uvicorn.Config(
            "callsphere.asgi:application",
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the address behind proxies is read by us, by TRUSTED_PROXIES
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LEAVING,
            http=HttpServer,
            ws=WebSocketServer,
            ws_per_message_deflate=False,  # costs more than it saves on audio, and memory for each connection
            ws_max_size=MAX_FRAME,
            ws_ping_interval=PING,
            ws_ping_timeout=PING,
        )
        config.load()
        _raise_file_limit()
        # What is loaded now stays: the collector need not look at it for every few hundred new objects.
        gc.collect()
        gc.freeze()
        gc.set_threshold(5_000, 4, 4)  # a connection that dies old is garbage of the oldest kind
        Server(config).run()
