"""`manage.py exchange`: the simulated phone carrier alone, for trying calls and texts out without an account."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange


class Command(BaseCommand):
    help = "Run the simulated phone carrier; TWILIO_API_BASE is its address. Everybody whom it calls stays silent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8700)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        account = configured()
        if not account.simulated:
            raise CommandError("A real account is configured (TWILIO_AUTH_TOKEN).")
        try:
            asyncio.run(self._run(Exchange(account, port=port)))
        except KeyboardInterrupt:
            return

    async def _run(self, exchange: Exchange) -> None:
        calls: set[str] = set()
        texts = 0
        async with exchange:
            self.stdout.write(f"The simulated carrier listens on {exchange.url} (TWILIO_API_BASE).")
            while True:
                await asyncio.sleep(0.5)
                for sid, call in list(exchange.calls.items()):
                    if sid not in calls:
                        calls.add(sid)
                        self.stdout.write(f"call {call.from_} to {call.to}")
                for message in exchange.messages[texts:]:
                    self.stdout.write(f"text {message['from']} to {message['to']}: {message['body']}")
                texts = len(exchange.messages)
