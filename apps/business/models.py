"""What a business has, whatever its industry: contacts, staff, services, hours, closures and bookings."""

from datetime import time, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.business.core.names import fold
from apps.business.data_rights.models import DataRequest, Retention  # noqa: F401  # Django finds models here
from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel


class NameKey(models.CharField):
    """The folded form of another field, set as its row is written, by save() as by bulk_create().

    Not by update(), nor by a save() whose update_fields leave this one out.
    """

    def __init__(self, *, source: str, **options: Any) -> None:
        self.source = source
        super().__init__(**{"max_length": 80, "editable": False, "default": "", **options})

    def deconstruct(self) -> Any:
        name, path, arguments, options = super().deconstruct()
        return name, path, arguments, {**options, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = fold(getattr(model_instance, self.source))[:80]
        setattr(model_instance, self.attname, key)
        return key


class Contact(TenantModel):
    """A person the business deals with: a patient, a customer, a buyer. Families may share a phone."""

    id_prefix = "con"

    given_name = models.CharField("first name", max_length=80)
    family_name = models.CharField("last name", max_length=80, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text="E.164, such as +12125550100.")
    email = models.EmailField("e-mail", blank=True)
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    given_key = NameKey(source="given_name")
    family_key = NameKey(source="family_name")

    class Meta(TenantModel.Meta):
        ordering = ["family_key", "given_key", "id"]
        indexes = [
            models.Index(fields=["tenant", "family_key", "given_key"], name="contact_by_name"),
            models.Index(fields=["tenant", "phone"], name="contact_by_phone"),
            models.Index(fields=["tenant", "updated_at"], name="contact_by_change"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


class Staff(TenantModel):
    """Who can be booked: a provider, a stylist, an agent. Everyone lives in the business's time zone."""

    id_prefix = "stf"

    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField("takes bookings", default=True)

    class Meta(TenantModel.Meta):
        ordering = ["name", "id"]
        verbose_name_plural = "staff"

    def __str__(self) -> str:
        return self.name


class Service(TenantModel):
    """Something the business does for a price."""

    id_prefix = "svc"

    name = models.CharField(max_length=120)
    code = models.CharField(max_length=40, blank=True, help_text="The trade's own, such as a CPT or CDT code.")
    category = models.CharField(max_length=80, blank=True)
    description = models.TextField(blank=True)
    duration_minutes = models.PositiveSmallIntegerField("duration (minutes)", default=30)
    price_cents = models.PositiveIntegerField("price (cents)", null=True, blank=True, help_text="Empty = on request")
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217, such as USD.")
    is_active = models.BooleanField("offered", default=True)
    bookable = models.BooleanField(default=True, help_text="Can be booked by a visitor without a call back.")

    class Meta(TenantModel.Meta):
        ordering = ["category", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(duration_minutes__gt=0), name="service_takes_time"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.duration_minutes)

    @property
    def can_be_booked(self) -> bool:
        return self.is_active and self.bookable


class StaffService(TenantModel):
    """That a member of staff does a service. Who has no row for a service does not do it."""

    id_prefix = "sks"

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="skills")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="skills")
    duration_minutes = models.PositiveSmallIntegerField(
        "own duration (minutes)", null=True, blank=True, help_text="Empty = the service's."
    )
    price_cents = models.PositiveIntegerField(
        "own price (cents)", null=True, blank=True, help_text="Empty = the service's."
    )

    class Meta(TenantModel.Meta):
        verbose_name = "skill"
        ordering = ["staff", "service"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "staff", "service"], name="one_skill_per_service"),
            models.CheckConstraint(
                condition=Q(duration_minutes__isnull=True) | Q(duration_minutes__gt=0),
                name="skill_takes_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff}: {self.service}"

    @property
    def duration(self) -> timedelta:
        """Own duration, else the service's."""
        return timedelta(minutes=self.duration_minutes or self.service.duration_minutes)

    @property
    def price(self) -> int | None:
        """Own price in cents, else the service's."""
        return self.service.price_cents if self.price_cents is None else self.price_cents


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class WeeklyHours(TenantModel):
    """One span of opening, in the wall-clock time of the business; a day may have several.

    Rows without staff are the business's own and bound everyone. Staff without any row keep the business's.
    """

    id_prefix = "hrs"

    staff = models.ForeignKey(
        Staff,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="hours",
        help_text="Empty = the business.",
    )
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField(default=time(9))
    closes = models.TimeField(default=time(17), help_text="23:59 is read as midnight.")

    class Meta(TenantModel.Meta):
        verbose_name_plural = "weekly hours"
        ordering = ["staff", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="hours_close_after_opening"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_on_a_weekday"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Closure(TenantModel):
    """Whole days on which the business is closed, both dates included."""

    id_prefix = "clo"

    start_date = models.DateField("first day")
    end_date = models.DateField("last day")
    reason = models.CharField(max_length=120, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["start_date", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(end_date__gte=F("start_date")), name="closure_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.start_date} to {self.end_date}"


class TimeOff(TenantModel):
    """When a member of staff is away."""

    id_prefix = "off"

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=120, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = "time off"
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["tenant", "ends_at"], name="time_off_by_end")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="time_off_ends_after_start"),
        ]

    def __str__(self) -> str:
        starts, ends = timezone.localtime(self.starts_at), timezone.localtime(self.ends_at)
        return f"{self.staff}: {starts:%Y-%m-%d} to {ends:%Y-%m-%d}"


class BookingStatus(models.TextChoices):
    """`rescheduled` is a booking that was moved and stands at its new time."""

    SCHEDULED = "scheduled", "Scheduled"
    CONFIRMED = "confirmed", "Confirmed"
    CHECKED_IN = "checked_in", "Checked in"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"
    RESCHEDULED = "rescheduled", "Rescheduled"


FREEING_STATUSES = (BookingStatus.CANCELLED, BookingStatus.NO_SHOW)
"""Their time is free again; every other status occupies it, as the triggers of `overlap` say too."""

OPEN_STATUSES = (BookingStatus.SCHEDULED, BookingStatus.CONFIRMED, BookingStatus.RESCHEDULED)
"""Bookings that have not begun, so they can still be cancelled or moved."""


class Booking(TenantModel):
    """A contact's time with a member of staff. Two of the same staff never overlap: see `overlap`."""

    id_prefix = "bkg"

    contact = models.ForeignKey(Contact, on_delete=models.RESTRICT, related_name="bookings")
    staff = models.ForeignKey(Staff, on_delete=models.RESTRICT, related_name="bookings")
    service = models.ForeignKey(Service, on_delete=models.RESTRICT, null=True, blank=True, related_name="bookings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=BookingStatus, default=BookingStatus.SCHEDULED)
    reference = models.CharField(
        max_length=24,
        editable=False,
        help_text="Such as GB-20261122-001; kept when the booking is moved.",
    )
    notes = models.TextField(blank=True)
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["starts_at", "id"]
        indexes = [
            # By the end: what may overlap a time to come is read without the staff's whole past.
            models.Index(fields=["tenant", "staff", "ends_at"], name="booking_by_staff"),
            models.Index(fields=["tenant", "starts_at"], name="booking_by_start"),
            models.Index(fields=["tenant", "updated_at"], name="booking_by_change"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "reference"], name="booking_reference"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="booking_ends_after_start"),
        ]

    def __str__(self) -> str:
        return self.reference
