"""Where homes are, and what they are."""

from django.db import models

from apps.tenants.base import TenantModel


class Suburb(TenantModel):
    """A suburb and what agents may tell about it. Money in cents; what is empty is not known."""

    id_prefix = "sbr"

    name = models.CharField(max_length=80)
    postcode = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=40, blank=True)
    median_house_price_cents = models.PositiveBigIntegerField("median house price (cents)", null=True, blank=True)
    median_unit_price_cents = models.PositiveBigIntegerField("median unit price (cents)", null=True, blank=True)
    median_weekly_rent_cents = models.PositiveIntegerField("median weekly rent (cents)", null=True, blank=True)
    yearly_growth_percent = models.DecimalField(
        "price growth in 12 months (%)", max_digits=5, decimal_places=1, null=True, blank=True
    )
    days_on_market = models.PositiveSmallIntegerField(null=True, blank=True)
    commute_minutes = models.PositiveSmallIntegerField(
        "minutes to the center", null=True, blank=True, help_text="By public transport."
    )
    population = models.PositiveIntegerField(null=True, blank=True)
    schools = models.CharField(max_length=300, blank=True)
    transport = models.CharField(max_length=300, blank=True)
    shops = models.CharField(max_length=300, blank=True)
    lifestyle = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=120, blank=True, help_text="Where the figures come from.")
    as_of_date = models.DateField("figures of", null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_suburb_per_name")]

    def __str__(self) -> str:
        return self.name


class PropertyType(models.TextChoices):
    HOUSE = "house", "House"
    APARTMENT = "apartment", "Apartment"
    TOWNHOUSE = "townhouse", "Townhouse"
    VILLA = "villa", "Villa"
    LAND = "land", "Land"


class Property(TenantModel):
    """A home, whether it is for sale, to rent or under management."""

    id_prefix = "prp"

    street_address = models.CharField(max_length=120, help_text="Such as 3/18 Wharf Road.")
    suburb = models.ForeignKey(Suburb, on_delete=models.RESTRICT, related_name="properties")
    property_type = models.CharField(max_length=12, choices=PropertyType, default=PropertyType.HOUSE)
    bedrooms = models.PositiveSmallIntegerField(default=0)
    bathrooms = models.PositiveSmallIntegerField(default=0)
    parking_spaces = models.PositiveSmallIntegerField(default=0)
    floor_area = models.PositiveIntegerField("floor area (m²)", null=True, blank=True)
    land_area = models.PositiveIntegerField("land area (m²)", null=True, blank=True)
    built_year = models.PositiveSmallIntegerField(null=True, blank=True)
    features = models.CharField(
        max_length=300, blank=True, help_text="With commas: garden, pool, balcony. Searches go by these words."
    )
    pets_considered = models.BooleanField(default=False)
    is_managed = models.BooleanField("under our management", default=False)
    notes = models.TextField("notes for renters", blank=True, help_text="Agents may tell renters what stands here.")

    class Meta(TenantModel.Meta):
        verbose_name_plural = "properties"
        ordering = ["suburb__name", "street_address", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "suburb", "street_address"], name="one_property_per_address")
        ]

    def __str__(self) -> str:
        return self.street_address

    @property
    def address(self) -> str:
        """Such as "3/18 Wharf Road, Balmain"; needs its suburb."""
        return f"{self.street_address}, {self.suburb.name}"
