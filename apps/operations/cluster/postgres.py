"""The cluster's own PostgreSQL, of the pgserver package or from PATH: a unix socket, and operators.md's two logins."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from apps.operations.cluster.machine import Kind
from apps.operations.cluster.places import ClusterError, Places

DATABASE, OWNER, RUNTIME, SUPERUSER = "callsphere", "callsphere_owner", "callsphere_app", "postgres"
CONNECTIONS = 300
"""A pool of eight for each process, both generations of a rolling restart, and whoever looks."""


class Postgres:
    def __init__(self, places: Places, passwords: Mapping[str, str]) -> None:
        self._data = places.folder / "pg"
        self._log = places.log_of("postgres")
        self._passwords = passwords
        self._user = _system_user(self._data, _binaries()) if os.geteuid() == 0 else None

    def url(self, role: str) -> str:
        """Of the product's database, as `DATABASE_URL` is written. role: owner or runtime."""
        login = {"owner": OWNER, "runtime": RUNTIME}[role]
        return f"postgres://{login}:{self._passwords[role]}@{quote(str(self._data), safe='')}/{DATABASE}"

    def kind(self) -> Kind:
        return Kind(
            name="postgres",
            role="postgres",
            command=[str(_binaries() / "postgres"), "-D", str(self._data)],
            env=_environment(),
            is_ready=self._answers,
            cwd=self._data,
            log=self._log,
            ends_with=signal.SIGINT,  # a fast shutdown: SIGTERM would wait for each client to leave
            patience=30.0,
            user=self._user,
        )

    def prepare(self) -> None:
        """Makes the data folder, unless it is there. Raises ClusterError."""
        if (self._data / "PG_VERSION").exists():
            return
        password = self._data.with_name("pg.password")
        password.touch(mode=0o600)
        password.write_text(self._passwords["superuser"])
        if self._user:
            shutil.chown(password, self._user)
        words = [f"--username={SUPERUSER}", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        done = subprocess.run(  # noqa: S603
            [str(_binaries() / "initdb"), "-D", str(self._data), "--locale=C", *words],
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            env=_environment(),
            cwd=self._data,
            capture_output=True,
            text=True,
            check=False,
        )
        password.unlink()
        if done.returncode:
            raise ClusterError(f"initdb failed: {done.stderr.strip()[-500:]}")
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self._data}'\n")
            file.write(f"max_connections = {CONNECTIONS}\nlog_timezone = 'UTC'\ntimezone = 'UTC'\n")

    def make_logins(self) -> None:
        """The owner, the runtime role and the database, unless they are there. The server must run."""
        with psycopg.connect(self._superuser(), autocommit=True) as connection:
            have = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
            for login, role in ((OWNER, "owner"), (RUNTIME, "runtime")):
                if login not in have:
                    words = "CREATE ROLE {} LOGIN PASSWORD {} NOSUPERUSER NOBYPASSRLS NOCREATEDB"
                    made = sql.SQL(words).format(sql.Identifier(login), sql.Literal(self._passwords[role]))
                    connection.execute(made)
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
                )

    async def _answers(self) -> bool:
        async with await psycopg.AsyncConnection.connect(self._superuser()) as connection:
            await connection.execute("SELECT 1")
        return True

    def _superuser(self) -> str:
        return f"host={self._data} user={SUPERUSER} dbname={SUPERUSER} password={self._passwords['superuser']}"


def _binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises ClusterError."""
    try:
        from pgserver._commands import POSTGRES_BIN_PATH
    except ImportError:
        if path := shutil.which("initdb"):
            return Path(path).resolve().parent
        words = "No PostgreSQL: install the pgserver package (requirements-dev.lock), or set DATABASE_URL."
        raise ClusterError(words) from None
    return Path(POSTGRES_BIN_PATH)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _system_user(data: Path, binaries: Path) -> str:
    """PostgreSQL refuses to run as root, as one is in a container: who it runs as then. Makes its folder."""
    from pgserver.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

    name = "pgserver"
    ensure_user_exists(name)
    data.mkdir(mode=0o700, exist_ok=True)
    shutil.chown(data, name, name)
    ensure_prefix_permissions(data)
    ensure_prefix_permissions(binaries)
    ensure_folder_permissions(binaries, 0o055)
    ensure_folder_permissions(binaries.parent / "lib", 0o044)
    return name
