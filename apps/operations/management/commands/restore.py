"""`manage.py restore SOURCE`: what `backup` made, on an empty machine or in the place of what is there."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.common.errors import AppError
from apps.operations.backup import erasures, restoring
from apps.operations.management.streams import at_hand


class Command(BaseCommand):
    help = "Restore a backup. Stop every server and worker first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="the file, or - for standard input")
        parser.add_argument("--overwrite", action="store_true", help="throw away the database and the files of before")
        parser.add_argument(
            "--erasures",
            type=Path,
            action="append",
            default=[],
            help="what `manage.py erasures` wrote since the backup: these contacts are erased again",
        )

    def handle(self, *args: Any, source: str, overwrite: bool, **options: Any) -> None:
        try:
            wanted = [
                erasure for path in options["erasures"] for erasure in erasures.parse(path.read_text().splitlines())
            ]
            with at_hand(source) as path:
                restoring.restore(path, overwrite=overwrite, wanted=wanted, tell=self.stdout.write)
        except (AppError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. Everybody logs in anew.")
