"""`manage.py serve` with tools that take their time: `python bench/faults/call_server.py --port N`.

Only the worker's thread waits, as for a slow partner: before the tool's own work, for as long as the patient's family
name says ("Wait65x…" = 6.5 s).
"""

import os
import re
import sys
import time

_SECONDS = re.compile(r'"Wait(\d+)x')


def slow_down() -> None:
    """Wraps the runner of tools. Django must be set up."""
    from apps.agents.tools import runner

    perform = runner._perform

    def waiting(tool, values, *rest):  # type: ignore[no-untyped-def]
        if found := _SECONDS.search(f'"{values.get("last_name", "")}'):
            time.sleep(int(found[1]) / 10)
        return perform(tool, values, *rest)

    runner._perform = waiting


def take_all() -> None:
    """Admission is by the event loop's lag: on a machine busy with trials it would turn them away."""
    from apps.voice import admission

    admission.LATE = 10.0


def prepare(number: str) -> None:
    """Gives the clinic of the trials a phone number."""
    from apps.telephony import numbers
    from apps.tenants.models import Tenant
    from apps.tenants.scope import all_tenants, tenant_scope

    with all_tenants(reason="the call trials look for their tenant"):
        tenant = Tenant.objects.get(slug="trials")
    with tenant_scope(tenant.pk):
        numbers.assign(number=number)


if __name__ == "__main__":
    import django

    sys.path.insert(0, os.getcwd())
    django.setup()
    if sys.argv[1] == "number":
        prepare(sys.argv[2])
    else:
        from django.core.management import execute_from_command_line

        slow_down()
        take_all()
        execute_from_command_line(["manage.py", "serve", *sys.argv[1:]])
