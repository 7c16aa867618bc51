"""Invoices, as the payment provider has them."""

from django.db import models

from apps.plans.core import money
from apps.tenants.base import TenantModel


class InvoiceStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    OPEN = "open", "To be paid"
    PAID = "paid", "Paid"
    UNCOLLECTIBLE = "uncollectible", "Written off"
    VOID = "void", "Void"


class Invoice(TenantModel):
    """A copy of the provider's, written only from what the provider says now. Amounts are whole cents.

    `told_paid_cents` and `told_refunded_cents` are how much of it `plans.signals` has told others, so that nothing is
    told twice and nothing is forgotten.
    """

    id_prefix = "inv"

    provider_id = models.CharField(max_length=64, unique=True)
    number = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=InvoiceStatus)
    reason = models.CharField(max_length=160, blank=True, help_text="What it is for, in one line.")
    currency = models.CharField(max_length=3, default="usd")
    total_cents = models.IntegerField(help_text="With tax, after credits of a proration; below zero = a credit.")
    tax_cents = models.PositiveIntegerField(default=0)
    amount_due_cents = models.PositiveIntegerField(default=0)
    amount_paid_cents = models.PositiveIntegerField(default=0)
    refunded_cents = models.PositiveIntegerField(default=0)
    usage_cents = models.PositiveIntegerField(default=0, help_text="Of the total, for interactions beyond the plan.")
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    page_url = models.URLField(max_length=1000, blank=True, help_text="The provider's own page of it.")
    pdf_url = models.URLField(max_length=1000, blank=True)
    subscription = models.CharField(max_length=64, blank=True, help_text="The provider's id of it.")
    told_paid_cents = models.PositiveIntegerField(default=0)
    told_refunded_cents = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        ordering = ["-issued_at", "-id"]
        indexes = [models.Index(fields=["tenant", "-issued_at"], name="invoice_recent")]

    def __str__(self) -> str:
        return self.number or self.provider_id

    @property
    def net_cents(self) -> int:
        """What it earned: paid, without its tax and without what was given back. The base of commissions."""
        return money.net_cents(paid=self.amount_paid_cents, tax=self.tax_cents, refunded=self.refunded_cents)


class UsageBill(TenantModel):
    """One month's interactions beyond the plan, closed: what is put on an invoice. Its numbers never change."""

    id_prefix = "ubl"

    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    charged = models.PositiveIntegerField(help_text="Interactions that cost something.")
    cents = models.PositiveIntegerField()
    invoice = models.CharField(max_length=64, blank=True, help_text="The provider's id; empty = not put there yet.")

    class Meta(TenantModel.Meta):
        ordering = ["started_at"]
        constraints = [models.UniqueConstraint(fields=["tenant", "started_at"], name="one_usage_bill_per_period")]

    def __str__(self) -> str:
        return f"{self.charged} beyond the plan from {self.started_at:%Y-%m-%d}"


class PaymentNotice(models.Model):
    """Something that the payment provider told us, by its id: once taken in, it is not lost and not done twice.

    No tenant's: whose it is follows from the customer. Nothing of it is believed (see core.mirror), so only what leads
    to the account is kept.
    """

    id = models.CharField(primary_key=True, max_length=64)
    kind = models.CharField(max_length=80)
    customer = models.CharField(max_length=64, blank=True)
    told_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ["told_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
