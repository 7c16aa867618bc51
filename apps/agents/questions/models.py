"""Questions that an owner keeps, and what drafts made of them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


def check_words(value: Any) -> None:
    """Raises ValidationError unless `value` is a list of texts with something in them."""
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValidationError("Expected a list of words.")


class SavedQuestion(TenantModel):
    """A visitor's message, and what must and must not come of it."""

    id_prefix = "que"

    agent = models.ForeignKey("agents.Agent", on_delete=models.CASCADE, related_name="questions")
    question = models.CharField(max_length=500, help_text="As a visitor would write it.")
    calls = models.JSONField(
        "uses",
        default=list,
        blank=True,
        validators=[check_words],
        help_text="What it must do to find the answer, in this order.",
    )
    says = models.JSONField(
        "must say",
        default=list,
        blank=True,
        validators=[check_words],
        help_text="Words or sentences that must be in the answer, one on each line.",
    )
    never = models.JSONField(
        "must not say",
        default=list,
        blank=True,
        validators=[check_words],
        help_text="Words that must not be in it, one on each line.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.question


class Examination(TenantModel):
    """The saved questions, put to a draft. A worker asks them; who held it too long has died, and the next goes on.

    `content` is the draft's and the questions' as they were (`agents.content.stamp`): it says nothing of any other.
    """

    id_prefix = "exa"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Could not be run"

    version = models.ForeignKey("agents.AgentVersion", on_delete=models.CASCADE, related_name="examinations")
    content = models.CharField(max_length=64, editable=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING, editable=False)
    questions = models.JSONField(default=list, editable=False, help_text="As they were when it was asked for.")
    results = models.JSONField(default=list, editable=False, help_text="Of each that was asked: what came of it.")
    asked_by = models.CharField(max_length=40, editable=False)
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["status", "claimed_at"], name="examinations_to_run")]

    def __str__(self) -> str:
        return f"{len(self.results)} of {len(self.questions)} questions"

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.DONE, self.Status.FAILED)

    @property
    def passed(self) -> int:
        """How many questions were answered as they must be."""
        return sum(not result["problems"] for result in self.results)

    @property
    def failed(self) -> int:
        return len(self.results) - self.passed
