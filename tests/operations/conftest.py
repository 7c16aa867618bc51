"""A database of its own for tests that change the schema, with the rights of its owner."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from callsphere.settings import ENV, database

SCRATCH = "scratch"


def named(url: str, name: str) -> str:
    """The same server and login, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture
def scratch(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    """The connection `scratch` to an empty database of the kind that the suite runs on."""
    if settings.DATABASE_RUNTIME_URL:
        name = f"scratch_{os.getpid()}"
        with psycopg.connect(ENV.database_owner_url, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {name}")
        config = database(named(ENV.database_owner_url, name))
        config["OPTIONS"].pop("pool")
    else:
        config = database(f"sqlite:///{tmp_path}/scratch.sqlite3")
    # Taken out again, so that no other test's connections are looked for there.
    connections.settings[SCRATCH] = connections.configure_settings({"default": {}, SCRATCH: config})[SCRATCH]
    try:
        with django_db_blocker.unblock():
            yield connections[SCRATCH]
    finally:
        connections[SCRATCH].close()
        del connections[SCRATCH]
        del connections.settings[SCRATCH]
        if settings.DATABASE_RUNTIME_URL:
            with psycopg.connect(ENV.database_owner_url, autocommit=True) as server:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")
