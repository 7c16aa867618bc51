"""What was asked of the live floor, by whom, and what came of it: also what was refused."""

from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


class Command(TenantModel):
    """One command of one person. The same `key` again is the same command, and has the same answer."""

    id_prefix = "cmd"

    user = models.CharField(max_length=32, help_text="The user's id.")
    who = models.CharField(max_length=150, help_text="Their name then.")
    role = models.CharField(max_length=16, blank=True, help_text="Their role then; empty = none any more.")
    key = models.CharField(max_length=64, help_text="The client's own id of the command.")
    name = models.CharField(max_length=32)
    target = models.CharField(max_length=64, blank=True, help_text="Id of an agent, a call or a lead.")
    args = models.JSONField(default=dict)
    version = models.PositiveIntegerField(null=True, help_text="Of the target, as they saw it.")
    ack = models.JSONField(default=dict, help_text="The answer; empty while it is not known what came of it.")
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["tenant", "-at"], name="command_recent")]
        constraints = [models.UniqueConstraint(fields=["tenant", "user", "key"], name="a_command_once")]

    def __str__(self) -> str:
        return f"{self.name} by {self.who}"
