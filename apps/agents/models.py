"""A tenant's agents and their versions, and what they answer from."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from apps.agents.knowledge.models import KnowledgeFile, KnowledgePiece, KnowledgeSource
from apps.agents.questions.models import Examination, SavedQuestion
from apps.tenants.base import TenantModel

__all__ = [
    "OWNERS_FIELDS",
    "Agent",
    "AgentVersion",
    "Examination",
    "HumanTrigger",
    "KnowledgeFile",
    "KnowledgePiece",
    "KnowledgeSource",
    "LineAudio",
    "SavedQuestion",
    "TurnEnd",
    "check_names",
    "check_triggers",
    "usual_triggers",
]


def check_names(value: Any) -> None:
    """Raises ValidationError unless `value` is a list of different names."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value) or len(set(value)) != len(value):
        raise ValidationError("Expected a list of different names.")


MOST_SUGGESTIONS = 4
LONGEST_SUGGESTION = 60


def check_suggestions(value: Any) -> None:
    """Raises ValidationError unless `value` is a list of few short questions."""
    check_names(value)
    if len(value) > MOST_SUGGESTIONS:
        raise ValidationError(f"At most {MOST_SUGGESTIONS} questions fit under the greeting.")
    if any(not 0 < len(text) <= LONGEST_SUGGESTION for text in value):
        raise ValidationError(f"Each question has 1 to {LONGEST_SUGGESTION} characters.")


class HumanTrigger(models.TextChoices):
    """When the visitor is offered a human."""

    REQUEST = "request", "The visitor asks for a person"
    LOW_CONFIDENCE = "low_confidence", "It is not sure of the answer"
    TOOL_FAILURES = "tool_failures", "What it tries fails again and again"
    OUTSIDE_HOURS = "outside_hours", "The business is closed"
    SENSITIVE = "sensitive", "The subject is sensitive"


def usual_triggers() -> list[str]:
    """What an agent begins with: all but the hours, which many businesses want answered by the agent itself."""
    return [trigger.value for trigger in HumanTrigger if trigger is not HumanTrigger.OUTSIDE_HOURS]


def check_triggers(value: Any) -> None:
    """Raises ValidationError unless `value` is a list of different triggers."""
    check_names(value)
    if strangers := [name for name in value if name not in HumanTrigger.values]:
        raise ValidationError(f"“{strangers[0]}” is not among {', '.join(HumanTrigger.values)}.")


OWNERS_FIELDS = (
    "greeting",
    "suggestions",
    "instructions",
    "tools",
    "sources",
    "hands_over_to",
    "human_on",
    "human_words",
    "answers_outside_hours",
    "outside_words",
    "title",
    "accent",
    "model",
    "voice",
    "turn_end",
    "silence_ms",
    "line_audio",
)
"""Of a version: what an owner edits in a draft, and what the next draft begins with."""


class Agent(TenantModel):
    """Somebody who answers. What it says and may do is in its versions."""

    id_prefix = "agt"

    slug = models.SlugField()
    name = models.CharField(max_length=60, help_text="What visitors call it.")
    role = models.CharField(max_length=200, help_text="One line; the other agents read it to decide on a handoff.")
    vertical = models.SlugField(editable=False)
    is_front = models.BooleanField(default=False, help_text="Meets every visitor.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-is_front", "name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="one_agent_per_slug"),
            models.UniqueConstraint(fields=["tenant"], condition=models.Q(is_front=True), name="one_front_agent"),
        ]

    def __str__(self) -> str:
        return self.name


class LineAudio(models.TextChoices):
    AUTOMATIC = "auto", "As the line carries it"
    CONVERTED = "pcm16", "Converted to 24 kHz"


class TurnEnd(models.TextChoices):
    SILENCE = "silence", "When they are silent"
    MEANING = "meaning", "When what they said sounds complete"


class AgentVersion(TenantModel):
    """What an agent is at one time. Published and retired versions never change: transcripts name them."""

    id_prefix = "ver"

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT, editable=False)
    instructions = models.TextField()
    greeting = models.CharField(max_length=300)
    suggestions = models.JSONField(
        "questions to begin with",
        default=list,
        blank=True,
        validators=[check_suggestions],
        help_text="Shown under the greeting; visitors ask them with one tap.",
    )
    tools = models.JSONField(
        default=list, blank=True, validators=[check_names], help_text="Names of the tools it may call."
    )
    sources = models.JSONField(
        "answers from",
        default=list,
        blank=True,
        validators=[check_names],
        help_text="Ids of documents. None = all that are in use.",
    )
    hands_over_to = models.JSONField(default=list, blank=True, validators=[check_names], help_text="Slugs of agents.")
    human_on = models.JSONField("offers a person when", default=usual_triggers, blank=True, validators=[check_triggers])
    human_words = models.TextField(
        "what it says then",
        max_length=500,
        blank=True,
        help_text="What the visitor is told when a person is to take over. Empty = a sentence of ours.",
    )
    answers_outside_hours = models.BooleanField(
        "answers outside opening hours",
        default=True,
        help_text="Off: while the business is closed visitors get the words for closed hours, and nothing else.",
    )
    outside_words = models.TextField(
        "what it says while closed",
        max_length=500,
        blank=True,
        help_text="For visitors who come outside opening hours. Empty = what your team's settings in the inbox say.",
    )
    title = models.CharField(
        "title of the chat", max_length=60, blank=True, help_text="Empty = what the website chat says."
    )
    accent = models.CharField(
        "color of the chat",
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Expected a color such as #0f766e.")],
        help_text="Such as #0f766e. Empty = what the website chat says.",
    )
    model = models.CharField(max_length=80, blank=True, help_text="Empty = the platform's default.")
    voice = models.CharField(max_length=40, default="marin")
    turn_end = models.CharField("answers callers", max_length=16, choices=TurnEnd, default=TurnEnd.SILENCE)
    silence_ms = models.PositiveSmallIntegerField(
        "silence that ends a turn",
        default=500,
        validators=[MinValueValidator(200), MaxValueValidator(2_000)],
        help_text="Milliseconds. Less answers sooner, and cuts off who stops to think.",
    )
    line_audio = models.CharField(
        "audio of phone calls",
        max_length=16,
        choices=LineAudio,
        default=LineAudio.AUTOMATIC,
        help_text="What the model hears and speaks: the telephone's own format, or 24 kHz made of it, for models that "
        "want that. The agent who takes a call decides for the whole call.",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["agent"], condition=models.Q(status="published"), name="one_published_version"
            ),
            models.UniqueConstraint(fields=["agent"], condition=models.Q(status="draft"), name="one_draft"),
        ]

    def __str__(self) -> str:
        return f"{self.agent.name} v{self.number} ({self.get_status_display().lower()})"
