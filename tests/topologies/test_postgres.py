"""PostgreSQL is restarted under servers, one that is connected to it and one that comes through PgBouncer."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
from django.conf import settings
from django.db import connection

from apps.tenants import rls
from callsphere.settings import ENV
from callsphere.settings import database as database_of
from tests.chat.client import Answer, Visitor
from tests.pgbouncer import pgbouncer
from tests.postgres import PASSWORD, RUNTIME_ROLE, running
from tests.product_process import Product, product

pytestmark = pytest.mark.timeout(400)
KEY = "wk_riverside"
LONG = "hello"
MODEL = "sandbox+endless+slow=0.1"


class Database:
    """A PostgreSQL of its own; `urls` are the runtime role's ways to it."""

    def __init__(self, directory: str, port: int) -> None:
        self.directory = Path(directory)
        login = f"postgres://{RUNTIME_ROLE}:{PASSWORD}@"
        self.urls = {
            "direct": f"{login}{quote(directory, safe='')}/postgres",
            "pgbouncer": f"{login}127.0.0.1:{port}/postgres",
        }

    def run(self, *command: str) -> str:
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings", "SECRET_KEY": settings.SECRET_KEY}
        environment["DATABASE_URL"] = self.urls["pgbouncer"]
        done = subprocess.run(
            [sys.executable, *command], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3_000:]
        return done.stdout

    def restart(self) -> None:
        """As if its machine had lost its power: every connection is cut."""
        from pgserver import postgres_server

        user = "pgserver" if os.geteuid() == 0 else None
        postgres_server.pg_ctl(["-w", "-m", "immediate", "restart"], pgdata=self.directory, user=user, timeout=60)


@pytest.fixture
def database(db: None) -> Iterator[Database]:
    """With the tables of the suite's: to migrate takes half a minute."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: make test-postgres")
    with running() as directory, pgbouncer(Path(directory), {RUNTIME_ROLE: PASSWORD}) as port:
        _copy_tables(ENV.database_owner_url, str(connection.settings_dict["NAME"]), directory)
        database = Database(directory, port)
        database.run("-m", "tests.topologies.founding")
        yield database


def _copy_tables(owner: str, name: str, directory: str) -> None:
    import pgserver

    programs = Path(pgserver.__file__).parent / "pginstall" / "bin"
    source = database_of(owner)
    login = ["--host", source["HOST"], "--port", str(source["PORT"] or 5432), "--username", source["USER"]]
    dumped = subprocess.run(
        [programs / "pg_dump", *login, "--no-owner", "--no-privileges", name],
        env={**os.environ, "PGPASSWORD": source["PASSWORD"]},
        capture_output=True,
        check=True,
    ).stdout
    grants = ";".join(rls._grants(RUNTIME_ROLE)).encode()
    subprocess.run(
        [programs / "psql", "--host", directory, "--username", "postgres", "--quiet", "-v", "ON_ERROR_STOP=1"],
        input=dumped + b";" + grants + b";",
        stdout=subprocess.DEVNULL,
        check=True,
    )


class Listening:
    """A visitor who reads an answer without an end, in a thread."""

    def __init__(self, server: Product) -> None:
        self.server, self.visitor, self.answers = server, Visitor(server.address, KEY), list[Answer]()
        self.thread = threading.Thread(target=lambda: self.answers.append(self.visitor.ask(LONG)))
        self.thread.start()
        self.until(lambda: self.visitor.conversation is not None)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not is_so():
            assert time.monotonic() < deadline, self.server.log.read_text()[-3_000:]
            time.sleep(0.05)

    def is_ready(self) -> bool:
        return httpx.get(f"{self.server.address}/readyz", timeout=30).status_code == 200

    def past(self) -> list[dict[str, Any]]:
        """The turns that are stored."""
        path = f"/api/chat/conversations/{self.visitor.conversation}"
        turns: list[dict[str, Any]] = self.visitor.http.get(path, headers=self.visitor.headers()).json()["turns"]
        return turns

    def stop(self, run: str) -> Answer:
        """Stops it, which asks the database who they are, and stores what was said there."""
        stopped = self.visitor.http.post(f"/api/chat/runs/{run}/stop", headers=self.visitor.headers())
        assert stopped.status_code == 202, stopped.text
        self.thread.join(60)
        [answer] = self.answers
        return answer.check()


def test_streams_go_on_and_requests_recover(database: Database) -> None:
    with (
        product(DATABASE_URL=database.urls["direct"], CHAT_MODEL=MODEL) as one,
        product(DATABASE_URL=database.urls["pgbouncer"], CHAT_MODEL=MODEL) as two,
    ):
        listening = [Listening(server) for server in (one, two)]
        for each in listening:  # each fills its pool, so that there is something to heal
            _read_at_once(each, 24)
        database.restart()
        for each in listening:
            each.until(each.is_ready)
            assert each.thread.is_alive(), "the stream goes on"
            assert {200} == _read_at_once(each, 24), "no connection that was cut is given to anybody"
            answer = each.stop(each.past()[-1]["run"])
            assert answer.done["reason"] == "stopped"
            assert each.past()[-1]["text"] == answer.text


def _read_at_once(listening: Listening, count: int) -> set[int]:
    """The statuses of so many requests that need the database, asked at the same time."""
    statuses: list[int] = []

    def read() -> None:
        path = f"/api/chat/conversations/{listening.visitor.conversation}"
        statuses.append(listening.visitor.http.get(path, headers=listening.visitor.headers()).status_code)

    threads = [threading.Thread(target=read) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return set(statuses)
