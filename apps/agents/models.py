"""A tenant's agents and their versions."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


def check_names(value: Any) -> None:
    """Raises ValidationError unless `value` is a list of different names."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value) or len(set(value)) != len(value):
        raise ValidationError("Expected a list of different names.")


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
    tools = models.JSONField(
        default=list, blank=True, validators=[check_names], help_text="Names of the tools it may call."
    )
    hands_over_to = models.JSONField(default=list, blank=True, validators=[check_names], help_text="Slugs of agents.")
    model = models.CharField(max_length=80, blank=True, help_text="Empty = the platform's default.")
    voice = models.CharField(max_length=40, default="marin")
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
