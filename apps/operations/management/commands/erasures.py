"""`manage.py erasures`: who was erased, by id, to be kept beside the backups; see `restore --erasures`."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.operations.backup import erasures


class Command(BaseCommand):
    help = "Print a line for each contact whose erasure was asked for; names nobody, only ids."

    def handle(self, *args: Any, **options: Any) -> None:
        for erasure in erasures.recorded():
            self.stdout.write(erasure.line())
