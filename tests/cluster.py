"""The suite's server as production runs it: several processes on the suite's own database, behind an edge server.

Chosen by CALLSPHERE_TESTS_CLUSTER=1, as `make test-cluster` does, on PostgreSQL only. A test that replaces parts of the
server within the suite's process cannot run so: it is marked `in_process`, with the reason.
"""

import email
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection

from apps.common import redis
from apps.common.ports import free_port
from apps.operations.cluster import Cluster
from callsphere.settings import ENV

WANTED = os.environ.get("CALLSPHERE_TESTS_CLUSTER") == "1"
PAYMENTS_PORT = free_port() if WANTED else 0
"""Where a test's payment provider listens, so that the cluster's processes know of it; 0 = anywhere."""


def leave_out(item: pytest.Item) -> None:
    """A test that needs no server, or one within the suite's process."""
    if "server" not in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.skip(reason="asks no server"))
    elif (mark := item.get_closest_marker("in_process")) is not None:
        item.add_marker(pytest.mark.skip(reason=mark.args[0]))


END = "-" * 79 + "\n"
"""What Django's file backend writes after each mail."""


class Mails(list[Any]):
    """`mail.outbox` of what the cluster's processes send, who write mails to files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._read: set[Path] = set()

    def _fetch(self) -> None:
        for path in sorted(self._folder.glob("*.log")) if self._folder.exists() else ():
            text = path.read_text()
            if path not in self._read and text.endswith(END):  # it has been written to its end
                self._read.add(path)
                self.extend(map(_message, text.split(END)[:-1]))

    def __len__(self) -> int:
        self._fetch()
        return super().__len__()

    def __getitem__(self, index: Any) -> Any:
        """Waits for a mail: a process may have answered before it has sent one."""
        deadline = monotonic() + 30
        while not len(self) and monotonic() < deadline:
            sleep(0.05)
        return super().__getitem__(index)

    def __iter__(self) -> Iterator[Any]:
        self._fetch()
        return super().__iter__()


def _message(text: str) -> SimpleNamespace:
    parsed = email.message_from_string(text, policy=default)
    assert isinstance(parsed, EmailMessage)
    body = parsed.get_body(("plain",))
    words = body.get_content() if body is not None else ""
    return SimpleNamespace(subject=str(parsed["Subject"]), body=words, to=str(parsed["To"]).split(", "))


_mails: Mails | None = None


def collect_mails() -> None:
    """Has `mail.outbox` be what the cluster's processes send from now on: each test's set-up makes a new one."""
    if _mails is not None:
        len(_mails)
        _mails.clear()
        mail.outbox = _mails


@contextmanager
def serving_cluster() -> Iterator[str]:
    """The edge's address. The test database is set up."""
    if not settings.DATABASE_RUNTIME_URL:
        pytest.fail("CALLSPHERE_TESTS_CLUSTER needs PostgreSQL: python -m tests.postgres …")
    folder = Path(tempfile.mkdtemp(prefix="cs-c-"))
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.cluster_settings",
        "DATABASE_URL": _of_the_tests(settings.DATABASE_RUNTIME_URL),
        "DATABASE_OWNER_URL": _of_the_tests(ENV.database_owner_url),
        "REDIS_URL": redis.url(),
        "STRIPE_API_BASE": f"http://127.0.0.1:{PAYMENTS_PORT}",
    }
    try:
        with Cluster(folder, env=env, debug=False) as cluster:
            global _mails
            _mails = Mails(folder / "mails")
            yield cluster.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _of_the_tests(url: str) -> str:
    """The same login at the test database."""
    return urlsplit(url)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
