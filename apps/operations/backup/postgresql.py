"""PostgreSQL by its own tools: pg_dump within a snapshot that we count in, and a restore in one transaction."""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from django.db import connection, transaction
from psycopg import pq
from psycopg.conninfo import make_conninfo

from apps.operations.backup.archive import BadBackup
from apps.tenants.scope import EVERY_TENANT, all_tenants

PART: Final = "database.dump"
UNSAVED: Final = ("django_session",)
"""Tables whose rows are left out: who has the backup shall not be logged in."""
_NEEDED: Final = ("pg_dump", "pg_restore", "psql")
Read = Callable[[str], list[tuple[Any, ...]]]


def dump(directory: Path, look: Callable[[Read], None]) -> Path:
    """A dump in pg_dump's custom format; `look` reads from the very snapshot that is dumped."""
    path = directory / PART
    tools = _tools()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        with all_tenants(reason="a backup holds every tenant"):

            def read(statement: str) -> list[tuple[Any, ...]]:
                cursor.execute(statement)
                return list(cursor.fetchall())

            look(read)
            _run(
                tools / "pg_dump",
                # The walls stay up, for owners too: the session says that every tenant is meant.
                *("--format=custom", "--enable-row-security", f"--snapshot={snapshot}", "--lock-wait-timeout=60s"),
                *("--no-owner", "--no-privileges", "--no-publications", "--no-subscriptions", "--no-comments"),
                *(f"--exclude-table-data=public.{table}" for table in UNSAVED),
                *(f"--file={path}", f"--dbname={_address()}"),
            )
    return path


def load(path: Path, directory: Path) -> None:
    """Puts the dump in the place of all that is in the schema, in one transaction: all of it, or nothing changes."""
    drops = directory / "drops.sql"
    drops.write_text("\n".join(["BEGIN;", *_drops()]))
    tools = _tools()
    connection.close()
    with tempfile.TemporaryFile() as reading, tempfile.TemporaryFile() as writing:
        source = subprocess.Popen(  # noqa: S603
            [tools / "pg_restore", "--no-owner", "--no-privileges", "--no-comments", "--file=-", path],
            stdout=subprocess.PIPE,
            stderr=reading,
        )
        target = subprocess.Popen(  # noqa: S603
            [
                *(tools / "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"),
                *(f"--dbname={_address()}", f"--file={drops}", "--file=-"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=writing,
            env=_environment(),
        )
        _pour(source, target)
        if source.returncode or target.returncode:
            raise BadBackup(f"Nothing was changed: {_said(writing) or _said(reading)}")


def _pour(source: "subprocess.Popen[bytes]", target: "subprocess.Popen[bytes]") -> None:
    """From one to the other. Only a whole script is committed: whoever of the three dies, the transaction is undone."""
    assert source.stdout is not None
    assert target.stdin is not None
    try:
        shutil.copyfileobj(source.stdout, target.stdin, 1 << 20)
        if source.wait() == 0:
            target.stdin.write(b"\nCOMMIT;\n")
        target.stdin.close()
    except BrokenPipeError:
        source.kill()  # psql has said why it ended
    source.stdout.close()
    source.wait()
    target.wait()


def _drops() -> list[str]:
    """What makes room: all that is ours in the schema, and nothing that an extension brought."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('DROP TABLE IF EXISTS %s CASCADE;', c.oid::regclass) FROM pg_class c"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
            " UNION ALL"
            " SELECT format('DROP ROUTINE IF EXISTS %s CASCADE;', p.oid::regprocedure) FROM pg_proc p"
            " WHERE pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        return [row[0] for row in cursor.fetchall()]


def _tools() -> Path:
    """The folder of PostgreSQL's programs that fit the server: from PATH, else from the `pgserver` package.

    Raises:
        BadBackup: there are none, or they are older than the server.
    """
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    seen = []
    for folder in _folders():
        major = _major(folder / "pg_dump")
        if major >= server:
            return folder
        seen.append(f"{folder} has {major}")
    found = f" ({', '.join(seen)})" if seen else ""
    raise BadBackup(
        f"The server is PostgreSQL {server}: install its pg_dump, pg_restore and psql, of {server} or later{found}."
    )


def _folders() -> list[Path]:
    folders = []
    if found := shutil.which("pg_dump"):
        folders.append(Path(found).parent)
    spec = importlib.util.find_spec("pgserver")
    if spec is not None and spec.origin:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    return [folder for folder in folders if all((folder / name).exists() for name in _NEEDED)]


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    match = re.search(r"\) (\d+)", said)
    return int(match[1]) if match else 0


def _address() -> str:
    """Where Django connects to, for libpq; the password goes by the environment, which other users do not see."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} - {"password", "options"}
    parameters = connection.get_connection_params()
    return make_conninfo("", **{name: value for name, value in parameters.items() if name in known and value})


def _environment() -> dict[str, str]:
    password = connection.get_connection_params().get("password")
    options = f"-c app.tenant_id={EVERY_TENANT} -c lock_timeout=60s"
    return {**os.environ, "PGOPTIONS": options, **({"PGPASSWORD": str(password)} if password else {})}


def _run(*command: "str | Path") -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise BadBackup(done.stderr.decode(errors="replace").strip())


def _said(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(4_000).decode(errors="replace").strip()
