"""Prepares an empty database of the product for the load: one clinic on a large plan, with a widget key and a phone.

Run as a process of its own from the repository's root, with the environment of the server:
`PYTHONPATH=. python bench/tenant.py <widget key> [<phone number>]`.
"""

import subprocess
import sys
from datetime import UTC, datetime

import django


def prepare(widget_key: str, number: str = "") -> None:
    """Migrates and makes the clinic; Django must be set up, hence the imports in here."""
    from apps.agents import releases
    from apps.agents.registry import verticals
    from apps.plans.subscriptions import start_trial, subscribe
    from apps.telephony import numbers
    from apps.tenants.models import Tenant, WidgetKey
    from apps.tenants.scope import all_tenants, tenant_scope

    # Of its own: on PostgreSQL the owner makes the tables, and this process is the runtime role.
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True)
    now = datetime.now(UTC)
    with all_tenants(reason="the benchmark makes its tenant"):
        tenant = Tenant.objects.create(slug="bench", name="Bench Clinic", vertical="healthcare", time_zone="UTC")
    with tenant_scope(tenant.pk):
        start_trial(now=now)
        subscribe(plan="scale", now=now)
        releases.install(vertical=verticals()["healthcare"])
        WidgetKey.objects.create(key=widget_key)
        if number:
            numbers.assign(number=number)


if __name__ == "__main__":
    django.setup()
    prepare(*sys.argv[1:])
