"""What a visitor is after: shared by the agents of one conversation, and a lead for the office."""

from django.db import models
from django.utils import timezone

from apps.business.models import Contact
from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel
from apps.verticals.real_estate.models.listings import Listing


class Intent(models.TextChoices):
    BUY = "buy", "Buy"
    RENT = "rent", "Rent"
    FINANCE = "finance", "Finance"
    VIEWING = "viewing", "View a home"


class Enquiry(TenantModel):
    """What one conversation is about, as its tools have learned it. Money in cents; empty = not said."""

    id_prefix = "enq"

    conversation_id = models.CharField(max_length=MAX_LENGTH, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="enquiries")
    intent = models.CharField(max_length=8, choices=Intent, blank=True)
    wish = models.CharField("looking for", max_length=300, blank=True)
    budget_cents = models.PositiveBigIntegerField("budget (cents)", null=True, blank=True)
    loan_price_cents = models.PositiveBigIntegerField("price financed (cents)", null=True, blank=True)
    loan_deposit_cents = models.PositiveBigIntegerField("deposit (cents)", null=True, blank=True)
    loan_rate = models.DecimalField("interest rate (%)", max_digits=6, decimal_places=3, null=True, blank=True)
    loan_years = models.PositiveSmallIntegerField("term (years)", null=True, blank=True)
    loan_frequency = models.CharField("repaid", max_length=12, blank=True)
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "enquiries"
        ordering = ["-updated_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "conversation_id"], name="one_enquiry_per_conversation")
        ]

    def __str__(self) -> str:
        return self.wish or self.get_intent_display() or "Enquiry"


class EnquiredListing(TenantModel):
    """That a listing came up in an enquiry; `is_favorite` once the visitor asked for more or for a viewing."""

    id_prefix = "enl"

    enquiry = models.ForeignKey(Enquiry, on_delete=models.CASCADE, related_name="listings")
    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="enquiries")
    is_favorite = models.BooleanField("asked about", default=False)

    class Meta(TenantModel.Meta):
        verbose_name = "listing shown"
        verbose_name_plural = "listings shown"
        ordering = ["-is_favorite", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "enquiry", "listing"], name="listing_enquired_about_once")
        ]

    def __str__(self) -> str:
        return str(self.listing)
