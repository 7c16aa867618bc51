"""`manage.py start`: what `make run` does. Migrate, load the demo tenants once, print where to go, serve."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from apps.agents.registry import verticals


class Command(BaseCommand):
    help = "Migrate, load the demo tenants (with DEBUG on) and serve."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        if settings.DEBUG:
            shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
            call_command("demo", base_url=f"http://{shown}:{port}", stdout=self.stdout)
        if settings.SANDBOX_ANSWERS:
            self.stdout.write("  No OPENAI_API_KEY: a simulated model answers.\n")
        self.stdout.write("  Ctrl-C ends it. State is kept in var/.\n")
        self.stdout.flush()
        demos = [vertical.demo for vertical in verticals().values() if vertical.demo and settings.DEBUG]
        call_command(
            "serve", host=host, port=port, with_worker=True, beside=[demo.beside for demo in demos if demo.beside]
        )
