"""Paying affiliates: what is due is gathered into a payout, exported for the bank, and marked as paid."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from apps.affiliates import trail
from apps.affiliates.affiliates import Undecided
from apps.affiliates.core import commission
from apps.affiliates.models import Affiliate, Line, Payout
from apps.common.spreadsheets import cell

_HEAD = ("payout", "affiliate", "name", "method", "paid_to", "amount", "currency", "prepared_at", "status", "reference")


def prepare_all(*, actor: str, now: datetime) -> list[Payout]:
    """A payout for every affiliate who is owed enough and has said where the money goes; those that were made."""
    candidates = Affiliate.objects.filter(
        status=Affiliate.Status.APPROVED, lines__payout=None, lines__matures_at__lte=now
    ).exclude(payouts__status=Payout.Status.PREPARED)
    made = [prepare(affiliate_id=pk, actor=actor, now=now) for pk in candidates.values_list("pk", flat=True).distinct()]
    return [payout for payout in made if payout is not None]


def prepare(*, affiliate_id: str, actor: str, now: datetime) -> Payout | None:
    """Gathers all that is due into one payout; None when that is below the threshold, or nobody knows where to pay.

    A line is claimed by at most one payout: the affiliate's row is locked, and only unclaimed lines are taken.
    """
    try:
        with transaction.atomic():
            affiliate = Affiliate.objects.select_for_update().get(pk=affiliate_id)
            unclaimed = list(affiliate.lines.filter(payout=None, matures_at__lte=now))
            due = commission.payable([line.facts for line in unclaimed], now)
            if not due or not affiliate.payout_target or not affiliate.is_approved:
                return None
            payout = Payout(
                affiliate=affiliate,
                amount_cents=sum(line.amount_cents for line in due),
                method=affiliate.payout_method,
                target=affiliate.payout_target,
                prepared_at=now,
            )
            payout.save()
            claimed = Line.objects.filter(pk__in=[line.pk for line in unclaimed], payout=None).update(payout=payout)
            if claimed != len(unclaimed):
                raise IntegrityError("another payout was faster")  # rolls back: never pay what somebody else pays
            trail.record(
                actor=actor, action="payout.prepared", target=payout.pk, details={"cents": payout.amount_cents}
            )
            return payout
    except IntegrityError:
        return None


@transaction.atomic
def mark_paid(*, payout_id: str, reference: str, actor: str, now: datetime) -> Payout:
    """The money is on its way; the same again changes nothing.

    Raises:
        Undecided: the payout was canceled.
    """
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.status == Payout.Status.PAID:
        return payout
    if payout.status != Payout.Status.PREPARED:
        raise Undecided("This payout was canceled; its lines are due again.")
    payout.status, payout.paid_at, payout.reference = Payout.Status.PAID, now, reference
    payout.save(update_fields=["status", "paid_at", "reference"])
    trail.record(actor=actor, action="payout.paid", target=payout.pk, details={"cents": payout.amount_cents})
    return payout


@transaction.atomic
def cancel(*, payout_id: str, actor: str) -> Payout:
    """Gives up a payout before it is paid: its lines are due again.

    Raises:
        Undecided: it was paid.
    """
    payout = Payout.objects.select_for_update().get(pk=payout_id)
    if payout.status == Payout.Status.CANCELED:
        return payout
    if payout.status != Payout.Status.PREPARED:
        raise Undecided("This payout was paid already.")
    payout.lines.update(payout=None)
    payout.status = Payout.Status.CANCELED
    payout.save(update_fields=["status"])
    trail.record(actor=actor, action="payout.canceled", target=payout.pk)
    return payout


def as_csv(payouts: Iterable[Payout]) -> str:
    """For the bank or a spreadsheet: RFC 4180, amounts in dollars, cells that a spreadsheet would run made text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEAD)
    for payout in payouts:
        cells = (
            payout.pk,
            payout.affiliate.code,
            payout.affiliate.name,
            payout.method,
            payout.target,
            f"{payout.amount_cents / 100:.2f}",
            "USD",
            payout.prepared_at.isoformat(timespec="seconds"),
            payout.status,
            payout.reference,
        )
        writer.writerow([cell(each) for each in cells])
    return text.getvalue()
