"""What was made of conversations that are over."""

from django.db import models
from django.utils import timezone

from apps.conversations.models import Channel
from apps.tenants.base import TenantModel


class Analysis(TenantModel):
    """The verdict on a conversation up to `covers_at`. When that goes on, it is judged once more at its end.

    A worker that judges it holds it by `claim`; who held it too long has died, and the next one does it.
    """

    id_prefix = "ana"

    class Status(models.TextChoices):
        CLAIMED = "claimed", "Under way"
        DONE = "done", "Done"
        NOTHING = "nothing", "Nothing was said"
        FAILED = "failed", "Could not be done"

    class Sentiment(models.TextChoices):
        POSITIVE = "positive", "Positive"
        NEUTRAL = "neutral", "Neutral"
        NEGATIVE = "negative", "Negative"

    conversation = models.OneToOneField("conversations.Conversation", on_delete=models.CASCADE, related_name="analysis")
    status = models.CharField(max_length=8, choices=Status, default=Status.CLAIMED)
    covers_at = models.DateTimeField("ended", help_text="The conversation's last moment that it knows.")
    channel = models.CharField(max_length=16, choices=Channel)
    agent = models.SlugField(blank=True, help_text="Who spoke last.")
    agent_version = models.PositiveIntegerField(null=True)
    sentiment = models.FloatField(null=True, help_text="From -1 to 1.")
    sentiment_label = models.CharField("mood", max_length=8, choices=Sentiment, blank=True)
    lead_score = models.PositiveSmallIntegerField(null=True, help_text="From 0 to 100.")
    intent = models.CharField(max_length=80, blank=True)
    topics = models.JSONField(default=list)
    satisfaction = models.PositiveSmallIntegerField(null=True, help_text="From 1 to 5.")
    escalation = models.BooleanField("needs a look", default=False)
    escalation_reason = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    answered = models.BooleanField(default=False)
    resolved = models.BooleanField(default=False)
    handed_over = models.BooleanField(default=False, help_text="To a person.")
    booked = models.PositiveSmallIntegerField(default=0)
    is_simulated = models.BooleanField(default=False, help_text="Words were counted; no model has read it.")
    model = models.CharField(max_length=80, blank=True)
    prompt_version = models.CharField(max_length=32, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    analysed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "analyses"
        ordering = ["-covers_at", "-id"]
        indexes = [models.Index(fields=["tenant", "-covers_at"], name="analysis_recent")]

    def __str__(self) -> str:
        return self.intent or self.get_status_display()

    @property
    def is_done(self) -> bool:
        return self.status == self.Status.DONE


class Contribution(TenantModel):
    """One version's part in an analysed conversation: what the figures of agents and versions are sums of."""

    id_prefix = "ctb"

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="contributions")
    agent = models.SlugField()
    version = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(help_text="When the conversation ended.")
    answers = models.PositiveIntegerField(default=0)
    resolved = models.BooleanField(default=False, help_text="It had the last word in a conversation that was resolved.")
    handed_over = models.BooleanField(default=False, help_text="To a person, after its words.")
    booked = models.PositiveSmallIntegerField(default=0)
    sentiment = models.FloatField(default=0.0, help_text="Of the whole conversation.")
    first_words = models.PositiveIntegerField(default=0, help_text="Answers whose wait for the first word is known.")
    first_words_ms = models.PositiveIntegerField(default=0, help_text="The sum of those waits.")
    cost = models.PositiveIntegerField(default=0, help_text="Of the models, in millionths of a dollar.")

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["tenant", "at"], name="contribution_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "agent", "version"], name="one_contribution_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.agent} v{self.version}"
