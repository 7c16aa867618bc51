"""The demo tenants: one for each vertical that has one. Only with DEBUG on, for their passwords are public."""

import datetime as dt
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from apps.agents import releases
from apps.agents.blueprints import DemoTenant, Vertical
from apps.agents.knowledge import sources
from apps.agents.registry import verticals
from apps.plans.models import Subscription
from apps.plans.subscriptions import start_trial, subscribe
from apps.telephony import numbers
from apps.tenants.models import Membership, Tenant, User, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope

PASSWORD = "callsphere-demo"  # noqa: S105  # printed by `make run`
ADMINISTRATOR = "admin@callsphere.example"


@dataclass(frozen=True, slots=True)
class Loaded:
    tenant: Tenant
    demo: DemoTenant
    vertical: Vertical


def load(*, now: dt.datetime) -> list[Loaded]:
    """Makes what is missing of the demo tenants, and the platform's administrator; running it again adds nothing."""
    if not User.objects.filter(email=ADMINISTRATOR).exists():
        _prove(User.objects.create_superuser(ADMINISTRATOR, PASSWORD, name="Platform administrator"))
    return [
        Loaded(_load(vertical, vertical.demo, now), vertical.demo, vertical)
        for vertical in verticals().values()
        if vertical.demo is not None
    ]


@transaction.atomic
def _load(vertical: Vertical, demo: DemoTenant, now: dt.datetime) -> Tenant:
    with all_tenants(reason="the demo command makes tenants"):
        tenant, _ = Tenant.objects.get_or_create(
            slug=demo.slug,
            defaults={
                "name": demo.name,
                "vertical": vertical.slug,
                "tagline": demo.tagline,
                "time_zone": demo.time_zone,
                "region": demo.region,
                "phone": demo.phone,
                "email": demo.email,
                "address": demo.address,
            },
        )
    with tenant_scope(tenant.pk):
        if not Subscription.objects.exists():
            start_trial(now=now)
            subscribe(plan="growth", now=now)  # or the demo would pause after 14 days
        WidgetKey.objects.get_or_create(key=demo.widget_key, defaults={"accent": demo.accent})
        for email, name, role in demo.logins:
            user = User.objects.filter(email=email).first()
            if user is None:
                user = _prove(User.objects.create_user(email, PASSWORD, name=name, is_staff=True))
            Membership.objects.get_or_create(user=user, defaults={"role": role})
        releases.install(vertical=vertical)
        numbers.give_simulated()
        demo.load(now.astimezone(tenant.zone))
        sources.add_folder(settings.VERTICALS_DIR / vertical.slug / "documents", actor="system")
    return tenant


def _prove(user: User) -> User:
    """The address counts as proven: nobody reads mail to it."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
