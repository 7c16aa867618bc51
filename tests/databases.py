"""The migrated database of the tests: made once, then copied. Migrating costs each process some ten seconds.

On SQLite the copy is kept in the cache folder of pytest until a migration or a package changes; on PostgreSQL the
first process makes a template in the server. What is done after each `migrate` (rights, walls) is done to a copy, too.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "callsphere_template"
THROWN_AWAY = "CALLSPHERE_TEST_SERVER_IS_THROWN_AWAY"
"""Set by `python -m tests.postgres` for a server of its own."""


def _fingerprint() -> str:
    """Of all that a migrated database is made from."""
    digest = hashlib.sha256()
    made_of = ("apps/**/migrations/*.py", "apps/business/overlap.py", "apps/common/schema.py", "requirements.lock")
    for path in sorted(path for pattern in made_of for path in ROOT.glob(pattern)):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:20]


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time, on this machine."""
    with (Path(tempfile.gettempdir()) / f"callsphere-{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def create(creation: Any, stock: Callable[..., str], *given: Any, **named: Any) -> str:
    """What Django's `create_test_db` does, from a copy where there is one."""
    make = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    return make(creation, lambda: stock(creation, *given, **named))


def _on_sqlite(creation: Any, migrate: Callable[[], str]) -> str:
    folder = ROOT / ".pytest_cache" / "databases"
    kept = folder / f"{_fingerprint()}.sqlite3"
    with _alone(kept.stem):
        if not kept.exists():
            name = migrate()
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir():
                old.unlink()
            fresh = kept.with_suffix(".new")
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(fresh)])
            fresh.rename(kept)
            return name

    def copied(*given: Any) -> str:
        name: str = empty(*given)
        Path(name).write_bytes(kept.read_bytes())
        return name

    empty = creation._create_test_db
    with patch.object(creation, "_create_test_db", copied):
        return migrate()


def _on_postgresql(creation: Any, migrate: Callable[[], str]) -> str:
    if os.environ.get(THROWN_AWAY) != "1":
        return migrate()  # somebody's own server: nothing is left there
    with (
        _alone(hashlib.sha256(os.environ["DATABASE_URL"].encode()).hexdigest()[:20]),
        creation._nodb_cursor() as cursor,
    ):
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE])
        if cursor.fetchone() is None:
            name = migrate()
            connection.close()
            cursor.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {name}")
            return name
    connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE
    return migrate()
