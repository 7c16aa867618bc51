"""What is broken, who mends it, and what happened to it."""

import builtins

from django.db import models
from django.utils import timezone

from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel
from apps.verticals.real_estate.models.places import Property
from apps.verticals.real_estate.models.renting import Renter


class Category(models.TextChoices):
    PLUMBING = "plumbing", "Plumbing"
    ELECTRICAL = "electrical", "Electrical"
    GAS = "gas", "Gas"
    HEATING = "heating", "Heating and cooling"
    APPLIANCE = "appliance", "Appliance"
    LOCKS = "locks", "Locks and keys"
    STRUCTURE = "structure", "Roof, walls, doors, windows"
    PESTS = "pests", "Pests"
    OTHER = "other", "Other"


class Priority(models.TextChoices):
    EMERGENCY = "emergency", "Emergency"
    URGENT = "urgent", "Urgent"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


class RequestStatus(models.TextChoices):
    OPEN = "open", "Open"
    ASSIGNED = "assigned", "Assigned"
    IN_PROGRESS = "in_progress", "In progress"
    PENDING_PARTS = "pending_parts", "Waiting for parts"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


CLOSED = (RequestStatus.COMPLETED, RequestStatus.CANCELLED)


class Contractor(TenantModel):
    """Whom the agency sends."""

    id_prefix = "ctr"

    name = models.CharField(max_length=120)
    trade = models.CharField(max_length=12, choices=Category)
    phone = models.CharField(max_length=20, blank=True, help_text="E.164, such as +61255500021.")
    is_on_call = models.BooleanField("comes in emergencies", default=False, help_text="Day and night.")
    is_active = models.BooleanField("works for us", default=True)

    class Meta(TenantModel.Meta):
        ordering = ["trade", "name", "id"]

    def __str__(self) -> str:
        return self.name


class MaintenanceRequest(TenantModel):
    """Something to be mended in a home under management. Who reported it may be nobody's renter yet."""

    id_prefix = "mnt"

    reference = models.CharField(max_length=24, editable=False, help_text="Such as M-20261122-001.")
    property = models.ForeignKey(Property, on_delete=models.RESTRICT, related_name="maintenance_requests")
    renter = models.ForeignKey(
        Renter, on_delete=models.SET_NULL, null=True, blank=True, related_name="maintenance_requests"
    )
    category = models.CharField(max_length=12, choices=Category, default=Category.OTHER)
    description = models.TextField(help_text="In the renter's words.")
    priority = models.CharField(max_length=12, choices=Priority, default=Priority.NORMAL)
    status = models.CharField(max_length=16, choices=RequestStatus, default=RequestStatus.OPEN)
    contractor = models.ForeignKey(
        Contractor, on_delete=models.SET_NULL, null=True, blank=True, related_name="maintenance_requests"
    )
    access = models.CharField("access to the home", max_length=200, blank=True)
    callback_phone = models.CharField(max_length=20, blank=True)
    reported_at = models.DateTimeField(default=timezone.now, editable=False)
    answer_by = models.DateTimeField("answer by", help_text="By the priority: 1 hour, 4 hours, 2 days or 10 days.")
    completed_at = models.DateTimeField(null=True, blank=True)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-reported_at", "id"]
        indexes = [models.Index(fields=["tenant", "property", "status"], name="maintenance_by_property")]
        constraints = [models.UniqueConstraint(fields=["tenant", "reference"], name="maintenance_reference")]

    def __str__(self) -> str:
        return self.reference

    @builtins.property
    def is_closed(self) -> bool:
        return self.status in CLOSED


class MaintenanceNote(TenantModel):
    """What was said or done about a request; never changed."""

    id_prefix = "mno"

    request = models.ForeignKey(MaintenanceRequest, on_delete=models.CASCADE, related_name="notes")
    text = models.CharField(max_length=1_000)
    author = models.CharField(max_length=80, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "note"
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.text[:60]
