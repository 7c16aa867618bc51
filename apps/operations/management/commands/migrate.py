"""`manage.py migrate`: Django's own, so that traffic goes on while it runs on PostgreSQL, and in half the time.

A change that waits for a lock makes all who come after it wait, too. So it waits for a few seconds only, lets the
others pass, and tries again. One process migrates at a time. Every tenant's rows are in scope: row-level security holds
the owner, too, and a migration that fills rows would see none of them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections
from django.db.migrations.state import ModelState, ProjectState

from apps.tenants.scope import EVERY_TENANT

LOCK_TIMEOUT: Final = 5
TRIES: Final = 20
PAUSE: Final = 5.0
"""Seconds between two tries, for what queued up behind the last one."""
_ONE_AT_A_TIME: Final = 0x63_61_6C_6C_73_70_68_72
"""Of the advisory lock: the letters callsphr."""


class Command(Migrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=int,
            default=LOCK_TIMEOUT,
            help="PostgreSQL: seconds that a change waits for a table, and all who come after it wait for the change.",
        )
        parser.add_argument("--tries", type=int, default=TRIES, help="PostgreSQL: how often it tries to get a lock.")

    def handle(self, *args: Any, **options: Any) -> Any:
        stock = ProjectState.add_model
        ProjectState.add_model = _add_model  # type: ignore[method-assign]
        try:
            return self._migrate(*args, **options)
        finally:
            ProjectState.add_model = stock  # type: ignore[method-assign]

    def _migrate(self, *args: Any, **options: Any) -> Any:
        timeout = options.pop("lock_timeout", LOCK_TIMEOUT)
        tries = options.pop("tries", TRIES)
        connection = connections[options["database"]]
        if connection.vendor != "postgresql" or options["plan"] or options["check_unapplied"]:
            return super().handle(*args, **options)
        with _prepared(connection, timeout):
            for left in reversed(range(tries)):
                try:
                    return super().handle(*args, **options)
                except OperationalError as error:
                    if not _is_lock_timeout(error):
                        raise
                    if not left:
                        raise CommandError(
                            f"No lock in {tries} tries of {timeout} s; what was applied stays."
                        ) from error
                    self.stdout.write(f"A table is in use; {left} tries left.")
                    time.sleep(PAUSE)
        raise AssertionError("unreachable")


def _add_model(self: Any, model_state: ModelState) -> None:
    """`ProjectState.add_model` without making all related models anew: nothing refers to a new one yet. All models are
    related here, through the tenant, so that each new one would cost as much as all before it."""
    key = model_state.app_label, model_state.name_lower
    self.models[key] = model_state
    if self._relations is not None:
        self.resolve_model_relations(key)
    if "apps" in self.__dict__:
        self.apps.render_multiple([model_state])


def _is_lock_timeout(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", "") == "55P03"  # lock_not_available


@contextmanager
def _prepared(connection: Any, timeout: int) -> Iterator[None]:
    """Sets the session up, and back: in the suite, and before `serve`, the connection is used for more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('app.tenant_id', true)")
        lock_timeout, tenant = cursor.fetchone()
        _set(cursor, f"{timeout}s", EVERY_TENANT)
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                _set(cursor, lock_timeout, tenant or "")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])


def _set(cursor: Any, lock_timeout: str, tenant: str) -> None:
    cursor.execute(
        "SELECT set_config('lock_timeout', %s, false), set_config('app.tenant_id', %s, false)", [lock_timeout, tenant]
    )
