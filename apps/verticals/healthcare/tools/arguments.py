"""What the clinic's tools share: their argument types and the checks in front of them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused
from apps.business.core.openings import OFFERED
from apps.business.core.wording import listed
from apps.verticals.healthcare.models import Appointment, Patient, Provider
from apps.verticals.healthcare.providers import accepting, active_providers, team_for

Id = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Topic = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
PartOfDay = Literal["morning", "afternoon", "evening"]
Kind = Literal[
    "new_patient",
    "follow_up",
    "routine_checkup",
    "emergency",
    "consultation",
    "procedure",
    "telehealth",
]

SHORTEST, LONGEST = 10, 120
"""Minutes of one appointment."""
BOOKABLE_DAYS = 365
"""How far ahead the book is open."""


def actor(ctx: ToolContext) -> str:
    """For the audit trail."""
    return f"agent:{ctx.agent}"


def today(ctx: ToolContext) -> dt.date:
    """The clinic's date."""
    return ctx.now.date()


def identified_patient(ctx: ToolContext) -> Patient | None:
    """Whom this conversation has identified, if they are a patient."""
    if not ctx.contact_id:
        return None
    return Patient.objects.filter(contact_id=ctx.contact_id).select_related("contact").first()


def own_patient(ctx: ToolContext, patient_id: str) -> Patient:
    """The patient this conversation has identified, who must be the one asked about.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such a patient exists or not.
    """
    patient = identified_patient(ctx)
    if patient is None or patient.pk != patient_id:
        raise _not_identified()
    return patient


def own_appointment(ctx: ToolContext, appointment_id: str) -> Appointment:
    """An appointment of the patient this conversation has identified.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such an appointment exists or not.
    """
    appointments = Appointment.objects.select_related("booking__contact__patient", "booking__staff__provider")
    own = appointments.filter(booking__contact_id=ctx.contact_id) if ctx.contact_id else appointments.none()
    appointment = own.filter(pk=appointment_id).first()
    if appointment is None:
        raise _not_identified()
    return appointment


def _not_identified() -> ToolRefused:
    return ToolRefused(
        "not_identified",
        "Before I can help with that, I need to find your record by your full name and date of birth.",
    )


def active_provider(provider_id: str, *, field: str = "provider_id") -> Provider:
    """A provider who takes bookings.

    Raises:
        ToolRefused: `provider_not_found`.
    """
    provider = Provider.objects.filter(pk=provider_id, staff__is_active=True).select_related("staff").first()
    if provider is None:
        raise ToolRefused("provider_not_found", "I cannot find that provider at our clinic.", field=field)
    return provider


def provider_for(patient: Patient | None, provider_id: str, *, field: str = "provider_id") -> Provider:
    """A provider who takes bookings and, if the patient is known to be new, new patients.

    Raises:
        ToolRefused: `provider_not_found`, or `not_accepting_new_patients` with those who do.
    """
    provider = active_provider(provider_id, field=field)
    if patient is None or not patient.is_new or provider.accepting_new_patients:
        return provider
    others = accepting(team_for(provider.specialization, active_providers()).providers)[:OFFERED]
    names = listed([other.staff.name for other in others], word="or")
    instead = f", but you could see {names}" if others else ""
    raise ToolRefused(
        "not_accepting_new_patients",
        f"{provider.staff.name} is not accepting new patients{instead}.",
        field=field,
        data={"providers": [{"provider_id": other.pk, "provider_name": other.staff.name} for other in others]},
    )


def length(minutes: int) -> dt.timedelta:
    """The duration of an appointment.

    Raises:
        ToolRefused: `duration_not_offered`.
    """
    if not SHORTEST <= minutes <= LONGEST:
        raise ToolRefused(
            "duration_not_offered",
            "An appointment here takes between 10 minutes and 2 hours.",
            field="duration",
        )
    return dt.timedelta(minutes=minutes)


def bookable_day(ctx: ToolContext, date: dt.date, *, field: str = "date") -> dt.date:
    """A day that the book is open for.

    Raises:
        ToolRefused: `in_the_past` or `too_far_ahead`.
    """
    if date < today(ctx):
        raise ToolRefused("in_the_past", "That day is in the past.", field=field)
    if date > today(ctx) + dt.timedelta(days=BOOKABLE_DAYS):
        raise ToolRefused("too_far_ahead", "We only book up to a year ahead.", field=field)
    return date
