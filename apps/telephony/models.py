"""A business's phone numbers, and what went on between them and others: calls that we made, texts, voicemails."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.telephony.core import progress
from apps.telephony.core.progress import Outcome
from apps.tenants.base import TenantModel

E164 = RegexValidator(r"^\+[1-9][0-9]{6,14}\Z", "Expected E.164, such as +12125550100.")


class CarrierName(models.TextChoices):
    TWILIO = "twilio", "Twilio"
    TELNYX = "telnyx", "Telnyx"
    PLIVO = "plivo", "Plivo"
    VONAGE = "vonage", "Vonage"


class PhoneNumber(TenantModel):
    """A number that people call or text; it belongs to one tenant of the platform."""

    id_prefix = "num"

    number = models.CharField(max_length=16, unique=True, validators=[E164], help_text="E.164, such as +12125550100.")
    carrier = models.CharField(max_length=16, choices=CarrierName, default=CarrierName.TWILIO)
    agent = models.SlugField(blank=True, help_text="Slug of the agent that answers; empty = the front agent.")
    label = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["number"]

    def __str__(self) -> str:
        return self.label or self.number


class PlacedCall(TenantModel):
    """A call that we make: an agent talks, or a text is spoken and a key is asked for.

    `topic` names who of ours wants it and is told of it (listeners.py), `about` is theirs: a lead, an incident.
    """

    id_prefix = "out"

    class OnMachine(models.TextChoices):
        TALK = "talk", "Talk to it"
        HANG_UP = "hang_up", "Hang up"
        MESSAGE = "message", "Leave the message"

    number = models.CharField(max_length=16, editable=False, help_text="Ours.")
    to = models.CharField(max_length=16, editable=False)
    agent = models.SlugField(blank=True, help_text="Who talks; empty = the front agent.")
    question = models.TextField(blank=True, help_text="Spoken in place of an agent, and a key is waited for.")
    message = models.TextField(blank=True, help_text="Left on an answering machine.")
    on_machine = models.CharField(max_length=16, choices=OnMachine, default=OnMachine.HANG_UP)
    topic = models.SlugField(blank=True)
    about = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=80, blank=True, editable=False, help_text="Idempotency key: one key, one call.")
    carrier_call = models.CharField(max_length=64, blank=True, editable=False)
    status = models.CharField(max_length=16, default=progress.UNCONFIRMED)
    answered_by = models.CharField(max_length=32, blank=True)
    message_left = models.BooleanField(default=False)
    digits = models.CharField(max_length=16, blank=True)
    reply = models.TextField(blank=True, help_text="What was said to the key that was pressed.")
    error = models.CharField(max_length=64, blank=True)
    seconds = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        verbose_name = "outgoing call"
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="placed_recent"),
            models.Index(fields=["tenant", "to", "-created_at"], name="placed_to"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], condition=~Q(key=""), name="one_placed_call_per_key"),
            models.UniqueConstraint(
                fields=["carrier_call"], condition=~Q(carrier_call=""), name="one_placed_call_per_carrier_call"
            ),
        ]

    def __str__(self) -> str:
        return f"Call to {self.to}, {timezone.localtime(self.created_at):%b %-d %H:%M}"

    @property
    def outcome(self) -> Outcome:
        """ "" while it goes on."""
        return progress.outcome(self.status, self.answered_by)


class TextMessage(TenantModel):
    """An SMS, in or out."""

    id_prefix = "sms"

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Incoming"
        OUTBOUND = "outbound", "Outgoing"

    direction = models.CharField(max_length=16, choices=Direction)
    number = models.CharField(max_length=16, editable=False, help_text="Ours.")
    other = models.CharField(max_length=16, editable=False, help_text="Theirs.")
    body = models.TextField()
    reply = models.TextField(blank=True, help_text="What was answered to an incoming one at once.")
    topic = models.SlugField(blank=True)
    about = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=80, blank=True, editable=False, help_text="Idempotency key: one key, one text.")
    carrier_message = models.CharField(max_length=64, blank=True, editable=False)
    status = models.CharField(max_length=16, default=progress.UNCONFIRMED)
    error = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        verbose_name = "text message"
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="text_recent"),
            models.Index(fields=["tenant", "other", "-created_at"], name="text_with"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], condition=~Q(key=""), name="one_text_per_key"),
            models.UniqueConstraint(
                fields=["carrier_message"], condition=~Q(carrier_message=""), name="one_text_per_carrier_message"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} text, {timezone.localtime(self.created_at):%b %-d %H:%M}"


class OptOut(TenantModel):
    """Somebody who wrote STOP: the business texts them no more, until they write START."""

    id_prefix = "opt"

    number = models.CharField(max_length=16, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        verbose_name = "opt-out"
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="one_opt_out_per_number")]

    def __str__(self) -> str:
        return self.number


class Voicemail(TenantModel):
    """What a caller left when nobody could answer; the sound is kept by the carrier."""

    id_prefix = "vml"

    carrier_call = models.CharField(max_length=64, editable=False, help_text="The carrier's id of the call.")
    caller = models.CharField(max_length=32, blank=True, editable=False)
    number = models.CharField(max_length=16, editable=False, help_text="Ours.")
    recording = models.CharField(max_length=64, unique=True, editable=False, help_text="The carrier's id of it.")
    seconds = models.PositiveIntegerField(default=0, editable=False)
    is_ready = models.BooleanField("can be played", default=False, editable=False)
    heard_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="voicemail_recent"),
            models.Index(fields=["tenant", "carrier_call"], name="voicemail_of_call"),
        ]

    def __str__(self) -> str:
        return f"Voicemail, {timezone.localtime(self.created_at):%b %-d %H:%M}"
