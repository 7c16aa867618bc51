"""`manage.py cluster`: the production topology on this machine, kept alive until Ctrl-C."""

import asyncio
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.agents.registry import verticals
from apps.operations.cluster import Cluster, ClusterError
from apps.operations.cluster.edge import PROGRAMS
from apps.operations.cluster.places import Places, Status
from apps.operations.cluster.supervisor import Plan, Supervisor


class Command(BaseCommand):
    help = "Run PostgreSQL, Redis, web, voice, worker and an edge server as production does, on this machine."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, help="where its state lies; a short path (default: var/cluster)")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="of the edge; 0 takes any free one")
        parser.add_argument("--web", type=int, default=2)
        parser.add_argument("--voice", type=int, default=2)
        parser.add_argument("--workers", type=int, default=1)
        parser.add_argument("--edge", default="", choices=["", *PROGRAMS], help="default: the first that is installed")
        parser.add_argument("--no-demo", action="store_true", help="without the demo tenants")
        parser.add_argument(
            "--no-live", action="store_true", help="with the demo tenants, but nothing happens by itself"
        )
        parser.add_argument("--status", action="store_true", help="print its processes; 0 if all of them answer")
        parser.add_argument("--roll", action="store_true", help="restart the one that runs, process by process")
        parser.add_argument("--stop", action="store_true", help="end the one that runs")

    def handle(self, *args: Any, folder: Path | None, **options: Any) -> None:
        folder = folder or settings.VAR_DIR / "cluster"
        try:
            if options["status"] or options["roll"] or options["stop"]:
                self._ask(Cluster.attached(folder), roll=options["roll"], stop=options["stop"])
            else:
                self._run(folder, options)
        except ClusterError as error:
            raise CommandError(str(error)) from None

    def _ask(self, cluster: Cluster, *, roll: bool, stop: bool) -> None:
        if roll:
            cluster.roll()
        if stop:
            cluster.stop()
            return
        status = cluster.status
        self._print(status)
        if not all(process.is_ready for process in status.processes.values()):
            raise ClusterError("Not all of them answer.")

    def _print(self, status: Status) -> None:
        self.stdout.write(f"{status.url}  {status.state}")
        for one in status.processes.values():
            port = str(one.port or "")
            leaving = f"  leaving: {', '.join(map(str, one.leaving))}" if one.leaving else ""
            is_ready = "ready" if one.is_ready else "not ready"
            self.stdout.write(f"  {one.name:<10}{one.pid:>8}  {port:<7}{is_ready:<11}restarts: {one.restarts}{leaving}")

    def _run(self, folder: Path, options: dict[str, Any]) -> None:
        plan = Plan(
            host=options["host"],
            port=options["port"],
            web=options["web"],
            voice=options["voice"],
            workers=options["workers"],
            edge=options["edge"],
            demo=settings.DEBUG and not options["no_demo"],
            live=() if options["no_live"] or options["no_demo"] or not settings.DEBUG else _beside(),
        )

        async def supervise() -> bool:
            return await Supervisor(Places(folder), plan, os.environ, self._say).run()

        if not asyncio.run(supervise()):
            raise CommandError("The cluster has ended.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _beside() -> tuple[str, ...]:
    """The commands that make the demo tenants live."""
    demos = [vertical.demo for vertical in verticals().values() if vertical.demo]
    return tuple(demo.beside for demo in demos if demo.beside)
