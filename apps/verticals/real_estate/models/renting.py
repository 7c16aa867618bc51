"""Who rents which home, on what terms, and what they have paid."""

import builtins

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.business.models import Contact
from apps.tenants.base import TenantModel
from apps.verticals.real_estate.core.rents import Terms
from apps.verticals.real_estate.models.places import Property


class Renter(TenantModel):
    """A contact who rents a home, rented one, or has applied for one."""

    id_prefix = "rnt"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="renter")
    date_of_birth = models.DateField(help_text="Agents ask for it before they speak about anything of this renter.")

    class Meta(TenantModel.Meta):
        ordering = ["contact__family_key", "contact__given_key", "id"]

    def __str__(self) -> str:
        return self.contact.name


class RentFrequency(models.TextChoices):
    WEEKLY = "weekly", "Weekly"
    FORTNIGHTLY = "fortnightly", "Fortnightly"
    MONTHLY = "monthly", "Monthly"


class Lease(TenantModel):
    """What was agreed with a renter. Rent is due in advance, the first on the day it starts."""

    id_prefix = "lea"

    property = models.ForeignKey(Property, on_delete=models.RESTRICT, related_name="leases")
    renter = models.ForeignKey(Renter, on_delete=models.RESTRICT, related_name="leases")
    rent_cents = models.PositiveIntegerField("rent (cents)")
    frequency = models.CharField("paid", max_length=12, choices=RentFrequency, default=RentFrequency.WEEKLY)
    bond_cents = models.PositiveIntegerField("bond (cents)", default=0)
    start_date = models.DateField("first day")
    end_date = models.DateField("last day of the fixed term")
    moved_out_date = models.DateField(
        "moved out", null=True, blank=True, help_text="Empty = lives there; after the fixed term it goes on."
    )
    notice_days = models.PositiveSmallIntegerField("notice (days)", default=21)

    class Meta(TenantModel.Meta):
        ordering = ["-start_date", "id"]
        indexes = [models.Index(fields=["tenant", "renter", "start_date"], name="lease_by_renter")]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="lease_ends_after_start"),
            models.CheckConstraint(condition=Q(rent_cents__gt=0), name="lease_has_a_rent"),
            models.UniqueConstraint(
                fields=["tenant", "property"], condition=Q(moved_out_date=None), name="one_lease_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.property} ({self.renter})"

    @builtins.property
    def terms(self) -> Terms:
        """For the arithmetic of rents."""
        return Terms(self.rent_cents, self.frequency, self.start_date, self.moved_out_date)  # type: ignore[arg-type]


class RentCharge(TenantModel):
    """What a renter owes besides rent."""

    id_prefix = "chg"

    lease = models.ForeignKey(Lease, on_delete=models.CASCADE, related_name="charges")
    amount_cents = models.PositiveIntegerField("amount (cents)")
    charged_date = models.DateField("charged on", default=timezone.localdate)
    reason = models.CharField(max_length=120, help_text="Such as Water usage.")

    class Meta(TenantModel.Meta):
        ordering = ["-charged_date", "id"]

    def __str__(self) -> str:
        return self.reason


class PaymentMethod(models.TextChoices):
    BANK_TRANSFER = "bank_transfer", "Bank transfer"
    DIRECT_DEBIT = "direct_debit", "Direct debit"
    CARD = "card", "Card"
    CASH = "cash", "Cash"
    CHECK = "check", "Check"


class RentPayment(TenantModel):
    """Money from a renter. What they only say they have paid is pending until the office has seen it."""

    id_prefix = "pay"

    class Status(models.TextChoices):
        PENDING = "pending", "Reported by the renter"
        RECEIVED = "received", "Received"
        REJECTED = "rejected", "Not found"

    lease = models.ForeignKey(Lease, on_delete=models.RESTRICT, related_name="payments")
    amount_cents = models.PositiveIntegerField("amount (cents)")
    paid_date = models.DateField("paid on")
    method = models.CharField(max_length=16, choices=PaymentMethod, default=PaymentMethod.BANK_TRANSFER)
    reference = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    conversation_id = models.CharField(max_length=40, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-paid_date", "id"]
        indexes = [models.Index(fields=["tenant", "lease", "status"], name="payment_by_lease")]
        constraints = [models.CheckConstraint(condition=Q(amount_cents__gt=0), name="payment_is_of_money")]

    def __str__(self) -> str:
        return f"{self.paid_date}: {self.get_status_display().lower()}"
