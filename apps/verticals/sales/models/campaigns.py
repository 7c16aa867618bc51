"""Campaigns: who is to be called, by which agent, when, how often, and what is never done."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.tenants.base import TenantModel
from apps.verticals.sales.core.gate import WORDS
from apps.verticals.sales.core.hours import LAWFUL
from apps.verticals.sales.core.pacing import MOST_LINES
from apps.verticals.sales.models.leads import Lead

KINDS = ("outbound", "lead")
"""Agents that talk to people whom we call."""
REASONS = [(reason, words) for reason, words in WORDS.items()]


class DialingRules(TenantModel):
    """What holds for every campaign of the account; one row."""

    id_prefix = "drl"

    lines = models.PositiveSmallIntegerField(
        default=5, validators=[MaxValueValidator(MOST_LINES)], help_text="Calls at the same time, of all campaigns."
    )
    max_per_day = models.PositiveSmallIntegerField(
        "calls to a number within 24 hours", default=2, validators=[MaxValueValidator(3)]
    )
    abandon_percent = models.PositiveSmallIntegerField(
        "abandoned calls (%)",
        default=3,
        validators=[MaxValueValidator(3)],
        help_text="When more of those who answer find nobody to talk to, no call is begun. By law at most 3.",
    )
    is_stopped = models.BooleanField("stop all calls", default=False, help_text="At once, for every campaign.")

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = "dialing rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="one_set_of_dialing_rules"),
            models.CheckConstraint(condition=Q(lines__lte=MOST_LINES), name="lines_at_most"),
            models.CheckConstraint(condition=Q(max_per_day__lte=3), name="calls_a_day_at_most"),
            models.CheckConstraint(condition=Q(abandon_percent__lte=3), name="abandoned_at_most"),
        ]

    def __str__(self) -> str:
        return "Dialing rules"


class Campaign(TenantModel):
    """Calls to a number of leads for one purpose."""

    id_prefix = "cmp"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"

    name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=200, help_text="Said at the beginning of each call: “I am calling about …”.")
    agent = models.SlugField("agents", default="outbound", help_text="Kind of agent that talks: outbound or lead.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    start_date = models.DateField("first day", null=True, blank=True, help_text="Empty = from now on.")
    end_date = models.DateField("last day", null=True, blank=True, help_text="Empty = until all are called.")
    opens = models.TimeField("not before", default=dt.time(9), help_text="On the clock of whoever is called.")
    closes = models.TimeField("not after", default=dt.time(18), help_text="On the clock of whoever is called.")
    max_attempts = models.PositiveSmallIntegerField(
        "calls to a lead", default=3, validators=[MinValueValidator(1), MaxValueValidator(8)]
    )
    needs_written_consent = models.BooleanField(
        default=True, help_text="Calls with an artificial voice for advertising need it in writing (47 CFR § 64.1200)."
    )
    retry_busy_minutes = models.PositiveIntegerField("after busy (minutes)", default=30)
    retry_no_answer_minutes = models.PositiveIntegerField("after no answer (minutes)", default=1_440)
    retry_machine_minutes = models.PositiveIntegerField("after an answering machine (minutes)", default=2_880)
    voicemail = models.CharField(
        "message on machines", max_length=300, blank=True, help_text="Empty = none. How to opt out is added to it."
    )
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["status"], name="campaign_by_status")]
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="campaign_closes_after_opening"),
            models.CheckConstraint(
                condition=Q(opens__gte=LAWFUL.opens) & Q(closes__lte=LAWFUL.closes), name="campaign_in_lawful_hours"
            ),
            models.CheckConstraint(condition=Q(max_attempts__gte=1), name="campaign_calls_at_least_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.agent and self.agent not in KINDS:
            raise ValidationError({"agent": "Calls are made by outbound or lead."})
        if self.opens and self.closes:
            if self.opens >= self.closes:
                raise ValidationError({"closes": "It must be later than the beginning."})
            if self.opens < LAWFUL.opens or self.closes > LAWFUL.closes:
                raise ValidationError({"opens": "By law, nobody is called before 8 AM or after 9 PM."})
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise ValidationError({"end_date": "It must not be before the first day."})


class CampaignLead(TenantModel):
    """A lead of a campaign: whether they are still to be called, when, and if not, why."""

    id_prefix = "cml"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        CALLING = "calling", "On the phone"
        DONE = "done", "Reached"
        SKIPPED = "skipped", "Skipped"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="entries")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="entries")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    next_at = models.DateTimeField("not before", default=timezone.now)
    attempts = models.PositiveSmallIntegerField("calls", default=0)
    reason = models.CharField("why", max_length=24, choices=REASONS, blank=True)
    ending = models.CharField("last call", max_length=16, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = "lead in a campaign"
        verbose_name_plural = "leads in campaigns"
        ordering = ["next_at", "id"]
        indexes = [
            models.Index(fields=["campaign", "state", "next_at"], name="campaign_lead_due"),
        ]
        constraints = [models.UniqueConstraint(fields=["campaign", "lead"], name="a_lead_once_a_campaign")]

    def __str__(self) -> str:
        return f"{self.lead} in {self.campaign}"
