"""The usage ledger."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel


class UsageKind(models.TextChoices):
    INTERACTION = "interaction", "Interaction"
    MESSAGE = "message", "Message answered"
    INPUT_TOKENS = "input_tokens", "Tokens read"
    OUTPUT_TOKENS = "output_tokens", "Tokens written"
    CALL_SECONDS = "call_seconds", "Seconds of calls"
    COST = "cost", "Cost of models, in millionths of a dollar"


class UsageEntry(TenantModel):
    """One line of the usage ledger. Rows are only ever added."""

    id_prefix = "use"

    kind = models.CharField(max_length=16, choices=UsageKind)
    conversation_id = models.CharField("conversation", max_length=MAX_LENGTH)
    # Copied, not joined: the ledger outlives the transcript.
    agent = models.CharField(max_length=50, blank=True, help_text="Slug of the agent who spoke.")
    widget_key = models.CharField("website chat", max_length=MAX_LENGTH, blank=True)
    visitor = models.CharField(max_length=40, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "usage ledger"
        indexes = [
            models.Index(fields=["tenant", "kind", "at"], name="usage_by_time"),
            # The constraint's index is partial, and SQLite cannot use that for a bound `kind`.
            models.Index(fields=["tenant", "kind", "conversation_id"], name="usage_by_conversation"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "conversation_id"],
                condition=models.Q(kind=UsageKind.INTERACTION),
                name="one_interaction_per_conversation",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.get_kind_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("The usage ledger is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError("The usage ledger is append-only.")
