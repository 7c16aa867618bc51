"""What the inbox knows of each member: whom to tell, and what they have seen."""

from django.db import models

from apps.conversations.models import Conversation
from apps.tenants.base import TenantModel
from apps.tenants.models import Membership


class Notify(models.TextChoices):
    WAITING = "waiting", "When somebody waits for a person"
    NONE = "none", "Never"


class Seat(TenantModel):
    """A member's place at the inbox; made when they first open it."""

    id_prefix = "seat"

    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="+")
    notify = models.CharField("e-mail", max_length=10, choices=Notify, default=Notify.WAITING)
    since = models.DateTimeField(editable=False, help_text="What happened before is not new to them.")

    def __str__(self) -> str:
        return f"Seat of {self.membership}"


class Seen(TenantModel):
    """Up to where a member has read a conversation."""

    id_prefix = "seen"

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["membership", "conversation"], name="one_mark_per_member_and_conversation")
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} by {self.membership_id}"
