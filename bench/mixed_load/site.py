"""What the mixed load runs on: the production topology of `apps.operations.cluster`, as verbs that do not block."""

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from apps.operations.cluster import Cluster, Process
from tests.redis_topologies import Watched, until

READY_WITHIN = 60.0
"""Seconds in which a process that was killed must be there again."""
AWAY_FOR = 60.0
"""Seconds for which a question to the database is asked again."""


class PatientDatabase:
    """The database of the cluster; while it is away, we wait."""

    env: dict[str, str] = {}

    def __init__(self, address: str) -> None:
        self._address = address

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; its parameters are written as `?`."""
        until = time.monotonic() + AWAY_FOR
        while True:
            try:
                with psycopg.connect(self._address, autocommit=True, connect_timeout=10) as connection:
                    return connection.execute(query.replace("?", "%s").encode(), values or None).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def connections(self) -> int:
        """Of everybody but ourselves."""
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return int(self.rows(query)[0][0])

    def in_transaction(self) -> int:
        query = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        return int(self.rows(query)[0][0])


class Site:
    """A running cluster; `watched` is its Redis where it has none of its own."""

    def __init__(self, cluster: Cluster, watched: Watched | None = None) -> None:
        self.cluster, self._watched = cluster, watched
        self.env: dict[str, str] = {**cluster.environment, "PATH": os.environ.get("PATH", "")}
        self.port = urlsplit(cluster.url).port or 80
        password = cluster.places.secrets()["superuser"]
        # Neither login of the product's sees everything: the walls hold for the owner of the tables, too.
        self.database = PatientDatabase(
            f"host={cluster.folder / 'pg'} user=postgres dbname=callsphere password={password}"
        )
        self._redis: Any = None if watched else redis.Redis.from_url(self.env["REDIS_URL"], protocol=2)

    @property
    def ports(self) -> list[int]:
        """Where everybody goes: the edge."""
        return [self.port]

    async def processes(self) -> dict[str, Process]:
        return dict(await asyncio.to_thread(lambda: self.cluster.processes))

    async def names(self, role: str) -> list[str]:
        return sorted(name for name, process in (await self.processes()).items() if process.role == role)

    async def kill(self, name: str) -> None:
        """Returns when its successor is ready."""
        before = (await self.processes())[name].restarts
        await asyncio.to_thread(self.cluster.kill, name)
        until = time.monotonic() + READY_WITHIN
        while time.monotonic() < until:
            process = (await self.processes())[name]
            if process.restarts > before and process.is_ready:
                return
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{name} was not started again within {READY_WITHIN:.0f} s.")

    async def restart(self, name: str) -> None:
        await asyncio.to_thread(self.cluster.restart, name)

    async def restart_redis(self) -> None:
        await asyncio.to_thread(self.cluster.restart_redis)

    async def fail_over(self) -> None:
        """Kills Redis's master; returns when its replica is in its place, which it follows as a replica now."""
        assert self._watched is not None
        await asyncio.to_thread(self._fail_over, self._watched)

    @staticmethod
    def _fail_over(watched: Watched) -> None:
        killed = watched.kill_master()
        killed.start()
        until(lambda: watched.replicas() == 1, "the old master follows the new one")

    async def restart_postgres(self) -> None:
        await asyncio.to_thread(self.cluster.restart_postgres)

    async def deploy(self) -> None:
        await asyncio.to_thread(self.cluster.roll)

    def redis_keys(self) -> tuple[int, int, int]:
        """(keys, those that never expire, bytes used). Raises redis.RedisError while it is away."""
        server = self._watched.master().client() if self._watched else self._redis
        found = server.info("keyspace").get("db0", {"keys": 0, "expires": 0})
        memory = server.info("memory")["used_memory"]
        return found["keys"], found["keys"] - found["expires"], memory

    def logged_errors(self) -> dict[str, int]:
        """What the product's processes have logged as errors, and how often."""
        found: Counter[str] = Counter()
        for path in (self.cluster.folder / "log").glob("*.log"):
            for line in path.read_text(errors="replace").splitlines():
                with suppress(ValueError, AttributeError):
                    entry = json.loads(line)
                    if entry.get("level") in ("ERROR", "CRITICAL"):
                        found[f"{path.stem}: {entry.get('message')}"] += 1
        return dict(found.most_common())
