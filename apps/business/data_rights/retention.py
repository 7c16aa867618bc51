"""How long things are kept: what a business has chosen, else what its industry is used to; and forgetting on time."""

import datetime as dt
from collections.abc import Iterator
from typing import Final, NamedTuple

from apps.business.data_rights.models import Retention
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import all_tenants, current_tenant_id, tenant_scope

EVERY: Final = 3_600.0
"""Seconds between two looks."""
BATCH: Final = 500
MOST: Final = 20_000
"""Rows of one business in one turn: the rest waits for the next."""
MONTH: Final = dt.timedelta(days=30.4375)


class Terms(NamedTuple):
    """How long a business keeps conversations, in days, and its audit trail, in months."""

    transcript_days: int
    audit_months: int


USUAL: Final = Terms(90, 12)
HEALTH_MONTHS: Final = 72
"""Six years: what the health profile keeps of its trail (45 CFR § 164.316(b)(2))."""
_of_industry: dict[str, Terms] = {}


def register(vertical: str, terms: Terms) -> None:
    """What an industry is used to, from its AppConfig.ready()."""
    _of_industry[vertical] = terms


def usual(vertical: str) -> Terms:
    return _of_industry.get(vertical, USUAL)


def in_force() -> Terms:
    """Of the tenant in scope."""
    chosen = Retention.objects.first()
    if chosen is not None:
        return Terms(chosen.transcript_days, chosen.audit_months)
    return usual(Tenant.objects.get(pk=current_tenant_id()).vertical)


def least_audit_months() -> int:
    """What a business in this industry may not go below, of the tenant in scope."""
    return usual(Tenant.objects.get(pk=current_tenant_id()).vertical).audit_months


def each_tenant() -> Iterator[str]:
    """Ids of all tenants; the scope of each is to be entered."""
    with all_tenants(reason="every business forgets what is old"):
        ids = list(Tenant.objects.order_by("pk").values_list("pk", flat=True))
    yield from ids


def forget_trails(now: dt.datetime) -> int:
    """Deletes the audit entries whose time is up, in batches; how many. A duty of the worker."""
    return sum(_forget_trail(tenant_id, now) for tenant_id in each_tenant())


def _forget_trail(tenant_id: str, now: dt.datetime) -> int:
    gone = 0
    while gone < MOST:
        with tenant_scope(tenant_id):
            old = AuditEntry.objects.filter(at__lt=now - MONTH * in_force().audit_months).order_by("at")
            keys = list(old.values_list("pk", flat=True)[:BATCH])
            if not keys:
                break
            AuditEntry.objects.filter(pk__in=keys).delete()
            gone += len(keys)
    return gone
