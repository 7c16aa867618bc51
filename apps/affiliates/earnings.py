"""What referred businesses paid, and what that earns: booked when an invoice is paid or refunded.

Both of `plans.signals` lead to the same act: write down what is known of the invoice, and book what is missing. So a
fact that is told twice, or late, changes nothing more.
"""

from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from apps.affiliates import referrals
from apps.affiliates.core import commission
from apps.affiliates.models import Line, Referral, ReferredInvoice
from apps.plans.models import Invoice


def on_invoice(*, invoice: Invoice, **_: Any) -> None:
    """Listens to `invoice_paid` and `invoice_refunded`."""
    book(invoice=invoice)


@transaction.atomic
def book(*, invoice: Invoice) -> Line | None:
    """The line that was missing for an invoice; None when all is booked, or nobody referred the business.

    The referral's row is locked: of two who hear of one invoice at once, the second finds it booked.
    """
    referral = Referral.objects.select_for_update().filter(business=invoice.tenant_id).first()
    if referral is None or invoice.paid_at is None or invoice.currency != "usd":
        return None
    known, is_new = ReferredInvoice.objects.get_or_create(
        invoice=invoice.pk,
        defaults={
            "referral": referral,
            "paid_cents": invoice.amount_paid_cents,
            "tax_cents": invoice.tax_cents,
            "refunded_cents": invoice.refunded_cents,
            "paid_at": invoice.paid_at,
        },
    )
    if is_new:
        referrals.end_if_joined(referral, now=invoice.paid_at)
    elif invoice.refunded_cents > known.refunded_cents:  # it only ever grows; an older copy tells nothing new
        known.refunded_cents = invoice.refunded_cents
        known.save(update_fields=["refunded_cents"])
    booked = known.lines.aggregate(sum=Sum("amount_cents"))["sum"] or 0
    if not is_new and not known.lines.exists():
        return None  # earned nothing when it was paid, so a refund takes nothing back
    missing = commission.to_book(known.facts, referral.window, booked_cents=booked, rate_percent=referral.rate_percent)
    if missing is None:
        return None
    return Line.objects.create(
        affiliate_id=referral.affiliate_id,
        invoice=known,
        amount_cents=missing.amount_cents,
        booked_at=timezone.now(),
        matures_at=missing.matures_at,
    )
