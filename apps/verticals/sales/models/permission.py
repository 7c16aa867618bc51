"""Whether somebody may be called. Both are kept by number: people share phones, and phones outlive records."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel


class Consent(TenantModel):
    """That somebody agreed to be called, with where and when they did. It is withdrawn, never deleted or changed."""

    id_prefix = "cns"

    class Kind(models.TextChoices):
        WRITTEN = "written", "In writing"
        SPOKEN = "spoken", "Spoken"

    phone = models.CharField(max_length=20, help_text="E.164, such as +12125550100.")
    kind = models.CharField(max_length=10, choices=Kind)
    source = models.CharField(max_length=200, help_text="Where it was given, such as: form on example.com/demo.")
    wording = models.TextField(blank=True, help_text="What they agreed to, word by word.")
    obtained_at = models.DateTimeField("given")
    expires_at = models.DateTimeField("valid until", null=True, blank=True, help_text="Empty = until withdrawn.")
    withdrawn_at = models.DateTimeField("withdrawn", null=True, blank=True)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    recorded_by = models.CharField(max_length=60, editable=False)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-obtained_at", "id"]
        indexes = [models.Index(fields=["tenant", "phone"], name="consent_by_phone")]
        constraints = [
            models.CheckConstraint(condition=~Q(source=""), name="consent_has_a_source"),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("obtained_at")), name="consent_lasts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phone}: {self.get_kind_display().lower()}, {self.source}"


class DoNotCall(TenantModel):
    """A number that is never called, whatever else is on file."""

    id_prefix = "dnc"

    class Source(models.TextChoices):
        ASKED = "asked", "They asked"
        REGISTER = "register", "Public register"
        TEAM = "team", "Added by the team"

    phone = models.CharField(max_length=20, help_text="E.164, such as +12125550100.")
    source = models.CharField(max_length=10, choices=Source, default=Source.TEAM)
    reason = models.CharField(max_length=200, blank=True)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    added_by = models.CharField(max_length=60, editable=False)
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "number not to call"
        verbose_name_plural = "do-not-call list"
        ordering = ["-added_at", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "phone"], name="a_number_once_on_the_list")]

    def __str__(self) -> str:
        return self.phone
