"""Makes the clinic of the trials in a migrated database: `PYTHONPATH=. python bench/faults/tenant.py <widget key>`.

A process of its own, run from the repository's root with the environment of the servers.
"""

import sys
from datetime import UTC, datetime

import django


def make(widget_key: str) -> None:
    """A clinic with providers who have free times, on a large plan. Django must be set up, hence the imports."""
    from apps.agents import releases
    from apps.agents.registry import verticals
    from apps.plans.subscriptions import start_trial, subscribe
    from apps.tenants.models import Tenant, WidgetKey
    from apps.tenants.scope import all_tenants, tenant_scope

    now = datetime.now(UTC)
    vertical = verticals()["healthcare"]
    with all_tenants(reason="the fault trials make their tenant"):
        tenant = Tenant.objects.create(slug="trials", name="Trial Clinic", vertical=vertical.slug, time_zone="UTC")
    with tenant_scope(tenant.pk):
        start_trial(now=now)
        subscribe(plan="scale", now=now)
        releases.install(vertical=vertical)
        WidgetKey.objects.create(key=widget_key)
        if vertical.demo is not None:
            vertical.demo.load(now)


if __name__ == "__main__":
    django.setup()
    make(sys.argv[1])
