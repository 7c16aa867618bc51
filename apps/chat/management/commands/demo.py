"""`manage.py demo`: the demo tenants, and where to try them."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.chat import demo
from apps.telephony import numbers
from apps.tenants.scope import tenant_scope


class Command(BaseCommand):
    help = "Load the demo tenants (again adds nothing) and print every address and login."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, base_url: str, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are public: it is loaded with DEBUG=1 only.")
        rows = [("Platform", f"{base_url}/", ""), ("Administrator", f"{base_url}/admin/", demo.ADMINISTRATOR)]
        for loaded in demo.load(now=timezone.now()):
            rows.append((loaded.tenant.name, f"{base_url}/demo/{loaded.tenant.slug}/", ""))
            rows.append(("", f"{base_url}/demo/voice/{loaded.tenant.slug}/", "call it, for a minute"))
            with tenant_scope(loaded.tenant.pk):
                rows.append(("", numbers.own(), "its phone, in the simulated carrier"))
            rows += [("", f"{base_url}/admin/", email) for email, _, _ in loaded.demo.logins]
            rows.append(("", "widget key", loaded.demo.widget_key))
        self.stdout.write("")
        width = max(len(address) for _, address, _ in rows) + 2
        for name, address, login in rows:
            self.stdout.write(f"  {name:<22}{address:<{width}}{login}")
        self.stdout.write(f"\n  Password of each login: {demo.PASSWORD}\n")
