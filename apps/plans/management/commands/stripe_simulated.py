"""`manage.py stripe_simulated`: the simulated payment provider alone, for trying payments out without an account."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.common.errors import AppError
from apps.plans.payments.account import configured, folder
from apps.plans.simulated.book import Book
from apps.plans.simulated.till import Till


class Command(BaseCommand):
    help = "Run the simulated payment provider. It is started by itself when it is needed; no money moves there."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8600, help="0 takes any free port")
        parser.add_argument("--book", type=Path, help="where it keeps what it has; in CALLSPHERE_VAR by default")
        parser.add_argument("--port-file", type=Path, help="written with host:port once connections are accepted")

    def handle(self, *args: Any, port: int, port_file: Path | None, book: Path | None, **options: Any) -> None:
        try:
            account = configured()
        except AppError as error:
            raise CommandError(f"{error.message} CALLSPHERE_SANDBOX=1 allows the simulated one.") from error
        if not account.simulated:
            raise CommandError("A real account is configured (STRIPE_SECRET_KEY).")
        path = book or folder() / "book.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        till = Till(Book(time.time, path), key=account.key, secret=account.secret, port=port)
        asyncio.run(self._run(till, port_file))

    async def _run(self, till: Till, port_file: Path | None) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with till:
            self.stdout.write(f"The simulated payment provider listens on {till.url} (STRIPE_API_BASE).")
            self.stdout.flush()
            if port_file is not None:
                part = port_file.with_name(f"{port_file.name}.part")
                part.write_text(till.url.removeprefix("http://"))
                part.replace(port_file)
            await stop.wait()
