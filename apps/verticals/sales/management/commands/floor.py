"""`manage.py floor`: a simulated sales floor, for looking at and trying the live one. Ctrl-C ends its calls."""

import logging
import random
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from apps.common.heartbeat import EVERY, Heartbeat
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from apps.verticals.sales.demo import TENANT
from apps.verticals.sales.models import TeamAgent
from apps.verticals.sales.simulation.floor import SimulatedFloor

logger = logging.getLogger(__name__)

TICK = 0.1
"""Seconds between two looks."""
_KINDS = {"triage": 2, "inbound": 8, "outbound": 16, "lead": 6, "appointment": 5}
"""Of 37 agents; of more or fewer, in these shares."""


class Command(BaseCommand):
    help = "Simulate a sales floor: calls through the real services. Only with DEBUG on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--agents", type=int, default=37, help="how many the team shall have at least")
        parser.add_argument("--calls-per-minute", type=float, default=12.0)
        parser.add_argument(
            "--tenant", default=TENANT.slug, help="slug of a tenant made for it: it gets leads and calls"
        )
        parser.add_argument("--seconds", type=float, default=0.0, help="end after so long; 0 = at Ctrl-C")
        parser.add_argument("--seed", type=int, default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("A simulated floor writes leads and calls that are none: only with DEBUG=1.")
        if not 0 < options["calls_per_minute"] <= 600:
            raise CommandError("--calls-per-minute: expected a number above 0, up to 600.")
        if not 1 <= options["agents"] <= 500:
            raise CommandError("--agents: expected a number from 1 to 500.")
        with all_tenants(reason="the simulation names its tenant by a slug"):
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant “{options['tenant']}”. `manage.py demo` makes the demo's.")
        with tenant_scope(tenant.pk):
            _staff(options["agents"])
        floor = SimulatedFloor(
            tenant,
            calls_per_minute=options["calls_per_minute"],
            chance=random.Random(options["seed"]),  # noqa: S311
            now=timezone.now(),
        )
        self._run(floor, seconds=options["seconds"])
        self.stdout.write(f"{floor.begun} simulated calls.")

    def _run(self, floor: SimulatedFloor, *, seconds: float) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if seconds:
            timer = threading.Timer(seconds, stop.set)
            timer.daemon = True
            timer.start()
        floor.desk.open()
        alive, beaten = Heartbeat("floor"), 0.0
        try:
            while not stop.wait(TICK):
                if time.monotonic() - beaten > EVERY:
                    alive.beat()
                    beaten = time.monotonic()
                _step(floor)
        finally:
            alive.cease()
            floor.close(timezone.now())


def _step(floor: SimulatedFloor) -> None:
    """A database or a Redis that is away for a while ends no floor."""
    try:
        floor.step(timezone.now())
    except (DatabaseError, RedisError):
        logger.warning("The simulated floor stumbled", exc_info=True)
        connection.close()
        time.sleep(EVERY)


def _staff(wanted: int) -> None:
    """Adds agents until the team has so many, of each kind in its share."""
    team = list(TeamAgent.objects.all())
    counts = {kind: sum(agent.kind == kind for agent in team) for kind in _KINDS}
    new = []
    for _ in range(wanted - len(team)):
        kind = min(_KINDS, key=lambda kind: (counts[kind] / _KINDS[kind], -_KINDS[kind]))
        counts[kind] += 1
        new.append(TeamAgent(name=f"{kind.title()} {counts[kind]}", kind=kind))
    TeamAgent.objects.bulk_create(new)
