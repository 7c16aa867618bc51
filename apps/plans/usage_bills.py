"""A month's interactions beyond the plan, closed and put on an invoice.

An invoice of its own for each month, with one line that we reckon from the ledger: then the line is the sum of the
receipts to the cent, a plan by the year pays its months all the same, and nothing depends on the hour in which a
renewal's invoice can still be added to. Meters at the provider would sum again what is summed here, round it by a rule
of their own, and cannot be paid by the month beside a plan by the year.
"""

from datetime import datetime, timedelta
from logging import getLogger

from django.db import transaction
from django.db.models import Max, Min

from apps.common.errors import AppError
from apps.plans import receipts, subscriptions, terms
from apps.plans.core.catalogue import dollars
from apps.plans.core.money import MILLS
from apps.plans.models import TermsChange, UsageBill
from apps.plans.payments import gateway, sync
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope

logger = getLogger(__name__)

LAG = timedelta(minutes=15)
"""A month is closed so long after its end: what was counted in it has been written by then."""

SHORTEST = timedelta(days=27)
"""No month is shorter, whatever clocks do."""


def close_and_bill(now: datetime) -> int:
    """A duty: closes the months that have ended and bills what they cost; how many bills were sent."""
    with all_tenants(reason="find the businesses whose months may have ended"):
        billing = _may_have_ended(now)
        unsent = UsageBill.objects.filter(cents__gt=0, invoice="").values_list("tenant_id", flat=True)
        tenants = sorted(billing | set(unsent))
    return sum(_attend(tenant_id, now) for tenant_id in tenants)


def _may_have_ended(now: datetime) -> set[str]:
    """Businesses of which a month can have ended since the last one was closed: a transaction for each of the others,
    every few minutes, would be in vain."""
    began = TermsChange.objects.filter(bills=True).values("tenant_id").annotate(first=Min("since"))
    first = dict(began.values_list("tenant_id", "first"))
    latest = dict(TermsChange.objects.values("tenant_id").annotate(last=Max("since")).values_list("tenant_id", "last"))
    closed = dict(UsageBill.objects.values("tenant_id").annotate(last=Max("ends_at")).values_list("tenant_id", "last"))
    found = set()
    for tenant_id, begun in first.items():
        since = closed.get(tenant_id) or begun
        # Other terms may begin a month anew, so that the one before is short.
        if since is not None and (since + SHORTEST <= now - LAG or latest[tenant_id] > since):
            found.add(tenant_id)
    return found


def _attend(tenant_id: str, now: datetime) -> int:
    try:
        with tenant_scope(tenant_id):
            close(now=now)
            bills = list(UsageBill.objects.filter(cents__gt=0, invoice=""))
            customer = subscriptions.own().customer
        sent = sum(_send(bill, customer) for bill in bills) if customer else 0
        if sent:
            sync.look(tenant_id=tenant_id, now=now)
    except AppError as error:
        logger.error("A usage bill waits on", extra={"tenant": tenant_id, "error_code": error.code})
        return 0
    return sent


@transaction.atomic
def close(*, now: datetime) -> list[UsageBill]:
    """Closes the months of the tenant in scope that have ended; those that it closed. From then on they are fixed."""
    subscription = subscriptions.locked()
    history = terms.history(subscription)
    since = next((change.since for change in history.changes if change.bills), None)
    last = UsageBill.objects.last()
    begun = last.ends_at if last is not None else since
    if since is None or begun is None:
        return []
    made = []
    for month in history.months(max(since, begun), now - LAG):
        total = receipts.month_total(history, month)
        bill = UsageBill(started_at=month.started_at, ends_at=month.ends_at, charged=total.charged, cents=total.cents)
        bill.save()
        made.append(bill)
    return made


def _send(bill: UsageBill, customer: str) -> bool:
    invoice = gateway.bill_usage(
        customer=customer,
        key=bill.pk,
        words=words(bill),
        cents=bill.cents,
        started_at=bill.started_at,
        ends_at=bill.ends_at,
    )
    with tenant_scope(bill.tenant_id):
        UsageBill.objects.filter(pk=bill.pk).update(invoice=invoice)
        details = {"charged": bill.charged, "total": dollars(bill.cents * MILLS)}
        audit.record(actor=subscriptions.SYSTEM, action="usage.billed", target=bill.pk, details=details)
    return True


def words(bill: UsageBill) -> str:
    """The line on the invoice."""
    days = f"{bill.started_at:%b %-d} to {bill.ends_at:%b %-d, %Y}"
    return f"{bill.charged:,} interactions beyond the plan, {days}"
