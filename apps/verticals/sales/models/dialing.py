"""Calls that were made, and calls that were promised."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel
from apps.verticals.sales.models.campaigns import Campaign, CampaignLead
from apps.verticals.sales.models.leads import Lead
from apps.verticals.sales.models.team import TeamAgent


class Callback(TenantModel):
    """A call that was promised for a time."""

    id_prefix = "cbk"

    class State(models.TextChoices):
        PROMISED = "promised", "Promised"
        CALLING = "calling", "On the phone"
        DONE = "done", "Done"
        MISSED = "missed", "Not reached"
        CANCELLED = "cancelled", "Cancelled"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="callbacks")
    at = models.DateTimeField("promised for")
    next_at = models.DateTimeField(editable=False)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PROMISED)
    attempts = models.PositiveSmallIntegerField("calls", default=0, editable=False)
    reason = models.CharField("why not", max_length=24, blank=True, editable=False)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["at", "id"]
        # Of all tenants: the dialer looks for those who were promised a call.
        indexes = [models.Index(fields=["next_at"], condition=Q(state="promised"), name="callback_due")]

    def __str__(self) -> str:
        return f"Callback for {self.lead}"


class Disposition(models.TextChoices):
    """What came of talking to somebody."""

    INTERESTED = "interested", "Interested"
    MEETING = "meeting_booked", "Meeting booked"
    CALLBACK = "callback", "Call back later"
    NURTURE = "nurture", "Not now"
    NOT_INTERESTED = "not_interested", "Not interested"
    WRONG_PERSON = "wrong_person", "Wrong person or number"
    DO_NOT_CALL = "do_not_call", "Do not call again"
    NOT_QUALIFIED = "not_qualified", "Not a fit"


class DialedCall(TenantModel):
    """One call of the dialer: a line of the account and an agent of the floor are taken while it is open."""

    id_prefix = "dlc"

    class State(models.TextChoices):
        CLAIMED = "claimed", "About to be dialed"
        DIALING = "dialing", "Dialing"
        RINGING = "ringing", "Ringing"
        TALKING = "talking", "Talking"
        ENDED = "ended", "Ended"

    class Ending(models.TextChoices):
        ANSWERED = "answered", "Answered"
        MACHINE = "machine", "Answering machine"
        BUSY = "busy", "Busy"
        NO_ANSWER = "no_answer", "No answer"
        FAILED = "failed", "Failed"
        CANCELED = "canceled", "Canceled"
        ABANDONED = "abandoned", "Answered, nobody to talk"
        NOT_DIALED = "not_dialed", "Not dialed"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="calls")
    campaign = models.ForeignKey(Campaign, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls")
    entry = models.ForeignKey(
        CampaignLead, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="calls"
    )
    callback = models.ForeignKey(Callback, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls")
    agent = models.ForeignKey(TeamAgent, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls")
    phone = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State, default=State.CLAIMED)
    ending = models.CharField("ended", max_length=16, choices=Ending, blank=True)
    disposition = models.CharField("outcome", max_length=20, choices=Disposition, blank=True)
    note = models.CharField(max_length=400, blank=True)
    recipient_time = models.CharField(
        "their time", max_length=80, blank=True, help_text="What clocks showed where the number is, as it was dialed."
    )
    placed_call_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    claimed_at = models.DateTimeField("begun", default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    seconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = "call of the dialer"
        verbose_name_plural = "calls of the dialer"
        ordering = ["-claimed_at", "id"]
        indexes = [
            models.Index(fields=["tenant", "-claimed_at"], name="dialed_recent"),
            models.Index(fields=["tenant", "phone", "-claimed_at"], name="dialed_to"),
            models.Index(fields=["tenant", "conversation_id"], name="dialed_in_conversation"),
            models.Index(fields=["tenant", "claimed_at"], condition=~Q(state="ended"), name="dialed_open"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["agent"], condition=~Q(state="ended"), name="an_agent_on_one_call"),
            models.UniqueConstraint(fields=["tenant", "phone"], condition=~Q(state="ended"), name="a_number_once"),
        ]

    def __str__(self) -> str:
        return f"Call to {self.lead}"


OPEN_STATES = (
    DialedCall.State.CLAIMED,
    DialedCall.State.DIALING,
    DialedCall.State.RINGING,
    DialedCall.State.TALKING,
)
