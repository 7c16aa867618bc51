"""What is on the market, and who comes to see it."""

import builtins

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.business.models import Booking, Staff
from apps.tenants.base import TenantModel
from apps.verticals.real_estate.models.places import Property


class Purpose(models.TextChoices):
    SALE = "sale", "For sale"
    RENT = "rent", "To rent"


class ListingStatus(models.TextChoices):
    AVAILABLE = "available", "Available"
    UNDER_OFFER = "under_offer", "Under offer"
    SOLD = "sold", "Sold"
    LEASED = "leased", "Leased"
    WITHDRAWN = "withdrawn", "Withdrawn"


ON_MARKET = (ListingStatus.AVAILABLE, ListingStatus.UNDER_OFFER)


class Listing(TenantModel):
    """A home on the market. `price_cents` is the asked price, or the rent of a week."""

    id_prefix = "lst"

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="listings")
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.SALE)
    status = models.CharField(max_length=16, choices=ListingStatus, default=ListingStatus.AVAILABLE)
    price_cents = models.PositiveBigIntegerField("price or weekly rent (cents)")
    price_text = models.CharField(
        max_length=80, blank=True, help_text="Instead of the figure, such as Auction, guide $1.9m. Empty = the figure."
    )
    headline = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    agent = models.ForeignKey(
        Staff,
        on_delete=models.RESTRICT,
        related_name="listings",
        help_text="Whose calendar viewings go into.",
    )
    available_from_date = models.DateField("available from", null=True, blank=True)
    listed_date = models.DateField("listed on", default=timezone.localdate)

    class Meta(TenantModel.Meta):
        ordering = ["-listed_date", "id"]
        indexes = [models.Index(fields=["tenant", "purpose", "status"], name="listing_on_market")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "property", "purpose"],
                condition=Q(status__in=["available", "under_offer"]),
                name="on_the_market_once",
            ),
            models.CheckConstraint(condition=Q(price_cents__gt=0), name="listing_has_a_price"),
        ]

    def __str__(self) -> str:
        return self.headline

    @builtins.property
    def is_on_market(self) -> bool:
        return self.status in ON_MARKET


class Viewing(TenantModel):
    """A booking's purpose: to see a listing. Visitor and agent are the booking's contact and staff."""

    id_prefix = "vwg"

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="viewing")
    listing = models.ForeignKey(Listing, on_delete=models.RESTRICT, related_name="viewings")
    feedback = models.CharField(max_length=500, blank=True, help_text="What the visitor said afterwards.")

    class Meta(TenantModel.Meta):
        ordering = ["booking__starts_at", "id"]

    def clean(self) -> None:
        """A viewing is in the calendar of the agent who shows the home."""
        if not self.booking_id or not self.listing_id:
            return  # the form says what is missing
        if self.booking.staff_id != self.listing.agent_id:
            raise ValidationError({"booking": f"{self.listing.agent} shows this home, not {self.booking.staff}."})

    def __str__(self) -> str:
        return f"{self.booking.reference}: {self.listing}"
