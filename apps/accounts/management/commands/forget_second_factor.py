"""`manage.py forget_second_factor`: for who has lost both phone and recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.tenants import audit
from apps.tenants.models import Membership, User
from apps.tenants.scope import all_tenants, tenant_scope


class Command(BaseCommand):
    help = "Turn a person's two-factor login off. Make sure first that it is them who asks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    @transaction.atomic
    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody logs in as {email}.")
        if not Authenticator.objects.filter(user=user).delete()[0]:
            raise CommandError(f"{email} has no two-factor login.")
        with all_tenants(reason="the trail of each of their businesses says so"):
            tenants = list(Membership.objects.filter(user=user).values_list("tenant_id", flat=True))
        for tenant_id in tenants:
            with tenant_scope(tenant_id):
                audit.record(actor="system", action="second_factor.forgotten", target=str(user.pk))
        self.stdout.write(f"{email} logs in by password alone until two-factor login is turned on again.\n")
