"""Real Redis servers in the arrangements of production: a master with replicas and Sentinels, and a Cluster.

Each is a context manager that yields what REDIS_URL is to say and means to do harm. Ports are chosen by the system.
"""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import redis

from apps.common.ports import free_ports
from apps.common.redis import binary

DEADLINE = 60.0
HOST = "127.0.0.1"
SERVICE = "mymaster"
DOWN_AFTER_MS = 1_000


def until(condition: Callable[[], Any], what: str, *, within: float = DEADLINE) -> Any:
    """What the condition gives as soon as that is true; Redis being away counts as not yet."""
    deadline = time.monotonic() + within
    while True:
        try:
            if found := condition():
                return found
        except redis.RedisError:
            pass
        assert time.monotonic() < deadline, f"not within {within:g} s: {what}"
        time.sleep(0.05)


@dataclass(eq=False)
class Server:
    """One redis-server, which may be killed and come back with what it had."""

    directory: Path
    port: int
    options: list[str]
    process: subprocess.Popen[bytes] | None = None
    name: str = ""

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "log").open("ab") as out:
            self.process = subprocess.Popen([binary(), *self.options], cwd=self.directory, stdout=out, stderr=out)
        until(lambda: self.client().ping(), f"{self.name or 'redis'} answers")

    def client(self) -> Any:
        return redis.Redis(HOST, self.port, socket_timeout=5, protocol=2)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL: nothing is saved, nobody is told."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(DEADLINE)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(DEADLINE)


@dataclass(eq=False)
class Watched:
    """A master, its replicas and three Sentinels."""

    url: str
    servers: list[Server]
    sentinels: list[Server] = field(default_factory=list)

    def master(self) -> Server:
        """As the first Sentinel that answers sees it."""
        for sentinel in self.sentinels:
            try:
                _, port = sentinel.client().sentinel_get_master_addr_by_name(SERVICE)
            except redis.RedisError:
                continue
            return next(server for server in self.servers if server.port == int(port))
        raise AssertionError("no Sentinel answers")

    def replicas(self) -> int:
        """Those that the master sends what is new to."""
        return sum(each["state"] == "online" for each in _replicas(self.master().client().info("replication")))

    def kill_master(self) -> Server:
        """And waits until another one is in its place."""
        killed = self.master()
        killed.kill()
        self.promoted(killed)
        return killed

    def promoted(self, before: Server) -> Server:
        def other() -> bool:
            return self.master() is not before and self.master().client().role()[0] in (b"master", "master")

        until(other, "another master")
        return self.master()


def _replicas(info: dict[str, Any]) -> list[dict[str, Any]]:
    return [value for name, value in info.items() if name.startswith("slave") and isinstance(value, dict)]


@contextmanager
def sentinel(*, replicas: int = 1) -> Iterator[Watched]:
    """A master with so many replicas, and three Sentinels of which two must agree."""
    with _directory() as directory:
        ports = free_ports(1 + replicas + 3)
        servers = [_data_server(directory / f"server{n}", port) for n, port in enumerate(ports[: 1 + replicas])]
        for server in servers[1:]:
            server.options += ["--replicaof", HOST, str(servers[0].port)]
        guards = []
        for n, port in enumerate(ports[1 + replicas :]):
            folder = directory / f"sentinel{n}"
            folder.mkdir()
            config = folder / "sentinel.conf"
            config.write_text(
                f"port {port}\nbind {HOST}\ndir {folder}\n"
                f"sentinel monitor {SERVICE} {HOST} {servers[0].port} 2\n"
                f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {SERVICE} 10000\nsentinel parallel-syncs {SERVICE} 1\n"
            )
            guards.append(Server(folder, port, [str(config), "--sentinel"], name=f"sentinel {n}"))
        hosts = ",".join(f"{HOST}:{guard.port}" for guard in guards)
        watched = Watched(f"redis+sentinel://{hosts}/{SERVICE}", servers, guards)
        with _running([*servers, *guards]):
            until(lambda: watched.replicas() == replicas, "the replicas follow")
            for guard in guards:
                until(partial(_knows, guard, replicas), "the Sentinels know each other")
            yield watched


def _knows(guard: Server, replicas: int) -> bool:
    state = guard.client().sentinel_master(SERVICE)
    return state["num-other-sentinels"] == 2 and state["num-slaves"] == replicas and state["is_master"]


@dataclass(eq=False)
class Shards:
    """A Cluster; `servers` begins with its masters of the start, in the order of their slots."""

    url: str
    servers: list[Server]
    masters: int

    def owner(self, key: str) -> Server:
        """The server that has the key's slot now."""
        slot = redis.crc.key_slot(key.encode())
        for server in self.servers:
            if server.process is None or server.process.poll() is not None:
                continue
            for first, last, (_, port, *_), *_ in _raw(server.client(), "CLUSTER", "SLOTS"):
                if first <= slot <= last:
                    return next(each for each in self.servers if each.port == port)
        raise AssertionError("nobody has this slot")

    def is_well(self) -> bool:
        alive = [each for each in self.servers if each.process is not None and each.process.poll() is None]
        return all(b"cluster_state:ok" in _raw(each.client(), "CLUSTER", "INFO") for each in alive)

    def move(self, key: str, to: Server) -> None:
        """Gives the key's slot, with all that is in it, to another master, as `redis-cli --cluster reshard` does."""
        source, slot = self.owner(key), redis.crc.key_slot(key.encode())
        here, there = source.client(), to.client()
        ours, theirs = (_text(_raw(each, "CLUSTER", "MYID")) for each in (here, there))
        _raw(there, "CLUSTER", "SETSLOT", slot, "IMPORTING", ours)
        _raw(here, "CLUSTER", "SETSLOT", slot, "MIGRATING", theirs)
        while names := _raw(here, "CLUSTER", "GETKEYSINSLOT", slot, 100):
            _raw(here, "MIGRATE", HOST, to.port, "", 0, 5000, "KEYS", *names)
        for server in self.servers[: self.masters]:
            _raw(server.client(), "CLUSTER", "SETSLOT", slot, "NODE", theirs)


@contextmanager
def cluster(*, masters: int = 3, replicas: int = 0) -> Iterator[Shards]:
    """A Cluster of so many masters; `replicas` of them, from the first one on, have a replica."""
    with _directory() as directory:
        servers = []
        for n, port in enumerate(free_ports(masters + replicas)):
            server = _data_server(directory / f"server{n}", port)
            server.options += ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500"]
            servers.append(server)
        with _running(servers):
            first = servers[0].client()
            for n, server in enumerate(servers):
                _raw(server.client(), "CLUSTER", "SET-CONFIG-EPOCH", n + 1)
                _raw(first, "CLUSTER", "MEET", HOST, server.port)
            each = 16_384 // masters
            for n, server in enumerate(servers[:masters]):
                last = 16_384 if n == masters - 1 else (n + 1) * each
                _raw(server.client(), "CLUSTER", "ADDSLOTS", *range(n * each, last))
            hosts = ",".join(f"{HOST}:{server.port}" for server in servers[:masters])
            shards = Shards(f"redis+cluster://{hosts}", servers, masters)
            until(lambda: all(_met(server, len(servers)) for server in servers), "they have met")
            for n, server in enumerate(servers[masters:]):
                _raw(server.client(), "CLUSTER", "REPLICATE", _text(_raw(servers[n].client(), "CLUSTER", "MYID")))
            until(shards.is_well, "the Cluster is well")
            for server in servers[:replicas]:
                until(partial(_followed, server), "its replica follows")
            yield shards


def _followed(server: Server) -> bool:
    return bool(_replicas(server.client().info("replication")))


def _met(server: Server, count: int) -> bool:
    return f"cluster_known_nodes:{count}".encode() in _raw(server.client(), "CLUSTER", "INFO")


def _raw(client: Any, *words: Any) -> Any:
    """The answer as Redis gives it; redis-py makes of `CLUSTER X` as one word something of its own."""
    connection = client.connection_pool.get_connection()
    try:
        connection.send_command(*words)
        return connection.read_response()
    finally:
        client.connection_pool.release(connection)


def _text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)


def _data_server(directory: Path, port: int) -> Server:
    options = {"port": port, "bind": HOST, "dir": directory, "save": "", "appendonly": "yes"}
    options |= {"maxmemory-policy": "noeviction", "repl-diskless-sync-delay": 0, "repl-ping-replica-period": 1}
    return Server(directory, port, [word for name, value in options.items() for word in (f"--{name}", str(value))])


@contextmanager
def _directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="cs-redis-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _running(servers: list[Server]) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.stop()


@contextmanager
def as_redis(url: str) -> Iterator[None]:
    """The product of this process uses that Redis, in event loops that begin here."""
    from django.test import override_settings

    from apps.common import cache
    from apps.common import redis as house

    def forget() -> None:
        for each in (house.topology, house.client, cache._client):
            each.cache_clear()

    with override_settings(REDIS_URL=url):
        forget()
        try:
            yield
        finally:
            forget()
