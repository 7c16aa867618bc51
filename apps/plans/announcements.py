"""Telling others, once, that an invoice was paid or refunded (`plans.signals`)."""

import logging

from django.db import transaction
from django.db.models import F, Q

from apps.plans import signals
from apps.plans.models import Invoice
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)


def announce(*, invoice_id: str) -> bool:
    """Tells what was not told of an invoice of the tenant in scope; False when somebody failed to listen.

    Rivals wait for each other at the row: the second finds that all was told.
    """
    try:
        with transaction.atomic():
            _announce(Invoice.objects.select_for_update(of=("self",)).get(pk=invoice_id))
    except Exception:
        logger.exception("Somebody who was told of an invoice failed; to be told again")
        return False
    return True


def _announce(invoice: Invoice) -> None:
    paid, refunded = invoice.amount_paid_cents, invoice.refunded_cents
    if paid > 0 and invoice.told_paid_cents == 0:
        invoice.told_paid_cents = paid
        invoice.save(update_fields=["told_paid_cents"])
        signals.invoice_paid.send(sender=Invoice, invoice=invoice)
    if invoice.told_paid_cents and refunded > invoice.told_refunded_cents:
        amount = refunded - invoice.told_refunded_cents
        invoice.told_refunded_cents = refunded
        invoice.save(update_fields=["told_refunded_cents"])
        signals.invoice_refunded.send(sender=Invoice, invoice=invoice, amount_cents=amount)


def announce_missed() -> int:
    """Tells again what somebody failed to hear; how many invoices were caught up with."""
    missed = Q(amount_paid_cents__gt=0, told_paid_cents=0) | Q(
        told_paid_cents__gt=0, refunded_cents__gt=F("told_refunded_cents")
    )
    with all_tenants(reason="find the invoices that were not told"):
        found = list(Invoice.objects.filter(missed).values_list("tenant_id", "pk"))
    told = 0
    for tenant_id, invoice_id in found:
        with tenant_scope(tenant_id):
            told += announce(invoice_id=invoice_id)
    return told
