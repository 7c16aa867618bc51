"""`manage.py isolation_report`: what was tried against tenant isolation on this deployment, and what happened."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.operations.isolation import examination, rendering

FORMATS = {"markdown": rendering.as_markdown, "json": rendering.as_json, "html": rendering.as_html}
ENDINGS = {".json": "json", ".html": "html", ".htm": "html"}


class Command(BaseCommand):
    help = (
        "Try every way from one business to another on this deployment, and write down what happened. Safe in "
        "production: two businesses are made for it and removed again; no row of a real one is read or written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", help="file to write; without one the report is printed")
        parser.add_argument("--format", choices=sorted(FORMATS), help="as the file's ending says, else markdown")
        parser.add_argument(
            "--only",
            nargs="+",
            choices=examination.KINDS,
            default=list(examination.KINDS),
            help="what to try (everything)",
        )

    def handle(self, *args: Any, output: str | None, only: list[str], **options: Any) -> None:
        kind = options["format"] or ENDINGS.get(Path(output or "").suffix.lower(), "markdown")
        report = examination.examine(say=self._say, kinds=frozenset(only))
        text = FORMATS[kind](report)
        if output:
            Path(output).write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text)
        self._say(rendering.verdict(report))
        for section, subject, hole in report.holes:
            self.stderr.write(f"{section}: {subject}: {hole}")
        if report.holes:
            raise SystemExit(1)

    def _say(self, line: str) -> None:
        """Signs of life, past the report on standard output."""
        self.stderr.write(line)
