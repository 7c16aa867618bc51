"""`migrate` beside traffic waits briefly, lets others pass, and comes back; `/readyz` in the midst of an upgrade."""

import threading
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from apps.operations.management.commands import migrate
from callsphere.settings import ENV
from tests.operations.conftest import SCRATCH, named

needs_postgresql = pytest.mark.skipif(not settings.DATABASE_RUNTIME_URL, reason="SQLite has one lock, and no roles")


@needs_postgresql
def test_a_migration_does_not_queue_traffic_behind_it(scratch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("migrate", "contenttypes", database=SCRATCH, verbosity=0)
    url = named(ENV.database_owner_url, scratch.settings_dict["NAME"])
    with psycopg.connect(url) as reader:
        reader.execute("SELECT * FROM django_content_type")  # and its transaction stays open
        monkeypatch.setattr(migrate, "PAUSE", 0.0)
        with pytest.raises(CommandError, match="No lock in 2 tries"):
            call_command("migrate", "contenttypes", "0001", database=SCRATCH, verbosity=0, lock_timeout=1, tries=2)
        # Nobody waits: what came after the migration passes.
        with psycopg.connect(url, options="-c lock_timeout=5s") as other:
            other.execute("SELECT count(*) FROM django_content_type")
        tries = []

        def pause(seconds: float) -> None:
            tries.append(seconds)
            reader.rollback()

        monkeypatch.setattr(migrate.time, "sleep", pause)
        call_command("migrate", "contenttypes", "0001", database=SCRATCH, verbosity=0, lock_timeout=1)
    assert len(tries) == 1
    with scratch.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('app.tenant_id')")
        assert cursor.fetchone() == ("0", "")


@needs_postgresql
def test_two_processes_migrate_one_after_the_other(scratch: Any) -> None:
    scratch.ensure_connection()
    url = named(ENV.database_owner_url, scratch.settings_dict["NAME"])
    done = threading.Event()

    def second() -> None:
        try:
            call_command("migrate", "contenttypes", database=SCRATCH, verbosity=0)
        finally:
            connections[SCRATCH].close()
            done.set()

    with psycopg.connect(url, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s)", [migrate._ONE_AT_A_TIME])
        threading.Thread(target=second).start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not first.execute(waiting).fetchone()[0]:  # type: ignore[index]
            assert not done.is_set()
        assert "django_migrations" not in connection_tables(first)
        first.execute("SELECT pg_advisory_unlock(%s)", [migrate._ONE_AT_A_TIME])
        assert done.wait(60)
        assert "django_content_type" in connection_tables(first)


def connection_tables(server: "psycopg.Connection[Any]") -> set[str]:
    return {row[0] for row in server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


@pytest.mark.django_db(transaction=True)
def test_new_code_is_not_ready_before_its_migrations_and_old_code_stays_so(client: Client) -> None:
    recorder = MigrationRecorder(connection)
    missing, newer = ("inbox", "0001_seats"), [("inbox", "0002_of_the_next_release"), ("an_app_of_it", "0001_initial")]
    assert client.get("/readyz").json()["database"] == "ok"
    try:
        recorder.record_unapplied(*missing)
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "1 migrations to apply")
        recorder.record_applied(*missing)
        for each in newer:
            recorder.record_applied(*each)
        assert client.get("/readyz").json()["database"] == "ok"
    finally:
        for each in (missing, *newer):
            recorder.record_unapplied(*each)
        recorder.record_applied(*missing)
