"""What was said and done: conversations, their turns, and the tools that were called."""

from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


class Channel(models.TextChoices):
    CHAT = "chat", "Chat"
    PHONE = "phone", "Phone"
    BROWSER = "browser", "Browser call"


class Purpose(models.TextChoices):
    """Only live ones are counted, billed, analysed and listed; the others are forgotten after some days."""

    LIVE = "live", "With a visitor"
    TEST = "test", "Test of a version"
    CHECK = "check", "Saved question"


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

    class Attention(models.TextChoices):
        """Of the people of the business; the agent answers unless it is PERSON."""

        NONE = "", "The agent has it"
        WAITING = "waiting", "Waits for a person"
        PERSON = "person", "A person has it"

    channel = models.CharField(max_length=16, choices=Channel, default=Channel.CHAT)
    status = models.CharField(max_length=16, choices=Status, default=Status.OPEN)
    attention = models.CharField(max_length=8, choices=Attention, blank=True, editable=False)
    agent = models.SlugField(help_text="Who speaks now; changes with a handoff.")
    visitor = models.CharField(max_length=40, blank=True, editable=False)
    widget_key = models.CharField(max_length=32, blank=True, editable=False)
    client_id = models.CharField(
        max_length=64, blank=True, editable=False, help_text="The visitor's own id of the chat, where a client has one."
    )
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.LIVE, editable=False)
    tries = models.CharField(
        max_length=32, blank=True, editable=False, help_text="Id of the agent's version that a test is about."
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
        indexes = [
            models.Index(fields=["tenant", "-last_at"], name="conversation_recent"),
            # Of all tenants, for what is due some time after their end.
            models.Index(fields=["last_at"], name="conversation_quiet"),
            # Of all tenants: few, and asked for every few seconds.
            models.Index(fields=["attention"], condition=~models.Q(attention=""), name="conversation_attention"),
        ]
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
        SUPERVISOR = "supervisor", "Supervisor"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="turns")
    number = models.PositiveIntegerField(editable=False)
    role = models.CharField(max_length=16, choices=Role)
    text = models.TextField(blank=True, help_text="In a call, what was heard of it.")
    unheard = models.TextField(
        blank=True, help_text="In a call, what the caller did not hear: cut off, or whispered to the agent."
    )
    run = models.CharField(max_length=32, blank=True, editable=False)
    step = models.PositiveSmallIntegerField(default=0, editable=False, help_text="An agent's step of its run, from 1.")
    message_id = models.CharField(max_length=64, blank=True, editable=False)
    agent = models.SlugField(blank=True)
    agent_version = models.PositiveIntegerField(null=True, blank=True)
    person = models.CharField(
        max_length=60, blank=True, editable=False, help_text="Who of the team wrote this into a chat: their first name."
    )
    ended = models.CharField(
        max_length=16, blank=True, help_text="Why the run ended with this turn; empty while it went on."
    )
    input_tokens = models.PositiveIntegerField(default=0, editable=False)
    output_tokens = models.PositiveIntegerField(default=0, editable=False)
    first_word_ms = models.PositiveIntegerField(
        null=True, editable=False, help_text="From the message to the run's first word; of a run's last step, in chat."
    )
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


class PersonWanted(TenantModel):
    """Why a conversation wants a person of the business, and who has it. Made when one is first wanted."""

    id_prefix = "want"

    class Reason(models.TextChoices):
        """As of `agents.HumanTrigger`, and one more."""

        REQUEST = "request", "Asked for a person"
        LOW_CONFIDENCE = "low_confidence", "The agent was not sure"
        TOOL_FAILURES = "tool_failures", "What the agent tried failed"
        OUTSIDE_HOURS = "outside_hours", "Wrote while you were closed"
        SENSITIVE = "sensitive", "A sensitive subject"
        PERSON = "person", "Somebody stepped in"

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="wanted")
    reason = models.CharField(max_length=16, choices=Reason)
    about = models.CharField(max_length=500, blank=True, help_text="What it is about, in the visitor's words.")
    name = models.CharField(max_length=120, blank=True, help_text="Of whoever wants to be called back.")
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    user = models.CharField(max_length=32, blank=True, editable=False, help_text="Who has it: a user's id.")
    person = models.CharField(max_length=60, blank=True, editable=False, help_text="Their first name.")
    waiting_at = models.DateTimeField(null=True, editable=False)
    taken_at = models.DateTimeField(null=True, editable=False)
    active_at = models.DateTimeField(null=True, editable=False, help_text="When they last wrote, or were about to.")
    told_at = models.DateTimeField(null=True, editable=False, help_text="When the team was told by e-mail.")
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Grows with each change; who knows an older one is refused."
    )

    def __str__(self) -> str:
        return self.get_reason_display()


class TeamDesk(TenantModel):
    """What holds for all agents of a business when people are brought in."""

    id_prefix = "dsk"

    sensitive_words = models.TextField(
        blank=True,
        max_length=2_000,
        help_text="One word or phrase a line. Whoever writes one is offered a person, where the agent does so.",
    )
    closed_words = models.TextField(
        blank=True, max_length=500, help_text="What visitors read while you are closed. Empty = a sentence of ours."
    )

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_team_desk")]

    def __str__(self) -> str:
        return "Team desk"


class Call(TenantModel):
    """A conversation by voice: how it came about, how it ended, what it took."""

    id_prefix = "voc"

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Incoming"
        OUTBOUND = "outbound", "Outgoing"

    class Status(models.TextChoices):
        ACTIVE = "active", "Under way"
        ENDED = "ended", "Ended"

    class Supervision(models.TextChoices):
        NONE = "", "Nobody"
        BARGE = "barge", "Speaks, too"
        TAKEOVER = "takeover", "Has the call"

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
    supervision = models.CharField(max_length=10, choices=Supervision, blank=True, editable=False)
    supervisor = models.CharField(
        max_length=32, blank=True, editable=False, help_text="Who is in the call: a user's id."
    )
    supervisor_name = models.CharField(max_length=150, blank=True, editable=False)
    supervised_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Grows with each command; one that expects an older state is refused."
    )
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
