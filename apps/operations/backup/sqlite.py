"""SQLite by its online backup, both ways: writers go on while it is read, and a restore is one transaction."""

import gzip
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from django.db import connection

from apps.operations.backup.archive import BadBackup
from apps.operations.backup.postgresql import UNSAVED, Read

PART: Final = "database.sqlite3.gz"


def dump(directory: Path, look: Callable[[Read], None]) -> Path:
    """A compressed copy; `look` reads from it."""
    copy = directory / "copy.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(copy, isolation_level=None)) as target:
        connection.connection.backup(target)  # in one step: one snapshot, however much is written meanwhile
        target.execute("PRAGMA journal_mode = DELETE")
        for table in UNSAVED:
            target.execute(f"DELETE FROM {table}")  # noqa: S608  # a name of ours
        target.execute("VACUUM")  # what was deleted, such as people who were erased, is still in free pages

        def read(statement: str) -> list[tuple[Any, ...]]:
            return list(target.execute(statement))

        look(read)
    path = directory / PART
    with copy.open("rb") as plain, gzip.open(path, "wb", compresslevel=6) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)
    copy.unlink()
    return path


def load(path: Path, directory: Path) -> None:
    """Puts the copy in the place of all that is in the database, in one transaction: all of it, or nothing changes."""
    copy = directory / "restored.sqlite3"
    try:
        with gzip.open(path, "rb") as packed, copy.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
        with closing(sqlite3.connect(copy)) as source:
            [said] = source.execute("PRAGMA quick_check(1)").fetchone()
            if said != "ok":
                raise BadBackup(f"Nothing was changed: the database in the backup is damaged: {said}")
            connection.ensure_connection()
            source.backup(connection.connection)
    except (sqlite3.Error, gzip.BadGzipFile, EOFError) as error:
        raise BadBackup(f"Nothing was changed: {error}") from None
    finally:
        connection.close()
        copy.unlink(missing_ok=True)
