"""The database behind the workers: made, counted and looked into from outside the product."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_ROLE = "callsphere_app"


class Database(Protocol):
    @property
    def env(self) -> dict[str, str]:
        """What the workers are told of it."""

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; its parameters are written as `?`."""

    def connections(self) -> int | None:
        """How many the workers hold; None when the database cannot tell."""

    def in_transaction(self) -> int:
        """How many of them are within a transaction."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    path: Path

    @property
    def env(self) -> dict[str, str]:
        return {"DATABASE_URL": f"sqlite:///{self.path}"}

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def connections(self) -> int | None:
        return None

    def in_transaction(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Postgres:
    """One database of a server, reached by its folder's socket."""

    folder: str
    name: str

    @property
    def env(self) -> dict[str, str]:
        host = self.folder.replace("/", "%2F")
        return {
            "DATABASE_OWNER_URL": f"postgres://postgres:@{host}/{self.name}",
            "DATABASE_URL": f"postgres://{_ROLE}:runtime@{host}/{self.name}",
            "DATABASE_POOL_SIZE": "4",  # small, so that it is full from the warm-up on and a leak shows
        }

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(host=self.folder, user="postgres", dbname=self.name, autocommit=True) as connection:
            return connection.execute(query.replace("?", "%s").encode(), values).fetchall()

    def execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(host=self.folder, user="postgres", dbname=self.name, autocommit=True) as connection:
            connection.execute(statement.encode())

    def connections(self) -> int | None:
        return int(
            self.rows("SELECT count(*) FROM pg_stat_activity WHERE usename = ? AND datname = ?", self._own)[0][0]
        )

    def in_transaction(self) -> int:
        states = "SELECT count(*) FROM pg_stat_activity WHERE usename = ? AND datname = ? AND state <> 'idle'"
        return int(self.rows(states, self._own)[0][0])

    @property
    def _own(self) -> tuple[str, str]:
        return _ROLE, self.name


@contextmanager
def postgres_server() -> Iterator[str]:
    """A throw-away server with the product's runtime role; yields its folder."""
    import pgserver

    with tempfile.TemporaryDirectory(prefix="cs-pg-") as folder:
        server = pgserver.get_server(folder)
        try:
            server.psql(f"CREATE ROLE {_ROLE} LOGIN PASSWORD 'runtime' NOSUPERUSER NOBYPASSRLS NOCREATEDB;")
            yield folder
        finally:
            server.cleanup()
