"""`manage.py stripe_setup`: products, prices, the portal and the webhook in the account at Stripe. Safe to repeat."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.common.errors import AppError
from apps.plans.payments import gateway


class Command(BaseCommand):
    help = "Make what is missing in the account at the payment provider; what is there already stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--url", default="", help="https://host of this installation; PUBLIC_URL by default")

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        base = (url or settings.PUBLIC_URL).rstrip("/")
        if not base:
            raise CommandError("Say where the provider reaches us: --url https://host, or PUBLIC_URL.")
        try:
            done, secret = gateway.set_up(webhook=f"{base}/webhooks/stripe")
        except AppError as error:
            raise CommandError(error.message) from error
        for line in done:
            self.stdout.write(f"made: {line}")
        if not done:
            self.stdout.write("Everything was there already.")
        if secret:
            self.stdout.write(f"Set STRIPE_WEBHOOK_SECRET={secret}")
