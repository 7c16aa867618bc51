"""`manage.py worker`: performs what is due by itself (timers, reminders, retention), until it is told to stop."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.common import duties, exposition, heartbeat

LEAVING = 10.0
"""Seconds that running duties have to end at SIGTERM."""


class Command(BaseCommand):
    help = "Perform what is due by itself. Several may run at once; one that dies loses nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="each duty once, then end")
        parser.add_argument("--list", action="store_true", help="print the duties and how often they are looked after")
        parser.add_argument("--alive", action="store_true", help="end with 0 if a worker of this var/ is alive, else 1")

    def handle(self, *args: Any, once: bool, alive: bool, **options: Any) -> None:
        if options["list"]:
            for duty in duties.registered():
                self.stdout.write(f"{duty.name:<32}every {duty.every:g} s")
        elif alive:
            if not heartbeat.worker.fresh():
                raise CommandError("No worker is alive here.")
        elif once:
            for duty in duties.registered():
                self.stdout.write(f"{duty.name:<32}{duties.perform(duty, timezone.now())}")
        else:
            self._work()

    def _work(self) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        if settings.WORKER_METRICS:
            exposition.serve(settings.WORKER_METRICS)
        worker = duties.Worker(duties.registered())
        worker.start()
        heartbeat.worker.beat()
        while not stop.wait(heartbeat.EVERY):
            heartbeat.worker.beat()
        heartbeat.worker.cease()
        if not worker.stop(within=LEAVING):
            self.stderr.write(
                f"A duty had not ended within {LEAVING:.0f} s and was cut. The next worker does it again."
            )
