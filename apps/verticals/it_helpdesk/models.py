"""What is special about an IT helpdesk: client organizations, their people, devices, tickets and guides."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from apps.business.models import Booking, Contact, NameKey, Staff
from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel


class Category(models.TextChoices):
    """What a problem is about; the first six have a specialist of their own."""

    NETWORK = "network", "Network"
    EMAIL = "email", "E-mail"
    COMPUTER = "computer", "Computer"
    PRINTER = "printer", "Printer"
    PHONE = "phone", "Phone"
    SECURITY = "security", "Security"
    DATA_CENTER = "data_center", "Data center"
    DEVICE = "device", "Device"
    OTHER = "other", "Other"


class Organization(TenantModel):
    """A client whose people may call."""

    id_prefix = "org"

    class Plan(models.TextChoices):
        STANDARD = "standard", "Support hours"
        AROUND_THE_CLOCK = "around_the_clock", "Around the clock"

    name = models.CharField(max_length=120)
    code = models.CharField(
        "caller code",
        max_length=4,
        validators=[RegexValidator(r"^[0-9]{4}\Z", "A caller code is four digits.")],
        help_text="Four digits that callers say to prove that they belong to this organization.",
    )
    plan = models.CharField("support plan", max_length=16, choices=Plan, default=Plan.STANDARD)
    address = models.CharField("site address", max_length=200, blank=True)
    is_active = models.BooleanField("under contract", default=True)
    notes = models.TextField(blank=True, help_text="For your team; agents never read it.")
    name_key = NameKey(source="name")

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="one_organization_per_code")]

    def __str__(self) -> str:
        return self.name


class Employee(TenantModel):
    """A person of a client organization: a caller."""

    id_prefix = "emp"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="employee")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="employees")
    department = models.CharField(max_length=80, blank=True)
    is_it_contact = models.BooleanField(
        "IT contact", default=False, help_text="May ask about all devices and tickets of the organization."
    )
    is_active = models.BooleanField("works there", default=True, help_text="Only who works there is helped.")

    class Meta(TenantModel.Meta):
        ordering = ["contact__family_key", "contact__given_key", "id"]

    def __str__(self) -> str:
        return self.contact.name


class Technician(TenantModel):
    """A member of the team who takes tickets and visits clients."""

    id_prefix = "tec"

    class Level(models.IntegerChoices):
        FIRST = 1, "1: helpdesk"
        SECOND = 2, "2: specialist"
        THIRD = 3, "3: engineer"

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="technician")
    specialty = models.CharField(max_length=16, choices=Category, default=Category.OTHER)
    level = models.PositiveSmallIntegerField(choices=Level, default=Level.FIRST)

    class Meta(TenantModel.Meta):
        ordering = ["level", "staff__name", "id"]

    def __str__(self) -> str:
        return self.staff.name


class Device(TenantModel):
    """Something that an organization owns and the helpdesk looks after."""

    id_prefix = "dev"

    class Kind(models.TextChoices):
        LAPTOP = "laptop", "Laptop"
        DESKTOP = "desktop", "Desktop computer"
        PRINTER = "printer", "Printer"
        PHONE = "phone", "Desk phone"
        MOBILE = "mobile", "Mobile phone"
        TABLET = "tablet", "Tablet"
        NETWORK = "network", "Network equipment"
        SERVER = "server", "Server"

    class Status(models.TextChoices):
        IN_USE = "in_use", "In use"
        REPAIR = "repair", "In repair"
        SPARE = "spare", "Spare"
        LOST = "lost", "Lost or stolen"
        RETIRED = "retired", "Retired"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="devices")
    employee = models.ForeignKey(
        Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="devices", help_text="Empty = shared."
    )
    asset_tag = models.CharField(max_length=20, help_text="The number on its label, such as NB-1042.")
    kind = models.CharField(max_length=16, choices=Kind)
    model_name = models.CharField("model", max_length=120, help_text="Such as ThinkPad T14.")
    serial_number = models.CharField(max_length=60, blank=True)
    operating_system = models.CharField(max_length=60, blank=True)
    location = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.IN_USE)
    warranty_until_date = models.DateField("warranty until", null=True, blank=True, help_text="Empty = not known.")

    class Meta(TenantModel.Meta):
        ordering = ["asset_tag", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "asset_tag"], name="one_device_per_tag")]

    def __str__(self) -> str:
        return f"{self.asset_tag} ({self.model_name})"


class TicketStatus(models.TextChoices):
    OPEN = "open", "Open"
    IN_PROGRESS = "in_progress", "In progress"
    ESCALATED = "escalated", "Escalated"
    WAITING = "waiting", "Waiting for the caller"
    CLOSED = "closed", "Closed"


class Priority(models.TextChoices):
    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


class Ticket(TenantModel):
    """A problem that is looked after until it is gone."""

    id_prefix = "tkt"

    number = models.PositiveIntegerField(editable=False)
    organization = models.ForeignKey(
        Organization,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tickets",
        help_text="Empty = the caller was not verified.",
    )
    employee = models.ForeignKey(
        Employee, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets", verbose_name="caller"
    )
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets")
    category = models.CharField(max_length=16, choices=Category, default=Category.OTHER)
    priority = models.CharField(max_length=16, choices=Priority, default=Priority.NORMAL)
    status = models.CharField(max_length=16, choices=TicketStatus, default=TicketStatus.OPEN)
    problem = models.CharField(max_length=500, help_text="In the caller's words.")
    technician = models.ForeignKey(Technician, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets")
    due_at = models.DateTimeField("answer due", null=True, blank=True)
    escalation_reason = models.CharField(max_length=300, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True, editable=False)
    opened_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["tenant", "status", "due_at"], name="ticket_by_due"),
            models.Index(fields=["tenant", "conversation_id"], name="ticket_by_conversation"),
        ]
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="one_ticket_per_number")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """As callers say it, such as INC-1042."""
        return f"INC-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status != TicketStatus.CLOSED


class TicketEntry(TenantModel):
    """One line of a ticket's history; never changed."""

    id_prefix = "ten"

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        TRIED = "tried", "Tried"
        NOTE = "note", "Note"
        ESCALATED = "escalated", "Escalated"
        VISIT = "visit", "Visit"
        CHANGED = "changed", "Changed"
        CLOSED = "closed", "Closed"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=16, choices=Kind)
    text = models.CharField(max_length=1_000, blank=True)
    actor = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ["at", "id"]
        verbose_name = "entry"
        verbose_name_plural = "history"

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}"


class Visit(TenantModel):
    """A technician's visit for a ticket. Caller, technician and time are the booking's."""

    id_prefix = "vis"

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="visit")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="visits")

    class Meta(TenantModel.Meta):
        ordering = ["booking__starts_at", "id"]

    def __str__(self) -> str:
        return f"Visit for {self.ticket}"


class Guide(TenantModel):
    """How a kind of problem is solved, step by step."""

    id_prefix = "gid"

    title = models.CharField(max_length=120, help_text="The problem in a few words, such as Paper jam.")
    category = models.CharField(max_length=16, choices=Category)
    symptoms = models.TextField(help_text="What callers say when they have it; agents choose the guide by these words.")
    is_active = models.BooleanField("in use", default=True)

    class Meta(TenantModel.Meta):
        ordering = ["category", "title", "id"]

    def __str__(self) -> str:
        return self.title


class GuideStep(TenantModel):
    """One step of a guide: something to do or look at, and a question answered by yes or no."""

    id_prefix = "gst"

    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=1)
    key = models.SlugField("name", max_length=40, help_text="Short, such as restart.")
    text = models.CharField(
        "what the agent says", max_length=400, help_text="Ends in a question that is answered by yes or no."
    )
    on_yes = models.CharField(
        "after yes", max_length=40, blank=True, help_text="A step's name, solved, ticket or human. Empty = solved."
    )
    on_no = models.CharField(
        "after no",
        max_length=40,
        blank=True,
        help_text="A step's name, solved, ticket or human. Empty = the next step; after the last, a ticket.",
    )

    class Meta(TenantModel.Meta):
        ordering = ["guide", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["guide", "key"], name="one_step_per_name")]

    def __str__(self) -> str:
        return f"{self.position}. {self.key}"


class Troubleshooting(TenantModel):
    """A caller going through a guide: what was answered so far, and what came of it."""

    id_prefix = "trb"

    class Outcome(models.TextChoices):
        UNDER_WAY = "under_way", "Under way"
        SOLVED = "solved", "Solved"
        TICKET = "ticket", "Ticket opened"
        HUMAN = "human", "Handed to a person"

    guide = models.ForeignKey(Guide, on_delete=models.CASCADE, related_name="runs")
    employee = models.ForeignKey(Employee, on_delete=models.CASCADE, related_name="troubleshooting")
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    problem = models.CharField(max_length=500)
    answers = models.JSONField(default=list, editable=False, help_text="[step, yes or no] of each answer.")
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.UNDER_WAY)
    ticket = models.ForeignKey(Ticket, on_delete=models.SET_NULL, null=True, blank=True, related_name="troubleshooting")
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-started_at", "id"]
        verbose_name_plural = "troubleshooting"
        indexes = [models.Index(fields=["tenant", "conversation_id"], name="trouble_by_conversation")]

    def __str__(self) -> str:
        return f"{self.guide}: {self.get_outcome_display()}"


class Article(TenantModel):
    """Something the helpdesk knows and tells callers, with its source."""

    id_prefix = "art"

    title = models.CharField(max_length=160)
    category = models.CharField(max_length=16, choices=Category, default=Category.OTHER)
    text = models.TextField(help_text="Agents tell callers what stands here.")
    source = models.CharField(max_length=160, help_text="Named with the answer, such as Bluewire handbook, page 12.")
    is_published = models.BooleanField("in use", default=True)

    class Meta(TenantModel.Meta):
        ordering = ["category", "title", "id"]

    def __str__(self) -> str:
        return self.title


class Outage(TenantModel):
    """Something that is down for many, so that nobody has to look for it on their own."""

    id_prefix = "out"

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, null=True, blank=True, related_name="outages", help_text="Empty = all."
    )
    category = models.CharField(max_length=16, choices=Category)
    title = models.CharField(max_length=160, help_text="Such as Outlook is slow to open.")
    started_at = models.DateTimeField(default=timezone.now)
    expected_end_at = models.DateTimeField("expected to end", null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-started_at", "id"]

    def __str__(self) -> str:
        return self.title
