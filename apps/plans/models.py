"""What a tenant subscribed to, and what it used."""

from datetime import datetime
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models

from apps.common.ids import MAX_LENGTH
from apps.plans.core import trial
from apps.plans.core.catalogue import PLANS, STARTER, Plan
from apps.plans.core.period import Period, period_at
from apps.tenants.base import TenantModel

CLOSING_MESSAGE = "Thank you for your message. We cannot answer here at the moment; please contact us directly."


def check_plan(slug: str) -> None:
    """Raises ValidationError unless `slug` is a plan's."""
    if slug not in PLANS:
        raise ValidationError(f"“{slug}” is not a plan. Plans: {', '.join(PLANS)}.")


class Status(models.TextChoices):
    TRIAL = "trial", "Trial"
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    CANCELED = "canceled", "Canceled"


class OverageChoice(models.TextChoices):
    STOP = "stop", "Stop answering"
    BILL = "bill", "Keep answering and bill each"


class Subscription(TenantModel):
    """The tenant's one subscription. Its status may lag behind the clock: read `trial_state(now=…)`."""

    id_prefix = "sub"

    # No choices: plans are data, and a new one must not need a migration.
    plan = models.CharField(max_length=32, default=STARTER.slug, validators=[check_plan])
    status = models.CharField(max_length=16, choices=Status, default=Status.TRIAL, editable=False)
    trial_started_at = models.DateTimeField(editable=False)
    trial_ends_at = models.DateTimeField(editable=False)
    reminded_day = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Day of the trial's latest reminder; 0 = none yet."
    )
    overage = models.CharField(
        "at the limit",
        max_length=8,
        choices=OverageChoice,
        default=OverageChoice.STOP,
        help_text="What happens when the interactions of the month are used up.",
    )
    closing_message = models.TextField(
        max_length=500,
        default=CLOSING_MESSAGE,
        help_text="What visitors read while the agents do not answer.",
    )
    period_started_at = models.DateTimeField(
        "periods counted from", editable=False, help_text="Start of the first monthly period."
    )

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_subscription_per_tenant")]

    def __str__(self) -> str:
        return f"{self.terms.name} ({self.get_status_display()})"

    @property
    def terms(self) -> Plan:
        """What the plan costs and holds."""
        return PLANS[self.plan]

    @property
    def stored_state(self) -> trial.State:
        """What the trial's machine was last told."""
        return trial.State(cast(trial.Status, self.status), self.trial_ends_at, self.reminded_day)

    def trial_state(self, *, now: datetime) -> trial.State:
        """The state as of now, whether or not a tick came by to store it."""
        return trial.handle(self.stored_state, trial.Tick(), now)[0]

    def period(self, *, now: datetime) -> Period:
        """The monthly period that holds `now`, on the calendar of the business."""
        return period_at(anchor=self.period_started_at.astimezone(self.tenant.zone), now=now)


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
