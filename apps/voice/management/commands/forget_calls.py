"""`manage.py forget_calls`: run it daily; running it twice does nothing twice."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.tenants.scope import all_tenants
from apps.voice import files


class Command(BaseCommand):
    help = "Deletes the recordings and black boxes of calls whose time is up, and what died processes left behind."

    def handle(self, *args: Any, **options: Any) -> None:
        with all_tenants(reason="the time of a file is up at every business alike"):
            forgotten = files.forget(now=timezone.now())
        self.stdout.write(f"{forgotten} file(s) deleted, {files.sweep()} left behind.")
