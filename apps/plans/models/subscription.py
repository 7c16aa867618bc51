"""What a tenant subscribed to."""

from datetime import datetime
from typing import cast

from django.core.exceptions import ValidationError
from django.db import models

from apps.plans.core import trial
from apps.plans.core.catalogue import PLANS, STARTER, Plan
from apps.plans.core.mirror import Held
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

    # What the payment provider has of it (core.mirror.Held), written by `payments.sync` alone.
    customer = models.CharField(max_length=64, blank=True, editable=False, help_text="The provider's id of the tenant.")
    provider_id = models.CharField(max_length=64, blank=True, editable=False)
    provider_status = models.CharField(max_length=16, blank=True, editable=False)
    interval = models.CharField(max_length=8, blank=True, editable=False)
    renews_at = models.DateTimeField(null=True, editable=False)
    cancels_at = models.DateTimeField(null=True, editable=False)
    unpaid_since = models.DateTimeField(null=True, editable=False)
    schedule = models.CharField(max_length=64, blank=True, editable=False)
    next_plan = models.CharField(max_length=32, blank=True, editable=False)
    next_interval = models.CharField(max_length=8, blank=True, editable=False)
    looks_taken = models.PositiveIntegerField(default=0, editable=False)
    look_used = models.PositiveIntegerField(default=0, editable=False)
    warned_of = models.DateTimeField(
        null=True, editable=False, help_text="The `unpaid_since` of which the owners were told."
    )
    compared_at = models.DateTimeField(null=True, editable=False, help_text="With the provider, in full.")
    # The latest of the alerts (core.allowance.ALERT_PERCENTS) of the period that began then.
    alerted_percent = models.PositiveSmallIntegerField(default=0, editable=False)
    alerted_period = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="one_subscription_per_tenant"),
            models.UniqueConstraint(
                fields=["customer"], condition=~models.Q(customer=""), name="one_subscription_per_customer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terms.name} ({self.get_status_display()})"

    @property
    def terms(self) -> Plan:
        """What the plan costs and holds."""
        return PLANS[self.plan]

    @property
    def stored_state(self) -> trial.State:
        """What the trial's machine was last told."""
        status = cast(trial.Status, self.status)
        return trial.State(status, self.trial_ends_at, self.reminded_day, self.unpaid_since)

    def trial_state(self, *, now: datetime) -> trial.State:
        """The state as of now, whether or not a tick came by to store it."""
        return trial.handle(self.stored_state, trial.Tick(), now)[0]

    def period(self, *, now: datetime) -> Period:
        """The monthly period that holds `now`, on the calendar of the business."""
        return period_at(anchor=self.period_started_at.astimezone(self.tenant.zone), now=now)

    @property
    def held(self) -> Held:
        """What we hold of the provider's subscription."""
        return Held(
            id=self.provider_id,
            plan=self.plan if self.provider_id else "",
            interval=self.interval,
            status=self.provider_status,
            unpaid_since=self.unpaid_since,
            renews_at=self.renews_at,
            cancels_at=self.cancels_at,
            schedule=self.schedule,
            next_plan=self.next_plan,
            next_interval=self.next_interval,
        )


class TermsChange(TenantModel):
    """What the plan held from a moment on: what `core.rating` prices interactions by. Rows are only ever added.

    A copy of the plan's numbers: the catalogue may change, what was used before does not.
    """

    id_prefix = "trm"

    since = models.DateTimeField()
    plan = models.CharField(max_length=32)
    included = models.PositiveIntegerField()
    mills = models.PositiveIntegerField(help_text="Price of one interaction beyond, in tenths of a cent.")
    bills = models.BooleanField(help_text="Interactions beyond are billed.")
    months_from = models.DateTimeField(help_text="The monthly periods are counted from here.")

    class Meta(TenantModel.Meta):
        ordering = ["since", "id"]
        indexes = [models.Index(fields=["tenant", "since"], name="terms_by_time")]

    def __str__(self) -> str:
        return f"{self.plan} from {self.since:%Y-%m-%d}"
