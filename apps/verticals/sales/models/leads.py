"""Leads: who may become a customer, how promising they are, what they could buy, and the meetings with them."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.business.models import Booking, Contact, NameKey
from apps.common.ids import MAX_LENGTH
from apps.telephony.models import E164
from apps.tenants.base import TenantModel
from apps.verticals.sales.core import scoring
from apps.verticals.sales.models.team import SalesRep


class Product(TenantModel):
    """Something that is sold; agents tell what stands here, and nothing else."""

    id_prefix = "prd"

    name = models.CharField(max_length=80)
    also_called = models.CharField(max_length=200, blank=True, help_text="Other names, with commas between them.")
    summary = models.CharField(max_length=240, help_text="One sentence that can be spoken.")
    details = models.TextField(blank=True, help_text="Agents may tell what stands here.")
    price_cents = models.PositiveIntegerField("price (cents)", null=True, blank=True, help_text="Empty = on request.")
    per = models.CharField("price per", max_length=40, blank=True, help_text="Such as: user and month.")
    good_for = models.CharField(max_length=160, blank=True, help_text="Such as: teams of 2 to 10.")
    is_offered = models.BooleanField("offered", default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta(TenantModel.Meta):
        ordering = ["position", "name", "id"]

    def __str__(self) -> str:
        return self.name


class LeadImport(TenantModel):
    """A file of leads that was read, with everything that was wrong with it."""

    id_prefix = "imp"

    name = models.CharField("file", max_length=200)
    source = models.CharField(max_length=120, help_text="Where these leads come from, such as: trade fair in Denver.")
    lines = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField("new leads", default=0)
    known = models.PositiveIntegerField("known already", default=0)
    consents = models.PositiveIntegerField("consents", default=0)
    problems = models.JSONField(default=list, help_text="line, column, text and whether the line was left out.")
    imported_by = models.CharField(max_length=60, editable=False)
    imported_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "import"
        ordering = ["-imported_at", "id"]

    def __str__(self) -> str:
        return self.name


class Lead(TenantModel):
    """A contact who may buy. One number is one lead; the number is what is called."""

    id_prefix = "led"

    class Status(models.TextChoices):
        NEW = "new", "New"
        CONTACTED = "contacted", "Contacted"
        QUALIFIED = "qualified", "Qualified"
        NURTURE = "nurture", "Nurture"
        MEETING = "meeting", "Meeting booked"
        WON = "won", "Won"
        LOST = "lost", "Lost"
        CLOSED = "closed", "Closed"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="lead")
    phone = models.CharField(max_length=20, validators=[E164], help_text="E.164, such as +12125550100.")
    company = models.CharField(max_length=120, blank=True)
    job_title = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=120, help_text="Where the lead comes from; told to whoever asks.")
    status = models.CharField(max_length=12, choices=Status, default=Status.NEW)
    score = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(100)])
    rep = models.ForeignKey(
        SalesRep, on_delete=models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name="sales rep"
    )
    interest = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    came_with = models.ForeignKey(
        LeadImport, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="leads"
    )
    notes = models.TextField(blank=True, help_text="For your team; agents never read it.")
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Grows with each outcome; a command that expects an older one is refused."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_call_at = models.DateTimeField("last call", null=True, blank=True, editable=False)
    company_key = NameKey(source="company")

    class Meta(TenantModel.Meta):
        ordering = ["-score", "id"]
        indexes = [models.Index(fields=["tenant", "status", "-score"], name="lead_by_status")]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "phone"], name="one_lead_per_number"),
            models.CheckConstraint(condition=Q(score__lte=100), name="score_at_most_100"),
        ]

    def __str__(self) -> str:
        return self.contact.name

    @property
    def temperature(self) -> scoring.Temperature:
        return scoring.temperature(self.score)


CLOSED_STATUSES = (Lead.Status.WON, Lead.Status.LOST, Lead.Status.CLOSED)
"""Leads that no campaign calls any more."""


class Level(models.TextChoices):
    UNKNOWN = "", "Not known"
    NONE = "none", "None"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


def _level(what: str) -> models.CharField:
    return models.CharField(max_length=8, choices=Level, default=Level.UNKNOWN, blank=True, help_text=what)


class Qualification(TenantModel):
    """What a talk has found out about a lead; never changed, the last one counts."""

    id_prefix = "qlf"

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="qualifications")
    need = models.CharField(max_length=400, help_text="In their words.")
    intent = _level("How much they want to buy.")
    fit = _level("How well we serve companies like theirs.")
    authority = _level("Whether they decide.")
    urgency = _level("How soon they need it.")
    budget = _level("Whether the money is there.")
    sentiment = _level("How they felt about us.")
    disqualifier = models.CharField(max_length=160, blank=True, help_text="Why they are no lead, such as: student.")
    score = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)])
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    actor = models.CharField(max_length=60, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(condition=Q(score__lte=100), name="qualification_at_most_100")]

    def __str__(self) -> str:
        return f"{self.lead}: {self.score}"


class Meeting(TenantModel):
    """A lead's appointment with a sales rep. Lead, rep and time are the booking's."""

    id_prefix = "mtg"

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="sales_meeting")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="meetings")
    topic = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["booking__starts_at", "id"]

    def __str__(self) -> str:
        return self.booking.reference
