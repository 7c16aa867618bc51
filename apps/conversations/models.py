"""What was said and done: conversations, their turns, and the tools that were called."""

from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


class Channel(models.TextChoices):
    CHAT = "chat", "Chat"
    PHONE = "phone", "Phone"
    BROWSER = "browser", "Browser call"


class Conversation(TenantModel):
    """One visitor with one tenant's agents, over one channel.

    `contact` is whom the conversation has identified; tools may speak about nobody else.
    """

    id_prefix = "conv"
    last_number: int | None = None
    """Number of the last turn, where it is known without looking: this instance has written it."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    channel = models.CharField(max_length=16, choices=Channel, default=Channel.CHAT)
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    agent = models.SlugField(help_text="Who speaks now; changes with a handoff.")
    visitor = models.CharField(max_length=40, blank=True, editable=False)
    widget_key = models.CharField(max_length=32, blank=True, editable=False)
    client_id = models.CharField(
        max_length=64, blank=True, editable=False, help_text="The visitor's own id of the chat, where a client has one."
    )
    contact = models.ForeignKey(
        "business.Contact", null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations"
    )
    handover = models.JSONField(
        default=dict, blank=True, help_text="Intent and what is known, as the last handoff left it."
    )
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    last_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-last_at"]
        indexes = [models.Index(fields=["tenant", "-last_at"], name="conversation_recent")]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "visitor", "client_id"],
                condition=~models.Q(client_id=""),
                name="one_conversation_per_client_id",
            )
        ]

    def __str__(self) -> str:
        who = self.contact.name if self.contact else "Visitor"
        return f"{who}, {timezone.localtime(self.started_at):%b %-d %H:%M}"


class Turn(TenantModel):
    """One message: a visitor's, or one finished step of an agent's run (its words and its tool calls)."""

    id_prefix = "turn"

    REPLACED = "replaced"
    """`ended` of a last step that was void when the answer was asked for anew; kept, and told to nobody."""

    class Role(models.TextChoices):
        VISITOR = "visitor", "Visitor"
        AGENT = "agent", "Agent"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField(editable=False)
    role = models.CharField(max_length=16, choices=Role)
    text = models.TextField(blank=True, help_text="In a call, what was heard of it.")
    unheard = models.TextField(blank=True, help_text="In a call, what was said after the caller had interrupted.")
    run = models.CharField(max_length=32, blank=True, editable=False)
    step = models.PositiveSmallIntegerField(default=0, editable=False, help_text="An agent's step of its run, from 1.")
    message_id = models.CharField(max_length=64, blank=True, editable=False)
    agent = models.SlugField(blank=True)
    agent_version = models.PositiveIntegerField(null=True, blank=True)
    ended = models.CharField(
        max_length=16, blank=True, help_text="Why the run ended with this turn; empty while it went on."
    )
    input_tokens = models.PositiveIntegerField(default=0, editable=False)
    output_tokens = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    calls: "list[ToolCall]"
    """Its tool calls, where `turns.each_with_calls` has read them."""

    class Meta(TenantModel.Meta):
        ordering = ["conversation_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="one_turn_per_number"),
            models.UniqueConstraint(
                fields=["conversation", "message_id"],
                condition=~models.Q(message_id=""),
                name="one_turn_per_message_id",
            ),
            # Two processes that both believe to generate a run: the first one's step is what was said.
            models.UniqueConstraint(
                fields=["conversation", "run", "step"], condition=models.Q(step__gt=0), name="one_turn_per_step"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.number}"


class Call(TenantModel):
    """A conversation by voice: how it came about, how it ended, what it took."""

    id_prefix = "voc"

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Incoming"
        OUTBOUND = "outbound", "Outgoing"

    class Status(models.TextChoices):
        ACTIVE = "active", "Under way"
        ENDED = "ended", "Ended"

    MACHINE = "answering_machine"
    """`ended` of a call of ours that nobody but a machine answered."""

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="call")
    direction = models.CharField(max_length=16, choices=Direction, default=Direction.INBOUND)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    carrier = models.SlugField(help_text="Who carried it: a phone company, or the browser.")
    carrier_call = models.CharField(max_length=64, blank=True, help_text="The carrier's own id of the call.")
    caller = models.CharField(max_length=32, blank=True, help_text="Their number, where the carrier tells it.")
    number = models.CharField(max_length=32, blank=True, help_text="Ours.")
    ended = models.CharField(max_length=32, blank=True, help_text="Why it ended.")
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    usage = models.JSONField(default=dict, blank=True, help_text="Tokens by kind, as the model counted them.")
    timings = models.JSONField(default=dict, blank=True, help_text="Where the time went, in milliseconds.")

    class Meta(TenantModel.Meta):
        ordering = ["-started_at"]
        indexes = [
            models.Index(fields=["tenant", "-started_at"], name="call_recent"),
            # Of all tenants, for those whose process died.
            models.Index(fields=["started_at"], condition=models.Q(status="active"), name="call_active"),
        ]
        constraints = [
            # A carrier may announce a call twice: it is one call all the same.
            models.UniqueConstraint(
                fields=["tenant", "carrier", "carrier_call"],
                condition=~models.Q(carrier_call=""),
                name="one_call_per_carrier_call",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_direction_display()} call, {timezone.localtime(self.started_at):%b %-d %H:%M}"

    @property
    def seconds(self) -> int | None:
        """How long it took; None while it is under way."""
        return None if self.ended_at is None else round((self.ended_at - self.started_at).total_seconds())


class ToolCall(TenantModel):
    """One call of a tool: asked by which agent version, with what, and what came of it."""

    id_prefix = "call"

    class Status(models.TextChoices):
        STARTED = "started", "Started"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="tool_calls")
    turn = models.ForeignKey(Turn, null=True, on_delete=models.CASCADE, related_name="tool_calls")
    run = models.CharField(max_length=32, editable=False)
    key = models.CharField(max_length=80, editable=False, help_text="Idempotency key: one call, one effect.")
    call = models.CharField(max_length=80, editable=False, help_text="The call within its run: step and position.")
    name = models.CharField(max_length=64)
    arguments = models.TextField(help_text="As the model wrote them.")
    result = models.JSONField(default=dict)
    status = models.CharField(max_length=16, choices=Status, default=Status.STARTED)
    agent = models.SlugField(blank=True)
    agent_version = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["conversation", "key"], name="one_tool_call_per_key")]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_status_display().lower()})"
