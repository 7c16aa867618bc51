"""`manage.py rotate_secrets`: the second step of replacing SECRET_KEY (docs/security/secrets.md)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.operations import rotation


class Command(BaseCommand):
    help = "Seal anew, under SECRET_KEY, what lies sealed under one of SECRET_KEY_FALLBACKS."

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = rotation.rotate()
        for name, outcome in outcomes.items():
            self.stdout.write(f"{name}: {outcome.resealed} sealed anew, {outcome.unreadable} unreadable")
        if any(outcome.unreadable for outcome in outcomes.values()):
            raise CommandError("Some values open under no known key: add the key they were sealed with, and repeat.")
        if settings.SECRET_KEY_FALLBACKS:
            self.stdout.write(
                "Nothing lies sealed under a key of before. It still reads sessions and signed links: "
                "keep it in SECRET_KEY_FALLBACKS for 30 days."
            )
