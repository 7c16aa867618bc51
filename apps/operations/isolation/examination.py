"""The whole examination: two businesses are made, everything is tried, both are removed whatever happens."""

import asyncio
import logging
import platform
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import django
from django.db import connection
from django.utils import timezone

from apps.common.database import in_thread
from apps.common.redis import client
from apps.operations.isolation import exits, orm, probes, programs, redis_keys, sockets, walls
from apps.operations.isolation.findings import Report, Section
from apps.operations.isolation.http import Walk
from apps.operations.isolation.probes import Probe
from apps.operations.isolation.routes import Route
from apps.tenants.models import User

MINUTES: Final = 20.0
"""After so long what is left is not tried any more; the report says so, and counts as failed."""
LIMITS: Final = [
    "Between real businesses nothing was tried and none of their rows was read or written: the two businesses of this "
    "report stand for them. They went through the same code, tables, keys and role.",
    "The application was asked within this process, past the reverse proxy: what the proxy adds or leaves out was not.",
    "Each model was tried with one row and each route with one row, by GET and POST (the API also by PATCH and DELETE) "
    "with an empty body. What a form does with well-formed input is tried by the product's tests.",
    "Webhooks of carriers and of the payment provider were sent unsigned: that a valid signature reaches only the "
    "business of the number or account it names is tried by the product's tests.",
    "The model provider, the carrier and the payment provider were not asked; what they keep apart is theirs.",
    "The operator's own access (shell, database owner, Redis, back-ups) is not held by any of this.",
    "Timing was not compared: that what is another's and what does not exist take equally long is not shown.",
]
Say = Callable[[str], None]
Chosen = frozenset[str]
KINDS: Final = ("models", "sql", "routes", "sockets", "redis", "keys", "files", "webhooks", "caches", "exits")


def examine(
    *, say: Say, kinds: Chosen = frozenset(KINDS), route: Callable[[Route], bool] = lambda route: True
) -> Report:
    """Makes the probes, tries everything, removes them. Sync, outside of any scope.

    Args:
        say: is told what is being tried.
        kinds: of KINDS, what to try.
        route: which routes.
    """
    report = Report(facts(), limits=list(LIMITS))
    removed = probes.remove_abandoned(timezone.now())
    if removed:
        report.limits.append(f"{removed} businesses of an earlier report, which was cut off, were removed first.")
    made: list[Probe] = []
    people: list[User] = []
    began = time.monotonic()
    try:
        with _quiet():
            say("making two businesses")
            made += [probes.make("A")]
            made += [probes.make("B")]
            people += [probes.outsider()]
            rival, victim = made
            for name, section in _sections(rival, victim, people[0], kinds, route):
                say(name)
                if time.monotonic() - began > MINUTES * 60:
                    report.sections.append(_too_late(name))
                    continue
                started = time.monotonic()
                found = section()
                found.seconds = time.monotonic() - started
                report.sections.append(found)
    finally:
        say("removing both")
        probes.remove(*made, people=tuple(people))
    report.facts.append(("Took", f"{time.monotonic() - began:.0f} s"))
    return report


def _sections(
    rival: Probe, victim: Probe, outsider: User, kinds: Chosen, route: Callable[[Route], bool]
) -> Iterator[tuple[str, Callable[[], Section]]]:
    pair: dict[str, Any] = {"rival": rival, "victim": victim}

    async def walk() -> Section:
        session = await in_thread(probes.session_of, outsider)
        return await Walk(**pair, outsider_session=session).all(route)

    steps: dict[str, Callable[[], Section]] = {
        "models": lambda: orm.examine(**pair),
        "sql": lambda: walls.examine(**pair),
        "routes": lambda: asyncio.run(walk()),
        "sockets": lambda: asyncio.run(sockets.examine(**pair)),
        "redis": lambda: asyncio.run(redis_keys.examine(**pair)),
        "keys": lambda: asyncio.run(programs.api_keys(**pair)),
        "files": lambda: asyncio.run(programs.files(**pair)),
        "webhooks": lambda: programs.webhooks(**pair),
        "caches": lambda: programs.memories(**pair, secrets=victim.secrets()),
        "exits": exits.examine,
    }
    yield from ((name, step) for name, step in steps.items() if name in kinds)


def _too_late(name: str) -> Section:
    section = Section(name, "Not tried.")
    section.line(name).fail(f"the {MINUTES:.0f} minutes of a report were over")
    return section


@contextmanager
def _quiet() -> Iterator[None]:
    """Hundreds of refusals are no warnings here: the report has them."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def facts() -> list[tuple[str, str]]:
    """What was examined, on what, as whom."""
    try:
        release = version("callsphere")
    except PackageNotFoundError:
        release = "from sources"
    found = [
        ("Made at", timezone.now().isoformat(timespec="seconds")),
        ("CallSphere", release),
        ("Python, Django", f"{platform.python_version()}, {django.get_version()}"),
        ("Redis", str(client().info("server").get("redis_version", "?"))),
    ]
    if connection.vendor != "postgresql":
        return [*found, ("Database", f"SQLite {sqlite3.sqlite_version}: one wall only, see below")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_database(), current_user, session_user")
        number, name, role, login = cursor.fetchone()
    return [*found, ("Database", f"PostgreSQL {number}, “{name}”"), ("Role", f"{role} (login {login})")]
