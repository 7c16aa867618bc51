"""A real PgBouncer in transaction mode, as docs/operators.md says to set one up."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.common.ports import free_port

STARTS_WITHIN = 30.0

CONFIGURATION = """
[databases]
* = host={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
max_client_conn = 500
default_pool_size = 8
server_login_retry = 1
server_connect_timeout = 5
query_wait_timeout = 30
"""


def binary() -> str:
    """PgBouncer's; skips where there is none, and fails in CI."""
    if (path := shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")) is None:
        assert os.environ.get("CI") != "true", "pgbouncer is missing: apt-get install pgbouncer"
        pytest.skip("pgbouncer is missing: apt-get install pgbouncer")
    return path


@contextmanager
def pgbouncer(server: Path, logins: Mapping[str, str]) -> Iterator[int]:
    """The port of one in front of the PostgreSQL whose socket is in `server`, for these names and passwords."""
    with tempfile.TemporaryDirectory(prefix="cs-pgb-") as name:
        folder = Path(name)
        port = free_port()
        (folder / "users").write_text("".join(f'"{name}" "{password}"\n' for name, password in logins.items()))
        (folder / "ini").write_text(CONFIGURATION.format(server=server, port=port, folder=folder))
        command = [binary(), str(folder / "ini")]
        if os.geteuid() == 0:  # it refuses to run as root; the socket's owner may open it
            owner = server.owner()
            for path in (folder, folder / "users", folder / "ini"):
                shutil.chown(path, owner)
            command.insert(1, f"--user={owner}")
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait(process, port, folder / "log")
            yield port
        finally:
            process.kill()
            process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            words = log.read_text(errors="replace")[-2_000:]
            assert process.poll() is None, f"pgbouncer has ended:\n{words}"
            assert time.monotonic() < deadline, f"pgbouncer does not listen:\n{words}"
            time.sleep(0.05)
