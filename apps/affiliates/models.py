"""Affiliates, whom they referred, and what that earned them.

They belong to the platform, not to a tenant: an affiliate sees their own rows because every query of theirs begins
with the affiliate of the login (`affiliates.of`), never with an id from an address. Businesses are named by id, without
a foreign key: what was earned outlives a business.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from apps.affiliates.core import commission
from apps.affiliates.core.kinship import WORDS
from apps.common.ids import MAX_LENGTH
from apps.tenants.base import PrefixedIdModel


class PlatformModel(PrefixedIdModel):
    """A row of the platform's own."""

    class Meta:
        abstract = True


class Affiliate(PlatformModel):
    """Somebody who recommends CallSphere. Their links work once the platform's administrator has approved them."""

    id_prefix = "aff"

    class Status(models.TextChoices):
        APPLIED = "applied", "Waiting for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        SUSPENDED = "suspended", "Suspended"

    class PayoutMethod(models.TextChoices):
        BANK = "bank", "Bank transfer"
        PAYPAL = "paypal", "PayPal"
        WISE = "wise", "Wise"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="affiliate")
    code = models.SlugField(max_length=24, unique=True, help_text="The end of their link, after /r/.")
    status = models.CharField(max_length=12, choices=Status, default=Status.APPLIED, editable=False)
    name = models.CharField(max_length=120, help_text="Person or company that is paid.")
    website = models.URLField(blank=True)
    audience = models.TextField("how they recommend us", max_length=1_000)
    payout_method = models.CharField(max_length=12, choices=PayoutMethod, blank=True)
    payout_email = models.EmailField("payout e-mail", blank=True, help_text="Of the PayPal or Wise account.")
    payout_account = models.CharField("account", max_length=200, blank=True, help_text="IBAN, or routing and account.")
    applied_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    decision_note = models.CharField("reason", max_length=300, blank=True, help_text="Shown to the affiliate.")

    class Meta:
        ordering = ["-applied_at", "-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_approved(self) -> bool:
        return self.status == self.Status.APPROVED

    @property
    def payout_target(self) -> str:
        """Where money goes; "" = not said yet."""
        if self.payout_method == self.PayoutMethod.BANK:
            return self.payout_account
        return self.payout_email if self.payout_method else ""


class Clicks(PlatformModel):
    """How many people clicked an affiliate's link on one day, in UTC. Who they were is kept nowhere."""

    id_prefix = "clk"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.CASCADE, related_name="clicks")
    date = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-date"]
        constraints = [models.UniqueConstraint(fields=["affiliate", "date"], name="one_count_of_clicks_a_day")]
        verbose_name_plural = "clicks"

    def __str__(self) -> str:
        return f"{self.date}: {self.count}"


class Referral(PlatformModel):
    """A business that signed up after it came by an affiliate's link."""

    id_prefix = "ref"

    class Status(models.TextChoices):
        EARNING = "earning", "Earning"
        REFUSED = "refused", "Refused"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="referrals")
    business = models.CharField(max_length=MAX_LENGTH, unique=True, editable=False, help_text="Its id.")
    status = models.CharField(max_length=12, choices=Status, default=Status.EARNING)
    reason = models.CharField(
        max_length=24, blank=True, choices=list(WORDS.items()), help_text="Why it is refused, or earns no more."
    )
    rate_percent = models.PositiveSmallIntegerField(
        default=commission.RATE_PERCENT, validators=[MaxValueValidator(100)], help_text="As agreed at the sign-up."
    )
    clicked_at = models.DateTimeField("first click", editable=False)
    signed_up_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField("earns until", editable=False, help_text="Invoices paid from here on earn nothing.")

    class Meta:
        ordering = ["-signed_up_at", "-id"]

    def __str__(self) -> str:
        return f"{self.affiliate}: {self.business}"

    @property
    def window(self) -> commission.Window:
        """The invoices that earn; none when it is refused."""
        start = self.signed_up_at
        return commission.Window(start, start if self.status == self.Status.REFUSED else self.ends_at)


class ReferredInvoice(PlatformModel):
    """An invoice that a referred business paid, as last heard of."""

    id_prefix = "rin"

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="invoices")
    invoice = models.CharField(max_length=MAX_LENGTH, unique=True, help_text="Its id.")
    paid_cents = models.PositiveIntegerField("paid (cents)")
    tax_cents = models.PositiveIntegerField("of it tax (cents)", default=0)
    refunded_cents = models.PositiveIntegerField("refunded (cents)", default=0)
    paid_at = models.DateTimeField()

    class Meta:
        ordering = ["-paid_at", "-id"]

    def __str__(self) -> str:
        return self.invoice

    @property
    def facts(self) -> commission.Invoice:
        """For the arithmetic of commissions."""
        return commission.Invoice(self.paid_cents, self.tax_cents, self.refunded_cents, self.paid_at)


class Payout(PlatformModel):
    """Money that goes to an affiliate: first prepared (its lines are in no other), then paid, or given up."""

    id_prefix = "pyt"

    class Status(models.TextChoices):
        PREPARED = "prepared", "Prepared"
        PAID = "paid", "Paid"
        CANCELED = "canceled", "Canceled"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="payouts")
    amount_cents = models.PositiveIntegerField("amount (cents)", editable=False)
    method = models.CharField(max_length=12, editable=False)
    target = models.CharField("paid to", max_length=254, editable=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.PREPARED, editable=False)
    reference = models.CharField(max_length=80, blank=True, help_text="The transfer's own number.")
    prepared_at = models.DateTimeField(default=timezone.now, editable=False)
    paid_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-prepared_at", "-id"]
        constraints = [
            # Two who prepare at once: the second finds nothing left to prepare.
            models.UniqueConstraint(
                fields=["affiliate"], condition=models.Q(status="prepared"), name="one_payout_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.affiliate}, ${self.amount_cents / 100:,.2f}"


class Line(PlatformModel):
    """One booking of an affiliate's account: a commission or a claw-back. Added, never changed; a payout claims it."""

    id_prefix = "aln"

    affiliate = models.ForeignKey(Affiliate, on_delete=models.PROTECT, related_name="lines")
    invoice = models.ForeignKey(ReferredInvoice, on_delete=models.PROTECT, related_name="lines")
    amount_cents = models.IntegerField("amount (cents)", help_text="Negative = taken back.")
    booked_at = models.DateTimeField(default=timezone.now)
    matures_at = models.DateTimeField("due from")
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="lines")

    class Meta:
        ordering = ["-booked_at", "-id"]
        indexes = [models.Index(fields=["affiliate", "matures_at"], name="affiliate_line_by_due")]

    def __str__(self) -> str:
        return f"{self.amount_cents} cents"

    @property
    def facts(self) -> commission.Line:
        """For the arithmetic; reads the payout, where there is one."""
        paid = self.payout is not None and self.payout.status == Payout.Status.PAID
        return commission.Line(self.amount_cents, self.matures_at, self.payout_id or "", paid)


class TrailEntry(PlatformModel):
    """Who did what about an affiliate. Rows are only ever added; no personal data."""

    id_prefix = "atr"

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.CharField(max_length=120, help_text="user:<id> or system.")
    action = models.CharField(max_length=80)
    target = models.CharField(max_length=80, help_text="Id of the affiliate, referral or payout.")
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "trail of affiliates"

    def __str__(self) -> str:
        return f"{self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("The trail is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError("The trail is append-only.")
