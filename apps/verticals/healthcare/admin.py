"""The clinic in the admin, in its own words: patients, providers, appointments."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from apps.business.admin.moments import moment
from apps.business.admin.money import CentsField
from apps.business.admin.search import FoldedSearch
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline
from apps.verticals.healthcare.models import Appointment, InsurancePolicy, Patient, Provider


class PatientForm(TenantForm):
    def clean_date_of_birth(self) -> dt.date:
        born: dt.date = self.cleaned_data["date_of_birth"]
        if born > timezone.localdate():
            raise forms.ValidationError("A date of birth lies in the past.")
        return born


class PolicyForm(TenantForm):
    copay_cents = CentsField(label="Copay", help_text="Empty = not known.")


class PolicyInline(TenantInline):
    model = InsurancePolicy
    form = PolicyForm
    fields = ("payer", "plan", "member_number", "status", "copay_cents", "valid_until_date")
    verbose_name = "policy"
    verbose_name_plural = "Insurance"


@admin.register(Patient)
class PatientAdmin(FoldedSearch):
    icon = "personal_injury"
    form = PatientForm
    list_display = ("name", "date_of_birth", "phone", "is_new")
    list_filter = ("is_new", "policies__status")
    list_select_related = ("contact",)
    search_fields = ("contact__given_key", "contact__family_key", "contact__phone", "contact__email")
    search_help_text = "Search by name, phone number or e-mail."
    autocomplete_fields = ("contact",)
    fields = ("contact", ("date_of_birth", "is_new"))
    inlines = (PolicyInline,)

    @display(description="Name", ordering="contact__family_key")
    def name(self, patient: Patient) -> str:
        return patient.contact.name

    @display(description="Phone")
    def phone(self, patient: Patient) -> str:
        return patient.contact.phone


@admin.register(Provider)
class ProviderAdmin(TenantAdmin):
    icon = "stethoscope"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "specialization", "credentials", "languages", "accepting_new_patients")
    list_filter = ("specialization", "accepting_new_patients")
    list_select_related = ("staff",)
    search_fields = ("staff__name", "specialization")
    autocomplete_fields = ("staff",)
    fields = ("staff", ("specialization", "credentials"), ("languages", "accepting_new_patients"), "bio")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A provider with appointments leaves by no longer taking bookings: somebody must have been seen by them."""
        has_patients = obj is not None and Appointment.objects.filter(booking__staff=obj.staff_id).exists()
        return not has_patients and super().has_delete_permission(request, obj)

    @display(description="Name", ordering="staff__name")
    def name(self, provider: Provider) -> str:
        return provider.staff.name


@admin.register(Appointment)
class AppointmentAdmin(FoldedSearch):
    """The medical side; time, provider and status are changed on the booking."""

    icon = "clinical_notes"
    list_display = ("when", "patient", "provider", "appointment_type", "status", "reason")
    list_filter = ("appointment_type", "booking__status", "booking__starts_at", "booking__staff")
    list_select_related = ("booking__contact", "booking__staff")
    search_fields = ("booking__contact__given_key", "booking__contact__family_key", "booking__reference")
    search_help_text = "Search by patient or reference."
    autocomplete_fields = ("booking",)
    ordering = ("-booking__starts_at",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        booked = () if obj is None else (("when", "status"), ("patient", "provider"))
        return ("booking", *booked, ("appointment_type", "is_telehealth"), "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("booking", "when", "status", "patient", "provider")

    @display(description="When", ordering="booking__starts_at")
    def when(self, appointment: Appointment) -> str:
        return moment(appointment.booking.starts_at)

    @display(description="Patient", ordering="booking__contact__family_key")
    def patient(self, appointment: Appointment) -> str:
        return appointment.booking.contact.name

    @display(description="Provider", ordering="booking__staff__name")
    def provider(self, appointment: Appointment) -> str:
        return appointment.booking.staff.name

    @display(description="Status", ordering="booking__status")
    def status(self, appointment: Appointment) -> str:
        return appointment.booking.get_status_display()
