"""What is special about a dental practice: whom to call for the next cleaning."""

from django.db import models

from apps.business.models import Contact
from apps.tenants.base import TenantModel


class Recall(TenantModel):
    """Somebody who wants to be reminded of their next visit."""

    id_prefix = "rcl"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="dental_recall")
    months = models.PositiveSmallIntegerField(help_text="Between two visits, such as 6.")
    wish = models.CharField(max_length=200, blank=True, help_text="In the patient's words.")

    class Meta(TenantModel.Meta):
        ordering = ["contact__family_key", "id"]

    def __str__(self) -> str:
        return f"{self.contact}: every {self.months} months"
