"""`manage.py stream_doctor URL`: does what streams reach the visitors of this deployment, and if not, what to set."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.edge.core.probe import MAX_LIFETIME
from apps.edge.core.proxies import fixes
from apps.edge.core.verdicts import Verdict
from apps.edge.doctor import Doctor
from apps.edge.target import Target, Unreachable

TICK = 10.0
"""Seconds between signs of life."""


class Command(BaseCommand):
    help = "Examine a deployment through its proxies: streaming, idle streams, aborts, WebSockets; print the fixes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="address as visitors use it, such as https://chat.example.com")
        parser.add_argument("--idle", type=float, default=30.0, help="seconds of silence to live through (30)")
        parser.add_argument("--host-header", help="ask for this host at the URL's address (before DNS points there)")
        parser.add_argument("--insecure", action="store_true", help="do not check the certificate")

    def handle(
        self, *args: Any, url: str, idle: float, host_header: str | None, insecure: bool, **options: Any
    ) -> None:
        if not 1 <= idle <= MAX_LIFETIME:
            raise CommandError(f"--idle: 1 to {MAX_LIFETIME:g} seconds")
        try:
            failures = asyncio.run(
                self._examine(Doctor(Target.parse(url, name=host_header, insecure=insecure)), idle=idle)
            )
        except Unreachable as error:
            raise CommandError(str(error)) from None
        if failures:
            raise SystemExit(1)

    async def _examine(self, doctor: Doctor, *, idle: float) -> int:
        """Prints each check as it is done; the number of failures."""
        async with doctor.reached() as clients:
            spoken = " and ".join(client.name for client in clients)
            self._say(f"{', '.join(doctor.proxies) or 'No proxy that shows itself'}, {spoken}")
            self._say("… streams, about 3 s")
            streams = await asyncio.gather(*(doctor.stream(client) for client in clients))
            failures = sum(
                self._report(doctor, client.name, verdict)
                for client, found in zip(clients, streams, strict=True)
                for verdict in found
            )
            failures += self._report(doctor, "", await doctor.websocket())
            self._say(f"… silence for {idle:g} s")
            quiet = await self._ticking(
                asyncio.gather(*(doctor.idle(client, seconds=idle) for client in clients), doctor.websocket(idle=idle))
            )
            for name, verdict in zip([*(client.name for client in clients), ""], quiet, strict=True):
                failures += self._report(doctor, name, verdict)
        self._say("All well." if not failures else f"{failures} failed. docs/edge.md has configurations that pass.")
        return failures

    async def _ticking(self, work: Awaitable[Iterable[Verdict]]) -> Iterable[Verdict]:
        task = asyncio.ensure_future(work)
        seconds = 0.0
        while not (await asyncio.wait({task}, timeout=TICK))[0]:
            seconds += TICK
            self._say(f"… {seconds:g} s")
        return task.result()

    def _report(self, doctor: Doctor, name: str, verdict: Verdict) -> bool:
        """One line, and the fixes below it; whether it failed."""
        check = f"{name} {verdict.check}".strip()
        self._say(f"{'ok  ' if verdict.ok else 'FAIL'}  {check:<22}  {verdict.measured}")
        if verdict.problem is None:
            return False
        for fix in fixes(verdict.problem, doctor.proxies):
            self._say(f"      → {fix}")
        return True

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
