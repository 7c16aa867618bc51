"""`manage.py phone`: the numbers that ring here, and whether they do."""

import asyncio
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.common.errors import AppError
from apps.telephony import checkup, numbers
from apps.telephony.models import CarrierName, PhoneNumber
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope


class Command(BaseCommand):
    help = "List the phone numbers, give one to a business, and check or set up its addresses at the carrier."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every number, whose it is and who answers")
        add = actions.add_parser("add", help="give a number to a business, or change who answers it")
        add.add_argument("number", help="E.164, such as +12125550100")
        add.add_argument("--tenant", required=True, help="the business's slug")
        add.add_argument("--agent", default="", help="slug of who answers; without it the front agent")
        add.add_argument("--label", default="")
        add.add_argument("--carrier", default=CarrierName.TWILIO, choices=CarrierName.values)
        check = actions.add_parser("check", help="whether calls and texts to the number reach this server")
        check.add_argument("number")
        connect = actions.add_parser("connect", help="write this server's addresses into the carrier's settings")
        connect.add_argument("number")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            match action:
                case "list":
                    self._list()
                case "add":
                    self._add(**{name: options[name] for name in ("number", "tenant", "agent", "label", "carrier")})
                case "check":
                    self._check(options["number"])
                case "connect":
                    self._connect(options["number"])
        except AppError as error:
            raise CommandError(error.message) from None

    def _list(self) -> None:
        with all_tenants(reason="the operator lists every number"):
            rows = list(PhoneNumber.objects.select_related("tenant").order_by("tenant__slug", "number"))
        for row in rows:
            state = "" if row.is_active else "  switched off"
            who = row.agent or "front agent"
            self.stdout.write(f"{row.number:<17}{row.carrier:<9}{row.tenant.slug:<24}{who:<20}{row.label}{state}")
        self.stdout.write(f"{len(rows)} number(s).")

    def _add(self, *, number: str, tenant: str, agent: str, label: str, carrier: str) -> None:
        with all_tenants(reason="the operator names a business by its slug"):
            business = Tenant.objects.filter(slug=tenant).first()
        if business is None:
            raise CommandError(f"There is no business “{tenant}”.")
        try:
            with tenant_scope(business.pk):
                numbers.assign(number=number, agent=agent, label=label, carrier=carrier)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        is_twilio = carrier == CarrierName.TWILIO
        step = f"manage.py phone connect {number}" if is_twilio else "its addresses, at the carrier (docs/telephony.md)"
        self.stdout.write(f"{number} reaches {business.name}. Next: {step}")

    def _check(self, number: str) -> None:
        findings = asyncio.run(checkup.check(number))
        if numbers.route(number) is None:
            findings.append(checkup.Finding("Here", "No business has it: manage.py phone add"))
        for finding in findings:
            self.stdout.write(f"{'ok ' if finding.is_good else 'BAD'}  {finding.what}")
            if not finding.is_good:
                self.stdout.write(f"     {finding.advice}")
        if not all(finding.is_good for finding in findings):
            raise CommandError("Not every call will arrive.")

    def _connect(self, number: str) -> None:
        if not asyncio.run(checkup.connect(number)):
            raise CommandError("The carrier's account does not have this number.")
        self._check(number)
