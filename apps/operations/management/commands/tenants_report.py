"""`manage.py tenants_report`: what each business took and how fast it was answered."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.operations.tenants.report import Line, Times, report

_HEAD = (
    f"{'business':<28}{'answers':>9}{'calls min':>11}{'tokens':>11}{'cost $':>10}"
    f"{'first word':>16}{'sound p95':>11}{'failed':>8}"
)


class Command(BaseCommand):
    help = "What each business took and how fast it was answered, the dearest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=1, help="how far back; 1 by default")
        parser.add_argument("--json", action="store_true", help="one JSON object a line, for programs")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        lines = report(since=timezone.now() - timedelta(days=days))
        if options["json"]:
            for line in lines:
                self.stdout.write(json.dumps(asdict(line)))
            return
        self.stdout.write(_HEAD)
        for line in lines:
            self.stdout.write(_row(line))


def _row(line: Line) -> str:
    use, word = line.use, line.first_word
    times = f"{_under(word, word.p50)} {_under(word, word.p95)}"
    sound = _under(line.first_sound, line.first_sound.p95)
    return (
        f"{line.slug[:27]:<28}{use.messages:>9,}{use.call_minutes:>11,.1f}{use.tokens:>11,}{use.dollars:>10,.2f}"
        f"{times:>16}{sound:>11}{line.failed_answers + line.failed_tools:>8,}"
    )


def _under(times: Times, seconds: float | None) -> str:
    if not times.count:
        return "-"
    return "over" if seconds is None else f"<{seconds:g}s"
