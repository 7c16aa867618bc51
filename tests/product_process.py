"""The product as a process of its own, on the suite's database: for what only several processes can show."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from apps.common import redis
from apps.common.ports import free_port
from apps.sandbox import launcher

STARTS_WITHIN = 90.0


@dataclass(eq=False)
class Product:
    """A server that runs; `log` is what it says."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """SIGKILL: it can say nothing to anybody."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def product(**environment: str) -> Iterator[Product]:
    """Serves on a port of its own, with these variables beside the suite's, until the block is left.

    It shares the suite's simulated model.
    """
    launcher._process().ensure(timeout=STARTS_WITHIN)
    with tempfile.TemporaryDirectory(prefix="cs-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        given = {**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings", "CALLSPHERE_VAR": str(settings.VAR_DIR)}
        given |= {"SECRET_KEY": settings.SECRET_KEY, "DATABASE_URL": _database_url(), "REDIS_URL": redis.url()}
        log = Path(folder) / "log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(port)],
                cwd=settings.BASE_DIR,
                env=given | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        served = Product(f"http://127.0.0.1:{port}", process, log)
        try:
            _wait_until_serving(served, port)
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                served.kill()


def _wait_until_serving(served: Product, port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            words = served.log.read_text(errors="replace")[-3_000:]
            assert served.process.poll() is None, f"it has ended:\n{words}"
            assert time.monotonic() < deadline, f"it does not serve:\n{words}"
            time.sleep(0.05)


def _database_url() -> str:
    """Of the test database as it is now: on PostgreSQL, with the login of the runtime role."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(given['NAME']).resolve()}"
    login = f"{quote(given['USER'])}:{quote(given['PASSWORD'])}"
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgres://{login}@{quote(given['HOST'], safe='')}{port}/{given['NAME']}"
