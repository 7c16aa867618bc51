"""Bringing our copy of a customer's account up to the provider's: the one writer of it (see core.mirror)."""

from datetime import datetime
from logging import getLogger

from django.db import transaction

from apps.plans import subscriptions
from apps.plans.announcements import announce
from apps.plans.core import mirror
from apps.plans.core.mirror import Account, Changed, Look, Looked, Mirror, Noticed, RemoteInvoice
from apps.plans.models import Invoice, Subscription
from apps.plans.payments import gateway
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope

logger = getLogger(__name__)


def tenant_of(customer: str) -> str | None:
    """The id of the tenant that is this customer at the provider."""
    if not customer:
        return None
    with all_tenants(reason="the payment provider names a customer, not a tenant"):
        found = Subscription.objects.filter(customer=customer).values_list("tenant_id", flat=True).first()
    return str(found) if found else None


def look(*, tenant_id: str, now: datetime) -> Changed | None:
    """Fetches the account of a tenant's customer and takes over what is another there; None when nothing was.

    Raises:
        PaymentUnavailable, PaymentRefused: the provider cannot be asked; what is held stays.
    """
    with tenant_scope(tenant_id):
        taken = _take()
    if taken is None:
        return None
    customer, ticket = taken
    account = gateway.account(customer=customer)
    with tenant_scope(tenant_id):
        changed = _use(ticket, account, now)
        if changed is not None:
            invoices = Invoice.objects.filter(provider_id__in=changed.invoices)
            for invoice_id in invoices.order_by("issued_at").values_list("pk", flat=True):
                announce(invoice_id=invoice_id)
    if twice := mirror.surplus(account):
        logger.error("A customer has two subscriptions", extra={"tenant": tenant_id, "subscriptions": twice})
    return changed


@transaction.atomic
def _take() -> tuple[str, int] | None:
    subscription = subscriptions.locked()
    if not subscription.customer:
        return None
    _, [ask] = mirror.handle(_mirror(subscription, {}), Noticed())
    assert isinstance(ask, Look)
    subscription.looks_taken = ask.ticket
    subscription.save(update_fields=["looks_taken"])
    return subscription.customer, ask.ticket


@transaction.atomic
def _use(ticket: int, account: Account, now: datetime) -> Changed | None:
    subscription = subscriptions.locked()
    invoices = {invoice.provider_id: as_remote(invoice) for invoice in Invoice.objects.all()}
    after, actions = mirror.handle(_mirror(subscription, invoices), Looked(ticket, account))
    if after.used == subscription.look_used:
        return None
    subscription.look_used = after.used
    subscription.save(update_fields=["look_used"])
    changed = next((action for action in actions if isinstance(action, Changed)), None)
    if changed is None:
        return None
    for key in changed.invoices:
        _keep(after.invoices[key])
    if changed.subscription:
        subscriptions.follow(subscription, after.held, now=now)
    return changed


def _mirror(subscription: Subscription, invoices: dict[str, RemoteInvoice]) -> Mirror:
    return Mirror(subscription.held, invoices, subscription.looks_taken, subscription.look_used)


def _keep(invoice: RemoteInvoice) -> None:
    fields = {
        "number": invoice.number,
        "status": invoice.status,
        "reason": invoice.reason,
        "currency": invoice.currency,
        "total_cents": invoice.total,
        "tax_cents": invoice.tax,
        "amount_due_cents": invoice.due,
        "amount_paid_cents": invoice.paid,
        "refunded_cents": invoice.refunded,
        "usage_cents": invoice.usage,
        "subscription": invoice.subscription,
        "issued_at": invoice.issued_at,
        "paid_at": invoice.paid_at,
        "page_url": invoice.page_url,
        "pdf_url": invoice.pdf_url,
    }
    row, _ = Invoice.objects.update_or_create(provider_id=invoice.id, defaults=fields)
    details = {"number": row.number, "status": row.status, "total": f"${row.total_cents / 100:,.2f}"}
    audit.record(actor=subscriptions.SYSTEM, action="invoice.updated", target=row.pk, details=details)


def as_remote(row: Invoice) -> RemoteInvoice:
    """What we hold of an invoice, to be compared with the provider's."""
    return RemoteInvoice(
        id=row.provider_id,
        number=row.number,
        status=row.status,
        reason=row.reason,
        currency=row.currency,
        total=row.total_cents,
        tax=row.tax_cents,
        due=row.amount_due_cents,
        paid=row.amount_paid_cents,
        refunded=row.refunded_cents,
        usage=row.usage_cents,
        subscription=row.subscription,
        issued_at=row.issued_at,
        paid_at=row.paid_at,
        page_url=row.page_url,
        pdf_url=row.pdf_url,
    )
