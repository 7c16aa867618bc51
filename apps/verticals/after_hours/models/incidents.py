"""Incidents: what was reported, whom the ladder calls for it, what was sent to whom, and the log of all of it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.business.models import Booking, Contact
from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel
from apps.verticals.after_hours.core.ladder import UNDECIDED, State
from apps.verticals.after_hours.models.trades import Trade


class Channel(models.TextChoices):
    CHAT = "chat", "Chat"
    PHONE = "phone", "Phone"
    SMS = "sms", "SMS"
    VOICEMAIL = "voicemail", "Voicemail"
    EMAIL = "email", "E-mail"
    API = "api", "API"
    STAFF = "staff", "Entered by the team"


class IncidentState(models.TextChoices):
    PENDING = State.PENDING.value, "For the office"
    ESCALATED = State.ESCALATED.value, "Ringing"
    ACKNOWLEDGED = State.ACKNOWLEDGED.value, "Taken"
    DOWNGRADED = State.DOWNGRADED.value, "No emergency"
    MISSED = State.MISSED.value, "Missed"
    CLOSED = State.CLOSED.value, "Closed"


class Incident(TenantModel):
    """Something that was reported after hours. `due_at` is the timer of its ladder."""

    id_prefix = "inc"

    number = models.PositiveIntegerField(editable=False)
    channel = models.CharField("came by", max_length=16, choices=Channel, default=Channel.STAFF)
    source = models.CharField(max_length=120, blank=True, editable=False, help_text="One message, one incident.")
    trade = models.CharField(max_length=16, choices=Trade, default=Trade.OTHER)
    description = models.CharField("what happened", max_length=1_000, help_text="In the caller's words.")
    score = models.FloatField("urgency", default=0.0, editable=False)
    is_danger = models.BooleanField("lives at risk", default=False, editable=False)
    signs = models.JSONField(default=list, editable=False, help_text="What in the words says how urgent it is.")
    state = models.CharField(max_length=16, choices=IncidentState, default=IncidentState.PENDING, editable=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents", verbose_name="caller"
    )
    callback_phone = models.CharField("call back at", max_length=20, blank=True)
    building = models.ForeignKey(
        "after_hours.Building", on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    address = models.CharField("address as told", max_length=200, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    rotation = models.ForeignKey(
        "after_hours.Rotation",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="incidents",
        editable=False,
    )
    rung_seconds = models.PositiveSmallIntegerField(default=120, editable=False)
    due_at = models.DateTimeField("next call", null=True, blank=True, editable=False)
    reported_at = models.DateTimeField(default=timezone.now, editable=False)
    escalated_at = models.DateTimeField(null=True, blank=True, editable=False)
    acknowledged_at = models.DateTimeField("taken at", null=True, blank=True, editable=False)
    acknowledged_by = models.ForeignKey(
        "after_hours.Responder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="taken",
        editable=False,
        verbose_name="taken by",
    )
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="incident_timers"),
            models.Index(fields=["tenant", "state", "-reported_at"], name="incident_by_state"),
            models.Index(fields=["tenant", "conversation_id"], name="incident_by_conversation"),
            models.Index(fields=["tenant", "callback_phone"], name="incident_by_phone"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="one_incident_per_number"),
            models.UniqueConstraint(
                fields=["tenant", "source"], condition=~Q(source=""), name="one_incident_per_message"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """As callers say it, such as AH-1042."""
        return f"AH-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.state not in (State.CLOSED, State.DOWNGRADED)

    @property
    def is_undecided(self) -> bool:
        """Whether somebody on call may still take it."""
        return self.state in UNDECIDED

    @property
    def place(self) -> str:
        """Where it is, for the people on call; "" = not known."""
        where = str(self.building) if self.building else self.address
        return f"{where}, unit {self.unit}" if self.unit and where else where


class Rung(TenantModel):
    """Somebody's place on the ladder of an incident, and when they were called."""

    id_prefix = "rng"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="rungs")
    position = models.PositiveSmallIntegerField(help_text="0 = primary.")
    responder = models.ForeignKey("after_hours.Responder", on_delete=models.RESTRICT, related_name="rungs")
    due_at = models.DateTimeField("due", null=True, blank=True)
    begun_at = models.DateTimeField("called", null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["incident", "position"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "position"], name="one_rung_per_position"),
            models.UniqueConstraint(fields=["incident", "responder"], name="one_rung_per_responder"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.responder}"

    @property
    def role(self) -> str:
        return ("Primary", "Secondary")[self.position] if self.position < 2 else f"Fallback {self.position - 1}"


class Outreach(TenantModel):
    """A call, a text or an e-mail that is to go out. A worker that sends it claims it for a while."""

    id_prefix = "orc"

    class Kind(models.TextChoices):
        CALL = "call", "Call"
        TEXT = "text", "SMS"
        EMAIL = "email", "E-mail"

    class Purpose(models.TextChoices):
        RUNG = "rung", "Asks somebody on call"
        ALERT = "alert", "Alerts the owner"
        NOTICE = "notice", "Tells the caller"

    class Status(models.TextChoices):
        WAITING = "waiting", "To be sent"
        SENT = "sent", "Sent"
        UNCONFIRMED = "unconfirmed", "Perhaps sent"
        ANSWERED = "answered", "Answered"
        MACHINE = "machine", "Answering machine"
        NOT_REACHED = "not_reached", "Not reached"
        FAILED = "failed", "Failed"
        DROPPED = "dropped", "Not needed any more"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="outreach")
    rung = models.ForeignKey(Rung, on_delete=models.CASCADE, null=True, blank=True, related_name="outreach")
    responder = models.ForeignKey(
        "after_hours.Responder", on_delete=models.CASCADE, null=True, blank=True, related_name="outreach"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    purpose = models.CharField(max_length=8, choices=Purpose)
    to = models.CharField(max_length=254)
    words = models.TextField(help_text="What is said or written.")
    message = models.TextField(blank=True, help_text="What is left on an answering machine.")
    status = models.CharField(max_length=16, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    hangs_up = models.BooleanField(default=False, help_text="The call is to be ended: somebody has taken it.")
    reference = models.CharField(max_length=MAX_LENGTH, blank=True, help_text="The call's or text's own id.")
    error = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["created_at", "id"]
        verbose_name_plural = "outreach"
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(status="waiting") | Q(hangs_up=True), name="outreach_to_do"
            ),
            models.Index(fields=["tenant", "responder", "-created_at"], name="outreach_of_responder"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_status_display()}"


class LogEntry(TenantModel):
    """One line of what happened. Rows are only ever added."""

    id_prefix = "ilg"

    class Kind(models.TextChoices):
        REPORTED = "reported", "Reported"
        NOTE = "note", "Added"
        CORRECTED = "corrected", "Corrected"
        ESCALATED = "escalated", "Escalated"
        CALLED = "called", "Called"
        REACHED = "reached", "Outcome"
        ACKNOWLEDGED = "acknowledged", "Taken"
        TOO_LATE = "too_late", "Answered too late"
        DOWNGRADED = "downgraded", "No emergency"
        MISSED = "missed", "Missed"
        ALERTED = "alerted", "Owner alerted"
        VISIT = "visit", "Visit"
        CLOSED = "closed", "Closed"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=16, choices=Kind)
    state = models.CharField("state then", max_length=16, choices=IncidentState)
    responder = models.ForeignKey(
        "after_hours.Responder", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.CharField(max_length=1_000, blank=True)
    actor = models.CharField(max_length=60)

    class Meta(TenantModel.Meta):
        ordering = ["at", "id"]
        verbose_name_plural = "log"
        indexes = [models.Index(fields=["tenant", "incident", "at"], name="log_of_incident")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("The log is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError("The log is append-only.")


class Visit(TenantModel):
    """A visit in office hours, for what could wait. Caller, technician and time are the booking's."""

    id_prefix = "avs"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="visits")
    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="after_hours_visit")

    class Meta(TenantModel.Meta):
        ordering = ["booking__starts_at", "id"]

    def __str__(self) -> str:
        return f"Visit for {self.incident}"
