"""Where a business wants to be told of what happens, and what it was told."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.common.ids import MAX_LENGTH, new_id
from apps.common.sealing import seal, unseal
from apps.tenants.base import TenantModel


def check_events(names: Any) -> None:
    """Raises ValidationError unless `names` is a list of different names."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise ValidationError("Expected a list of different events.")


class WebhookEndpoint(TenantModel):
    """An address that is told of the events it has chosen. Its secrets are sealed: we sign with them."""

    id_prefix = "whk"

    url = models.CharField("address", max_length=500)
    description = models.CharField(max_length=120, blank=True)
    events = models.JSONField(default=list, validators=[check_events], help_text="Such as booking.created.")
    is_active = models.BooleanField("is told", default=True)
    sealed_secret = models.TextField(editable=False)
    sealed_previous = models.TextField(blank=True, editable=False)
    previous_until = models.DateTimeField(
        null=True, editable=False, help_text="Until then what is sent is signed with the secret before, too."
    )
    failing_since = models.DateTimeField(null=True, editable=False, help_text="Nothing has arrived since.")
    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=200, blank=True, editable=False)
    is_told = models.BooleanField(
        default=True, editable=False, help_text="False while its owners are still to be told that it was switched off."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        verbose_name = "webhook"
        ordering = ["-created_at", "id"]
        # Of all tenants: whose owners are to be told.
        indexes = [models.Index(fields=["disabled_at"], condition=Q(is_told=False), name="webhook_to_tell")]

    def __str__(self) -> str:
        return self.description or self.url

    def secrets(self, *, at: Any) -> list[str]:
        """What a message is signed with at a moment: the secret, and the one before while it still counts."""
        found = [unseal(self.sealed_secret)]
        if self.sealed_previous and self.previous_until is not None and at < self.previous_until:
            found.append(unseal(self.sealed_previous))
        return found

    def take_secret(self, secret: str) -> None:
        """From now on `secret` signs."""
        self.sealed_secret = seal(secret)


def new_event_id() -> str:
    return new_id("evt")


class WebhookDelivery(TenantModel):
    """One event for one endpoint: the outbox, written with what happened, and the log of what came of it.

    It names the object and holds nothing of it, so what is sent is the object as it is then, and nobody's data stays
    here. While a worker has it, `next_at` is when another may take it up.
    """

    id_prefix = "whd"

    class Status(models.TextChoices):
        PENDING = "pending", "To be delivered"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", verbose_name="webhook"
    )
    event_id = models.CharField("event", max_length=MAX_LENGTH, default=new_event_id, editable=False)
    event = models.CharField("kind", max_length=60, editable=False)
    object_id = models.CharField("about", max_length=MAX_LENGTH, blank=True, editable=False)
    happened_at = models.DateTimeField(default=timezone.now, editable=False)
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_at = models.DateTimeField("next attempt", default=timezone.now, editable=False)
    first_tried_at = models.DateTimeField(null=True, editable=False)
    tried_at = models.DateTimeField("last attempt", null=True, editable=False)
    answered = models.PositiveSmallIntegerField(
        "answer", null=True, editable=False, help_text="The status code of the last answer."
    )
    duration_ms = models.PositiveIntegerField("took (ms)", null=True, editable=False)
    error = models.CharField(max_length=200, blank=True, editable=False, help_text="Why there was no answer.")
    response_head = models.CharField("the answer's beginning", max_length=500, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "webhook delivery"
        verbose_name_plural = "webhook deliveries"
        ordering = ["-id"]
        indexes = [
            # Of all tenants: what is due, by endpoint, so that one with many holds up no other.
            models.Index(fields=["endpoint", "next_at"], condition=Q(status="pending"), name="webhook_due"),
            models.Index(fields=["endpoint", "status", "-id"], name="webhook_log"),
            models.Index(fields=["happened_at"], name="webhook_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} ({self.get_status_display().lower()})"
