"""Every night each account is compared with the provider's, whatever webhooks said: mended, and reported."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from logging import getLogger

from django.db.models import Q

from apps.common.errors import AppError
from apps.plans import announcements
from apps.plans.models import Subscription
from apps.plans.payments import notices, sync
from apps.tenants.scope import all_tenants, tenant_scope

logger = getLogger(__name__)

HOUR = 3
"""Of the night, in UTC."""


@dataclass(slots=True)
class Findings:
    """What a comparison found: how many accounts it looked at, those it mended, those it could not see."""

    compared: int = 0
    mended: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def reconcile(*, now: datetime, before: datetime | None = None) -> Findings:
    """Compares accounts in full, and takes over what differs: all, or those not compared since `before`."""
    due = Q() if before is None else Q(compared_at=None) | Q(compared_at__lt=before)
    with all_tenants(reason="every business that ever paid is compared"):
        rows = Subscription.objects.filter(due).exclude(customer="").order_by("tenant_id")
        tenants = list(rows.values_list("tenant_id", flat=True))
    found = Findings()
    for tenant_id in tenants:
        try:
            changed = sync.look(tenant_id=tenant_id, now=now)
        except AppError as error:
            found.failed.append(tenant_id)
            logger.error("An account could not be compared", extra={"tenant": tenant_id, "error_code": error.code})
            continue
        with tenant_scope(tenant_id):
            Subscription.objects.update(compared_at=now)
        found.compared += 1
        if changed is not None:
            found.mended.append(tenant_id)
            said = {"tenant": tenant_id, "subscription": changed.subscription, "invoices": len(changed.invoices)}
            logger.warning("An account differed from the provider's and was mended", extra=said)
    return found


def nightly(now: datetime) -> int:
    """A duty, looked after often and due once a night for each account; how many were mended."""
    night = now.astimezone(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)
    found = reconcile(now=now, before=night if night <= now else night - timedelta(days=1))
    if found.compared or found.failed:
        said = {"compared": found.compared, "mended": len(found.mended), "failed": len(found.failed)}
        logger.info("Accounts compared with the payment provider's", extra=said)
    return len(found.mended)


def catch_up(now: datetime) -> int:
    """A duty: follows notices, and tells of invoices, that were left behind; how many."""
    return notices.catch_up(now) + announcements.announce_missed()
