"""Lanes: each has two workers, a Redis and a database of its own, so that trials of several lanes overlap."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import DidNotStart

from faults.database import Database, Postgres, Sqlite, postgres_server
from faults.machines import ROOT, Redis, Worker
from faults.provider import Provider

WIDGET_KEY = "wk_trials"


@dataclass(frozen=True, slots=True)
class Lane:
    """What one trial has for itself."""

    workers: list[Worker]
    redis: Redis
    database: Database

    @property
    def ports(self) -> list[int]:
        return [worker.port for worker in self.workers]

    async def start(self) -> None:
        await self.redis.start()
        await asyncio.gather(*(worker.start() for worker in self.workers))

    def destroy(self) -> None:
        for worker in self.workers:
            worker.destroy()
        self.redis.destroy()

    def rss_kb(self) -> int:
        """Of all workers together."""
        return sum(worker.rss_kb() for worker in self.workers)


def environment(folder: Path, provider_port: int, database: Database) -> dict[str, str]:
    """Only what a server needs, so that a DATABASE_URL or a real key of the caller never takes part."""
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return own | {
        "DEBUG": "0",
        "SECRET_KEY": uuid.uuid4().hex,
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        "CALLSPHERE_VAR": str(folder),
        "REDIS_URL": f"unix://{folder}/redis.sock",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{provider_port}/v1",
        "OPENAI_API_KEY": "trials",
        "DJANGO_SETTINGS_MODULE": "callsphere.settings",
        "PYTHONPATH": str(ROOT),
        **database.env,
    }


def prepare(env: dict[str, str]) -> None:
    """Migrates the database and makes the tenant of the trials. Raises DidNotStart."""
    for command in (["manage.py", "migrate", "-v", "0"], [str(Path(__file__).parent / "tenant.py"), WIDGET_KEY]):
        done = subprocess.run([sys.executable, *command], env=env, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise DidNotStart(f"{command[0]} failed:\n{done.stderr[-2000:]}")


@contextmanager
def _databases(kind: str, folder: Path, count: int) -> Iterator[list[Database]]:
    """`count` databases, the first one empty; `_copy` fills the others from it."""
    with ExitStack() as stack:
        if kind == "postgres":
            server = stack.enter_context(postgres_server())
            yield [Postgres(server, f"lane{number}" if number else "postgres") for number in range(count)]
        else:
            yield [Sqlite(folder / f"lane{number}.sqlite3") for number in range(count)]


def _copy(first: Database, other: Database) -> None:
    if isinstance(first, Postgres) and isinstance(other, Postgres):
        # Its connections are gone: the preparing processes have ended. `template1` lets us leave it.
        admin = Postgres(first.folder, "template1")
        admin.execute(f'CREATE DATABASE "{other.name}" TEMPLATE "{first.name}"')
    elif isinstance(first, Sqlite) and isinstance(other, Sqlite):
        first.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(first.path, other.path)


@asynccontextmanager
async def lanes(*, count: int, workers: int, database: str, provider: Provider) -> AsyncIterator[list[Lane]]:
    """Started lanes; ends all their processes, whatever happens. Raises DidNotStart."""
    made: list[Lane] = []
    # A short path: it holds unix sockets.
    with tempfile.TemporaryDirectory(prefix="cs-f-", dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        databases = stack.enter_context(_databases(database, folder, count))
        try:
            for number, own in enumerate(databases):
                place = folder / str(number)
                place.mkdir()
                env = environment(place, provider.port, own)
                lane = Lane([], Redis(place), own)
                made.append(lane)
                if number:
                    _copy(databases[0], own)
                else:
                    await lane.redis.start()  # the tenant's making may write there
                    await asyncio.to_thread(prepare, env)
                    await lane.redis.kill()
                lane.workers.extend(
                    Worker(sys.executable, log=place / f"worker{n}.log", env=env) for n in range(workers)
                )
            for lane in made:
                await lane.start()
            yield made
        finally:
            for lane in made:
                lane.destroy()
