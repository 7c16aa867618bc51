"""Machines that are not the suite's: each with a folder, a Redis, a database and logins of its own."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psycopg
from django.conf import settings
from django.db import connection

from apps.common.ports import free_port
from callsphere.settings import ENV
from tests.operations.conftest import named

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0


@dataclass
class Machine:
    """One that runs the product as an operator does, by its commands."""

    environment: dict[str, str]
    owner_url: str
    """Of its database, with the rights to see all of it."""

    def manage(self, *words: str, check: bool = True, **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=5 * PATIENCE,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address, while it serves."""
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)], cwd=ROOT, env=self.environment
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not _answers(f"http://127.0.0.1:{port}/readyz"):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table but the sessions, in words."""
        if self.owner_url.startswith("sqlite"):
            with closing(sqlite3.connect(self.owner_url.removeprefix("sqlite:///"))) as database:
                return _rows(
                    lambda statement: database.execute(statement).fetchall(),
                    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
                )
        with psycopg.connect(self.owner_url, options="-c app.tenant_id=* -c timezone=UTC") as database:
            return _rows(
                lambda statement: database.execute(statement).fetchall(),
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
            )


def _rows(read: Any, tables: str) -> dict[str, list[str]]:
    names = {row[0] for row in read(tables)} - {"django_session"}
    return {name: sorted(map(repr, read(f'SELECT * FROM "{name}"'))) for name in sorted(names)}


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def of_the_suite() -> Machine:
    """The one on which the suite's own server runs, by the runtime role's login alone."""
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings", "DATABASE_OWNER_URL": ""}
    if not settings.DATABASE_RUNTIME_URL:
        url = f"sqlite:///{name}"
        return Machine({**environment, "DATABASE_URL": url}, url)
    return Machine({**environment, "DATABASE_URL": named(ENV.database_url, name)}, named(ENV.database_owner_url, name))


@contextmanager
def empty() -> Iterator[Machine]:
    """A new one, on which nothing was ever migrated; on PostgreSQL a server of its own, with other logins."""
    var = tempfile.mkdtemp(prefix="cs-")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "callsphere.settings",
        "CALLSPHERE_VAR": var,
        "REDIS_URL": "",
    }
    try:
        if not settings.DATABASE_RUNTIME_URL:
            url = f"sqlite:///{var}/callsphere.sqlite3"
            yield Machine({**environment, "DATABASE_URL": url, "DATABASE_OWNER_URL": ""}, url)
            return
        import pgserver

        with tempfile.TemporaryDirectory(prefix="cs-pg-") as directory:
            server = pgserver.get_server(directory)
            try:
                for statement in (
                    "CREATE ROLE keeper LOGIN PASSWORD 'owns' NOSUPERUSER NOBYPASSRLS;",
                    "CREATE ROLE shop LOGIN PASSWORD 'runs' NOSUPERUSER NOBYPASSRLS NOCREATEDB;",
                    "CREATE DATABASE shop OWNER keeper;",
                ):
                    server.psql(statement)
                host = directory.replace("/", "%2F")
                owner = f"postgres://keeper:owns@{host}/shop"
                environment |= {"DATABASE_URL": f"postgres://shop:runs@{host}/shop", "DATABASE_OWNER_URL": owner}
                yield Machine(environment, owner)
            finally:
                server.cleanup()
    finally:
        shutil.rmtree(var, ignore_errors=True)
