"""`manage.py scenarios`: play the verticals' dialogues and show what passed."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.agents import model as model_client
from apps.agents.registry import verticals
from apps.chat.rehearsal import BadScenario, Report, rehearse, scenarios_of


class Command(BaseCommand):
    help = "Play the scenarios of all verticals, or of one, against the configured model."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("vertical", nargs="?", choices=sorted(verticals()))
        parser.add_argument("--model", default="", help="Instead of the agents' own model.")
        parser.add_argument("--only", default="", help="Only scenarios whose name has these words.")
        parser.add_argument("--transcript", action="store_true", help="Show every dialogue, not just the failed ones.")

    def handle(self, *args: Any, vertical: str | None, model: str, only: str, transcript: bool, **options: Any) -> None:
        try:
            reports = asyncio.run(self._play(vertical, model, only))
        except BadScenario as error:
            raise CommandError(str(error)) from None
        for report in reports:
            self._show(report, transcript=transcript)
        self.stdout.write("\nvertical          passed")
        for slug in sorted({report.vertical for report in reports}):
            own = [report for report in reports if report.vertical == slug]
            self.stdout.write(f"{slug:<18}{sum(not report.problems for report in own)} of {len(own)}")
        if any(report.problems for report in reports):
            raise CommandError("Some scenarios failed.")

    async def _play(self, vertical: str | None, model: str, only: str) -> list[Report]:
        chosen = [pack for slug, pack in verticals().items() if vertical in (None, slug)]
        try:
            return [
                await rehearse(pack, scenario, model=model)
                for pack in chosen
                for scenario in scenarios_of(pack)
                if only.casefold() in scenario.name.casefold()
            ]
        finally:
            await model_client.close()

    def _show(self, report: Report, *, transcript: bool) -> None:
        self.stdout.write(f"{'FAIL' if report.problems else 'ok  '}  {report.vertical}: {report.name}")
        if transcript or report.problems:
            for who, text in report.transcript:
                self.stdout.write(f"        {who:<8}{text}")
        for problem in report.problems:
            self.stdout.write(f"      → {problem}")
