"""What is special about a clinic; people, services, hours and bookings are the business's."""

from django.core.exceptions import ValidationError
from django.db import models

from apps.business.models import Booking, Contact, Staff
from apps.tenants.base import TenantModel


class Provider(TenantModel):
    """A member of staff who treats patients."""

    id_prefix = "prv"

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="provider")
    specialization = models.CharField(max_length=80, help_text="In the clinic's own words, such as Orthopedics.")
    credentials = models.CharField(max_length=80, blank=True, help_text="Such as MD, FACC.")
    languages = models.CharField(max_length=120, default="English", help_text="Such as English, Spanish.")
    accepting_new_patients = models.BooleanField(default=True)
    bio = models.TextField(blank=True, help_text="Agents may tell visitors what stands here.")

    class Meta(TenantModel.Meta):
        ordering = ["specialization", "staff__name", "id"]

    def __str__(self) -> str:
        return self.staff.name


class Patient(TenantModel):
    """A contact whom the clinic treats."""

    id_prefix = "pat"

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="patient")
    date_of_birth = models.DateField()
    is_new = models.BooleanField(
        "new patient",
        default=True,
        help_text="Until the first visit; not every provider accepts new patients.",
    )

    class Meta(TenantModel.Meta):
        ordering = ["contact__family_key", "contact__given_key", "id"]
        indexes = [models.Index(fields=["tenant", "date_of_birth"], name="patient_by_birth")]

    def __str__(self) -> str:
        return self.contact.name


class InsurancePolicy(TenantModel):
    """A patient's cover with one payer."""

    id_prefix = "pol"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        VERIFIED = "verified", "Verified"
        FAILED = "failed", "Verification failed"
        EXPIRED = "expired", "Expired"
        NOT_COVERED = "not_covered", "Not covered"

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="policies")
    payer = models.CharField(max_length=120, help_text="The insurance company.")
    plan = models.CharField(max_length=120, blank=True)
    member_number = models.CharField(max_length=40)
    status = models.CharField(max_length=16, choices=Status, default=Status.PENDING)
    copay_cents = models.PositiveIntegerField("copay (cents)", null=True, blank=True, help_text="Empty = not known.")
    valid_until_date = models.DateField("valid until", null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "insurance policies"
        ordering = ["payer", "id"]

    def __str__(self) -> str:
        return f"{self.payer} ({self.get_status_display().lower()})"


class AppointmentType(models.TextChoices):
    NEW_PATIENT = "new_patient", "New patient"
    FOLLOW_UP = "follow_up", "Follow-up"
    ROUTINE_CHECKUP = "routine_checkup", "Routine checkup"
    EMERGENCY = "emergency", "Emergency"
    CONSULTATION = "consultation", "Consultation"
    PROCEDURE = "procedure", "Procedure"
    TELEHEALTH = "telehealth", "Telehealth"


class Appointment(TenantModel):
    """A booking's medical side. Patient and provider are the booking's contact and staff."""

    id_prefix = "apt"

    booking = models.OneToOneField(Booking, on_delete=models.CASCADE, related_name="appointment")
    appointment_type = models.CharField(max_length=16, choices=AppointmentType)
    reason = models.CharField(max_length=500, help_text="In the patient's words.")
    is_telehealth = models.BooleanField("by video", default=False)

    class Meta(TenantModel.Meta):
        ordering = ["booking__starts_at", "id"]

    def clean(self) -> None:
        """A booking of somebody who is no patient, or with somebody who is no provider, is no appointment."""
        if not self.booking_id:
            return  # the form says that it is missing
        booking = self.booking
        if not Patient.objects.filter(contact_id=booking.contact_id).exists():
            raise ValidationError({"booking": f"{booking.contact} is not registered as a patient."})
        if not Provider.objects.filter(staff_id=booking.staff_id).exists():
            raise ValidationError({"booking": f"{booking.staff} is not a provider."})

    def __str__(self) -> str:
        return f"{self.booking.reference}: {self.get_appointment_type_display()}"
