"""Runs a command against a throw-away PostgreSQL: `python -m tests.postgres pytest tests`.

The server comes from the `pgserver` package unless DATABASE_OWNER_URL and DATABASE_URL name one already. Two logins are
made: the owner of the tables, and the runtime role that row-level security holds.
"""

import os
import subprocess
import sys
import tempfile

RUNTIME_ROLE = "callsphere_app"


def main(command: list[str]) -> int:
    if os.environ.get("DATABASE_URL"):
        return subprocess.call(command)
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
            server.psql(f"CREATE ROLE {RUNTIME_ROLE} LOGIN PASSWORD 'runtime' NOSUPERUSER NOBYPASSRLS NOCREATEDB;")
            host = directory.replace("/", "%2F")
            environment = {
                **os.environ,
                "DATABASE_OWNER_URL": f"postgres://postgres:@{host}/postgres",
                "DATABASE_URL": f"postgres://{RUNTIME_ROLE}:runtime@{host}/postgres",
                "CALLSPHERE_TEST_SERVER_IS_THROWN_AWAY": "1",  # tests/databases.py
            }
            return subprocess.call(command, env=environment)
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
