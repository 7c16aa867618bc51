"""What is special about a salon; people, services, hours and bookings are the business's."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.business.models import Booking, Contact, Service, Staff
from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel
from apps.verticals.salon.core.rules import total


class SalonSettings(TenantModel):
    """The house rules that visitors are told and held to; one row."""

    id_prefix = "hou"

    booking_notice_hours = models.PositiveSmallIntegerField(
        "booking notice (hours)", default=24, help_text="How long before a visit it must be booked or moved."
    )
    cancellation_hours = models.PositiveSmallIntegerField(
        "free cancellation until (hours before)", default=24, help_text="Later than this, the fee applies."
    )
    late_fee_percent = models.PositiveSmallIntegerField(
        "late cancellation fee (%)", default=50, validators=[MaxValueValidator(100)], help_text="Of the visit's price."
    )
    policy = models.TextField("good to know", blank=True, help_text="Parking, children, payment: agents may tell it.")

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = "house rules"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="one_set_of_house_rules"),
            models.CheckConstraint(condition=Q(late_fee_percent__lte=100), name="late_fee_at_most_the_price"),
        ]

    def __str__(self) -> str:
        return "House rules"


class Stylist(TenantModel):
    """A member of staff who works on customers: hair, nails, brows."""

    id_prefix = "sty"

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="stylist")
    known_for = models.CharField(max_length=120, blank=True, help_text="Such as balayage and curls.")
    languages = models.CharField(max_length=120, default="English", help_text="Such as English, Spanish.")
    bio = models.TextField(blank=True, help_text="Agents may tell visitors what stands here.")

    class Meta(TenantModel.Meta):
        ordering = ["staff__name", "id"]

    def __str__(self) -> str:
        return self.staff.name


class Customer(TenantModel):
    """A contact who comes to the salon."""

    id_prefix = "cus"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="salon_customer")
    preferred_stylist = models.ForeignKey(
        Stylist, on_delete=models.SET_NULL, null=True, blank=True, related_name="regulars"
    )
    formula = models.TextField(
        "formula and hair notes", blank=True, help_text="Color formulas, allergies, wishes. Agents never see this."
    )

    class Meta(TenantModel.Meta):
        ordering = ["contact__family_key", "contact__given_key", "id"]

    def __str__(self) -> str:
        return self.contact.name


class MenuEntry(TenantModel):
    """What the salon's agents know of a service beyond its name, price and length."""

    id_prefix = "mnu"

    service = models.OneToOneField(Service, on_delete=models.CASCADE, related_name="menu_entry")
    also_called = models.CharField(
        max_length=400,
        blank=True,
        help_text="Other names that customers use, with commas between them. Typos and plurals are understood anyway.",
    )
    add_on = models.ForeignKey(
        Service,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="goes well with",
        help_text="Offered once to whoever books this.",
    )
    add_on_reason = models.CharField(
        "why", max_length=160, blank=True, help_text="Such as: keeps the new color bright for longer."
    )

    class Meta(TenantModel.Meta):
        verbose_name_plural = "menu"
        ordering = ["service__category", "service__name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(add_on__isnull=True) | ~Q(add_on=F("service")), name="no_service_goes_with_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.service.name


class Appointment(TenantModel):
    """A customer's visit: a booking, and the services done in it. Stylist and time are the booking's."""

    id_prefix = "vst"

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="salon_visit")
    late_fee_cents = models.PositiveIntegerField(
        "late cancellation fee (cents)", null=True, blank=True, help_text="Owed because it was cancelled late."
    )

    class Meta(TenantModel.Meta):
        ordering = ["booking__starts_at", "id"]

    def clean(self) -> None:
        """A booking of somebody who is no customer, or with somebody who is no stylist, is no appointment."""
        if not self.booking_id:
            return  # the form says that it is missing
        booking = self.booking
        if not Customer.objects.filter(contact_id=booking.contact_id).exists():
            raise ValidationError({"booking": f"{booking.contact} is not registered as a customer."})
        if not Stylist.objects.filter(staff_id=booking.staff_id).exists():
            raise ValidationError({"booking": f"{booking.staff} is not a stylist."})

    def __str__(self) -> str:
        return self.booking.reference

    @property
    def price_cents(self) -> int | None:
        """Of the whole visit, as agreed when it was booked; None when a price is on request."""
        return total(line.price_cents for line in self.lines.all())


class AppointmentLine(TenantModel):
    """One service of a visit. Its price and length are fixed when it is booked."""

    id_prefix = "lin"

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="lines")
    service = models.ForeignKey(Service, on_delete=models.RESTRICT, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    duration_minutes = models.PositiveSmallIntegerField("duration (minutes)")
    price_cents = models.PositiveIntegerField("price (cents)", null=True, blank=True, help_text="Empty = on request.")

    class Meta(TenantModel.Meta):
        verbose_name = "service of the visit"
        verbose_name_plural = "services of the visit"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "service"], name="a_service_once_a_visit"),
            models.CheckConstraint(condition=Q(duration_minutes__gt=0), name="line_takes_time"),
        ]

    def __str__(self) -> str:
        return self.service.name


class PartOfDay(models.TextChoices):
    ANY = "", "Any time"
    MORNING = "morning", "Morning"
    AFTERNOON = "afternoon", "Afternoon"
    EVENING = "evening", "Evening"


class WaitlistEntry(TenantModel):
    """A customer who takes the first time that comes free, within their wish."""

    id_prefix = "wtl"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        BOOKED = "booked", "Booked"
        WITHDRAWN = "withdrawn", "Withdrawn"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="waits")
    stylist = models.ForeignKey(
        Stylist, on_delete=models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty = any stylist."
    )
    first_date = models.DateField("from")
    last_date = models.DateField("until")
    part_of_day = models.CharField(max_length=10, choices=PartOfDay, default=PartOfDay.ANY, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    appointment = models.OneToOneField(
        Appointment, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="waited_for"
    )
    conversation_id = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField("since", default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "waitlist entry"
        verbose_name_plural = "waitlist"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["tenant", "status", "last_date"], name="waiting_by_date")]
        constraints = [
            models.CheckConstraint(condition=Q(last_date__gte=F("first_date")), name="wait_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.first_date}"


class WaitlistWish(TenantModel):
    """A service that somebody on the waitlist wants."""

    id_prefix = "wsh"

    entry = models.ForeignKey(WaitlistEntry, on_delete=models.CASCADE, related_name="wishes")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = "wished service"
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["entry", "service"], name="a_service_once_a_wait")]

    def __str__(self) -> str:
        return self.service.name
