"""What the provider tells us: taken in once, by its id, and followed by a look at the account."""

from datetime import UTC, datetime, timedelta
from logging import getLogger
from typing import Any

from apps.common.errors import AppError
from apps.plans.models import PaymentNotice
from apps.plans.payments import sync

logger = getLogger(__name__)

KEPT = timedelta(days=90)
LATE = timedelta(seconds=30)
"""A notice that nobody has handled for so long was left behind."""


def take(*, event: Any) -> PaymentNotice:
    """Stores a verified event, unless it is there already."""
    about = event.data.object
    customer = about.id if about.object == "customer" else getattr(about, "customer", None)
    notice, _ = PaymentNotice.objects.get_or_create(
        id=event.id[:64],
        defaults={
            "kind": event.type[:80],
            "customer": (customer if isinstance(customer, str) else getattr(customer, "id", None) or "")[:64],
            "told_at": datetime.fromtimestamp(event.created, UTC),
        },
    )
    return notice


def handle(notice: PaymentNotice, *, now: datetime) -> None:
    """Looks at the account that the notice is about; whose customer is unknown here is none of our business.

    Raises:
        PaymentUnavailable, PaymentRefused: it is to be handled later.
    """
    if notice.handled_at is not None:
        return
    tenant_id = sync.tenant_of(notice.customer)
    if tenant_id is not None:
        sync.look(tenant_id=tenant_id, now=now)
    PaymentNotice.objects.filter(pk=notice.pk).update(handled_at=now)


def catch_up(now: datetime) -> int:
    """A duty: handles what was left behind, one look for each customer, and forgets what is old."""
    PaymentNotice.objects.filter(handled_at__lt=now - KEPT).delete()
    left = list(PaymentNotice.objects.filter(handled_at=None, told_at__lt=now - LATE)[:500])
    done = 0
    for customer in {notice.customer for notice in left}:
        theirs = [notice for notice in left if notice.customer == customer]
        try:
            handle(theirs[0], now=now)
        except AppError as error:
            logger.warning("A payment notice waits on", extra={"error_code": error.code, "notices": len(theirs)})
            continue
        PaymentNotice.objects.filter(pk__in=[notice.pk for notice in theirs]).update(handled_at=now)
        done += len(theirs)
    return done
