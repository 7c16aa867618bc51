"""The phone numbers that reach a business."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel

E164 = RegexValidator(r"^\+[1-9][0-9]{6,14}\Z", "Expected E.164, such as +12125550100.")


class CarrierName(models.TextChoices):
    TWILIO = "twilio", "Twilio"
    TELNYX = "telnyx", "Telnyx"
    PLIVO = "plivo", "Plivo"
    VONAGE = "vonage", "Vonage"


class PhoneNumber(TenantModel):
    """A number that people call or text; it belongs to one tenant of the platform."""

    id_prefix = "num"

    number = models.CharField(max_length=16, unique=True, validators=[E164], help_text="E.164, such as +12125550100.")
    carrier = models.CharField(max_length=16, choices=CarrierName, default=CarrierName.TWILIO)
    agent = models.SlugField(blank=True, help_text="Slug of the agent that answers; empty = the front agent.")
    label = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["number"]

    def __str__(self) -> str:
        return self.label or self.number
