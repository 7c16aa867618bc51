"""Calls of people who ring us: which agent of the floor has them."""

from django.db import models
from django.utils import timezone

from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel
from apps.verticals.sales.models.dialing import Disposition
from apps.verticals.sales.models.leads import Lead
from apps.verticals.sales.models.team import TeamAgent


class ReceivedCall(TenantModel):
    """A call that came in, by phone or from the browser. An agent of the floor is taken while it is open.

    `agent` is None while every agent of the kind that talks is busy: the caller is answered all the same.
    """

    id_prefix = "rcv"

    class State(models.TextChoices):
        TALKING = "talking", "Talking"
        ENDED = "ended", "Ended"

    call_id = models.CharField(max_length=MAX_LENGTH, editable=False)
    conversation_id = models.CharField(max_length=MAX_LENGTH, editable=False)
    kind = models.SlugField(help_text="Slug of the agent that talks now.")
    agent = models.ForeignKey(TeamAgent, on_delete=models.SET_NULL, null=True, blank=True, related_name="received")
    lead = models.ForeignKey(Lead, on_delete=models.SET_NULL, null=True, blank=True, related_name="received")
    phone = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.TALKING)
    disposition = models.CharField("outcome", max_length=20, choices=Disposition, blank=True)
    note = models.CharField(max_length=400, blank=True)
    began_at = models.DateTimeField("begun", default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    seconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = "received call"
        ordering = ["-began_at", "id"]
        indexes = [
            models.Index(fields=["tenant", "-began_at"], name="received_recent"),
            models.Index(fields=["tenant", "conversation_id"], name="received_in_conversation"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "call_id"], name="a_call_received_once"),
            models.UniqueConstraint(
                fields=["agent"], condition=~models.Q(state="ended"), name="an_agent_on_one_received_call"
            ),
        ]

    def __str__(self) -> str:
        return f"Call of {self.lead or self.phone or 'a visitor'}"
