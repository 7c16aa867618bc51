"""Who is invited to a team, and how far a new business has come."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.core import validity
from apps.tenants.base import TenantModel
from apps.tenants.models import Role, User


class Invitation(TenantModel):
    """A place on the team, offered to an e-mail address. The link's secret is in the mail alone; we keep its hash."""

    id_prefix = "inv"

    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=16, choices=Role, default=Role.STAFF)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-sent_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_address",
                violation_error_message="This address has an invitation already. Send that one again.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    def state(self, *, now: datetime) -> validity.State:
        """Whether it can still be accepted."""
        return validity.state_of(
            expires_at=self.expires_at, accepted_at=self.accepted_at, withdrawn_at=self.withdrawn_at, now=now
        )


class FirstSteps(TenantModel):
    """What the checklist of a new business cannot read elsewhere; one row."""

    id_prefix = "fst"

    signup = models.CharField(
        max_length=40, null=True, unique=True, editable=False, help_text="The sign-up it came from: one, one business."
    )
    embedded_on = models.CharField(
        max_length=200, blank=True, editable=False, help_text="The first website that showed the chat."
    )
    embedded_at = models.DateTimeField(null=True, editable=False)
    hours_confirmed_at = models.DateTimeField(null=True, editable=False)
    hidden_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "first steps"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_checklist_per_tenant")]

    def __str__(self) -> str:
        return "First steps"
