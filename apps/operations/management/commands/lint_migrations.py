"""`manage.py lint_migrations`: refuses migrations that old code, which still runs beside them, would not survive."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.operations.migration_lint.history import findings


class Command(BaseCommand):
    help = "Refuse migrations that are not safe while the release before still runs; needs no database."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = findings()
        for finding in found:
            self.stderr.write(str(finding))
        if found:
            raise CommandError(f"{len(found)} findings; see “Upgrades” in docs/operators.md.")
        self.stdout.write("The migrations are safe while the release before runs.")
