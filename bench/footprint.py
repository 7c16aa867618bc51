"""What a chat leaves behind: bytes and rows in the database, memory and commands in Redis, for each answer.

`python bench/footprint.py [--answers 300] [--tokens 60]`, on SQLite; `python -m tests.postgres python
bench/footprint.py`, on a throw-away PostgreSQL. One process of ours answers the first message of so many visitors; what
the database and Redis are larger by afterwards, and what they did meanwhile, is divided by them. See bench/README.md.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
import servers
from load import Readings, Refused, Target, stream
from provider import Answer
from report import markdown
from rounds import warm_up

SETTLING = 3.0
AT_ONCE = 20


@dataclass(frozen=True)
class Reading:
    database: int
    rows: int
    transactions: int
    memory: int
    keys: int
    commands: int


def _redis(folder: Path) -> tuple[int, int, int]:
    client = redis.Redis(unix_socket_path=str(folder / "redis" / "redis.sock"))
    told = client.info("all")
    return int(told["used_memory"]), int(client.dbsize()), int(told["total_commands_processed"])


def _read(folder: Path, url: str) -> Reading:
    if not url:
        files = sum(path.stat().st_size for path in folder.glob("callsphere.sqlite3*"))
        return Reading(files, 0, 0, *_redis(folder))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_clear_snapshot()")
        [size] = connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
        rows, transactions = connection.execute(
            "SELECT tup_inserted + tup_updated, xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone() or (0, 0)
    return Reading(int(size), int(rows), int(transactions), *_redis(folder))


async def _ask(target: Target, count: int, tokens: int) -> Readings:
    readings = Readings(count)
    slots = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with slots:
            await stream(target, readings, Answer(tokens))

    await asyncio.gather(*(one() for _ in range(count)))
    if readings.whole != count:
        raise Refused(f"{readings.whole} of {count} answers were whole: {readings.broken!r}")
    await asyncio.sleep(SETTLING)
    return readings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--tokens", type=int, default=60)
    options = parser.parse_args()
    url = os.environ.get("DATABASE_OWNER_URL", "")
    more = {name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_OWNER_URL") if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as name:
        folder = Path(name)
        with (
            servers.provider(200, folder) as (stub, _),
            servers.ours(stub.port, folder, more=more) as (target, _),
        ):
            asyncio.run(warm_up(target))
            before = _read(folder, url)
            asyncio.run(_ask(target, options.answers, options.tokens))
            after = _read(folder, url)
    each = [
        (getattr(after, name) - getattr(before, name)) / options.answers
        for name in ("database", "rows", "transactions", "memory", "keys", "commands")
    ]
    columns = ("database", "bytes", "rows written", "transactions", "Redis bytes", "Redis keys", "Redis commands")
    kind = "PostgreSQL" if url else "SQLite"
    cells = [f"{value:,.1f}" if value < 100 else f"{value:,.0f}" for value in each]
    print(f"For each of {options.answers:,} answers of {options.tokens} tokens to a new visitor:\n")
    print(markdown(columns, [[kind, *cells]]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
