"""Who attacks, and what."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import connection

from tests.attacks.service import Service, started


@pytest.fixture(scope="session")
def service(django_db_setup: None, django_db_blocker: Any) -> Iterator[Service]:
    """The whole product in a process of its own, for attacks on its resources.

    It begins with a copy of the suite's empty database, for migrations take a minute on a busy machine.
    """
    with TemporaryDirectory(prefix="atk-") as folder:
        with (
            django_db_blocker.unblock(),
            closing(sqlite3.connect(connection.settings_dict["NAME"])) as ours,
            closing(sqlite3.connect(Path(folder) / "callsphere.sqlite3")) as its,
        ):
            ours.backup(its)
        with started(Path(folder)) as service:
            yield service
