"""An invoice that was paid or refunded is told once, whoever fails and however often it is looked at."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.plans import announcements
from apps.plans.core.money import net_cents
from apps.plans.models import Invoice, InvoiceStatus
from apps.plans.signals import invoice_paid, invoice_refunded
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import current_tenant_id

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Listener:
    """Who earns by an invoice: writes down what they hear, and fails while told to."""

    def __init__(self) -> None:
        self.fails = False

    def paid(self, *, invoice: Invoice, **_: Any) -> None:
        self._hear("paid", invoice, invoice.amount_paid_cents)

    def refunded(self, *, invoice: Invoice, amount_cents: int, **_: Any) -> None:
        self._hear("refunded", invoice, amount_cents)

    def _hear(self, what: str, invoice: Invoice, cents: int) -> None:
        assert invoice.tenant_id == current_tenant_id()
        AuditEntry.objects.create(actor="listener", action=what, details={"cents": cents})
        if self.fails:
            raise RuntimeError("not now")

    @property
    def heard(self) -> list[tuple[str, int]]:
        entries = AuditEntry.objects.filter(actor="listener").order_by("at", "id")
        return [(entry.action, entry.details["cents"]) for entry in entries]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    invoice_paid.connect(listener.paid)
    invoice_refunded.connect(listener.refunded)
    yield listener
    invoice_paid.disconnect(listener.paid)
    invoice_refunded.disconnect(listener.refunded)


def paid_invoice(**fields: int) -> Invoice:
    amounts = {"total_cents": 10_000, "amount_paid_cents": 10_000} | fields
    invoice: Invoice = Invoice.objects.create(
        provider_id="in_1", status=InvoiceStatus.PAID, issued_at=NOW, paid_at=NOW, **amounts
    )
    return invoice


def test_told_once(tenant: Tenant, listener: Listener) -> None:
    invoice = paid_invoice()
    for _ in range(3):
        assert announcements.announce(invoice_id=invoice.pk)
    assert listener.heard == [("paid", 10_000)]
    for refunded in (2_500, 2_500, 10_000):
        Invoice.objects.update(refunded_cents=refunded)
        announcements.announce(invoice_id=invoice.pk)
    assert listener.heard == [("paid", 10_000), ("refunded", 2_500), ("refunded", 7_500)]


def test_nothing_is_told_before_it_is_paid(tenant: Tenant, listener: Listener) -> None:
    invoice = paid_invoice(amount_paid_cents=0)
    announcements.announce(invoice_id=invoice.pk)
    assert listener.heard == []


def test_who_fails_is_told_again_and_has_written_nothing(
    tenant: Tenant, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    invoice = paid_invoice(refunded_cents=400)
    listener.fails = True
    assert not announcements.announce(invoice_id=invoice.pk)
    assert "Somebody who was told of an invoice failed; to be told again" in caplog.messages
    assert listener.heard == []
    assert announcements.announce_missed() == 0
    listener.fails = False
    assert announcements.announce_missed() == 1
    assert announcements.announce_missed() == 0
    assert listener.heard == [("paid", 10_000), ("refunded", 400)]


@pytest.mark.parametrize(
    ("paid", "tax", "refunded", "net"),
    [
        (10_000, 0, 0, 10_000),
        (10_000, 0, 2_500, 7_500),
        (12_100, 2_100, 0, 10_000),
        (12_100, 2_100, 6_050, 5_000),
        (12_100, 2_100, 12_100, 0),
        (12_100, 2_100, 99_999, 0),
        (0, 0, 0, 0),
    ],
)
def test_what_an_invoice_earned(paid: int, tax: int, refunded: int, net: int) -> None:
    assert net_cents(paid=paid, tax=tax, refunded=refunded) == net
