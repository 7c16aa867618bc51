"""Runs a command against a throw-away PostgreSQL: `python -m tests.postgres [--pgbouncer] pytest tests`.

The server comes from the `pgserver` package unless DATABASE_OWNER_URL and DATABASE_URL name one already. Two logins are
made: the owner of the tables, and the runtime role that row-level security holds; with `--pgbouncer` that one comes
through a real PgBouncer in transaction mode.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.pgbouncer import pgbouncer

RUNTIME_ROLE = "callsphere_app"
PASSWORD = "runtime"


def main(command: list[str]) -> int:
    through_pgbouncer = command[:1] == ["--pgbouncer"]
    if through_pgbouncer:
        command = command[1:]
    if os.environ.get("DATABASE_URL"):
        return subprocess.call(command)
    with running() as directory, ExitStack() as stack:
        address = quote(directory, safe="")
        environment = {**os.environ, "DATABASE_OWNER_URL": f"postgres://postgres:@{address}/postgres"}
        environment["CALLSPHERE_TEST_SERVER_IS_THROWN_AWAY"] = "1"  # tests/databases.py
        if through_pgbouncer:
            port = stack.enter_context(pgbouncer(Path(directory), {RUNTIME_ROLE: PASSWORD}))
            address = f"127.0.0.1:{port}"
        environment["DATABASE_URL"] = f"postgres://{RUNTIME_ROLE}:{PASSWORD}@{address}/postgres"
        return subprocess.call(command, env=environment)


@contextmanager
def running() -> Iterator[str]:
    """A server with the runtime role; the folder of its data and of its socket."""
    import pgserver

    with tempfile.TemporaryDirectory(prefix="cs-pg-") as directory:
        server = pgserver.get_server(directory)
        try:
            for setting in (
                "fsync",
                "full_page_writes",
                "synchronous_commit",
            ):  # thrown away: nothing must last
                server.psql(f"ALTER SYSTEM SET {setting} = off;")
            server.psql("SELECT pg_reload_conf();")
            server.psql(f"CREATE ROLE {RUNTIME_ROLE} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS NOCREATEDB;")
            yield directory
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
