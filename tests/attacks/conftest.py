"""Who attacks, and what."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import connection

from apps.agents import model
from apps.plans.subscriptions import subscribe
from apps.tenants.scope import tenant_scope
from tests.attacks.obedient import Obedient
from tests.attacks.service import WIDGET, Service, started
from tests.chat.conftest import open_for_business
from tests.conftest import make_tenant
from tests.isolation.conftest import mine, theirs
from tests.server import serving

__all__ = ["mine", "theirs"]


@pytest.fixture(scope="session")
def service(django_db_setup: None, django_db_blocker: Any) -> Iterator[Service]:
    """The whole product in a process of its own, for attacks on its resources.

    It begins with a copy of the suite's empty database, for migrations take a minute on a busy machine.
    """
    with TemporaryDirectory(prefix="atk-") as folder:
        with django_db_blocker.unblock():
            _make_database(Path(folder) / "callsphere.sqlite3")
        with started(Path(folder)) as service:
            yield service


def _make_database(path: Path) -> None:
    """A copy of the suite's, with a clinic on a large plan."""
    ours = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(ours)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    connection.close()
    connection.settings_dict["NAME"] = str(path)
    try:
        widget = open_for_business(make_tenant("service", "Service Clinic"), key=WIDGET)
        with tenant_scope(widget.tenant_id):
            subscribe(plan="scale", now=datetime.now(UTC))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = ours


def _forget_the_model() -> None:
    """The servers of this process ask anew where the provider is."""
    for loop in list(model._clients):
        if loop.is_running():
            asyncio.run_coroutine_threadsafe(model.close(), loop).result(30)


@pytest.fixture
def obedient(server: str, settings: Any, transactional_db: None) -> Iterator[Obedient]:
    """In place of the stand-in, a model that obeys every text."""
    made = Obedient()
    with serving(made, lifespan="off") as url:
        settings.SANDBOX_ANSWERS, settings.OPENAI_API_KEY = False, "sk-attacks"
        settings.OPENAI_BASE_URL, settings.CHAT_MODEL = f"{url}/v1", "gpt-5.4-mini"
        _forget_the_model()
        yield made
        _forget_the_model()
