"""Makes the clinic of the mixed load: `PYTHONPATH=.:bench python bench/mixed_load/opening.py <widget key> <number>`.

A process of its own, run from the repository's root with the environment of the servers, whose database is migrated.
Prints JSON: `{"tenant", "api_key", "session"}`; the last is the cookie of one in which the owner is logged in.
"""

import json
import sys

import django


def open_clinic(widget_key: str, number: str) -> dict[str, str]:
    """Django must be set up, hence the imports."""
    from django.conf import settings
    from django.test import Client
    from faults.tenant import make

    from apps.telephony import numbers
    from apps.tenants.models import ApiKey, Membership, Role, Tenant, User
    from apps.tenants.scope import all_tenants, tenant_scope

    make(widget_key)
    with all_tenants(reason="the mixed load looks for its tenant"):
        tenant = Tenant.objects.get(slug="trials")
    owner = User.objects.create_user("owner@trials.example", "callsphere-bench", is_staff=True, name="Olga Owner")
    with tenant_scope(tenant.pk):
        Membership.objects.create(user=owner, role=Role.OWNER)
        numbers.assign(number=number)
        _, secret = ApiKey.issue(name="Mixed load")
    client = Client()
    client.force_login(owner)
    return {
        "tenant": tenant.pk,
        "api_key": secret,
        "session": client.cookies[settings.SESSION_COOKIE_NAME].output(attrs=[], header="").strip(),
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(open_clinic(*sys.argv[1:])))
