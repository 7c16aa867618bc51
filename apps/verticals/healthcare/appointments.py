"""Appointments: a booking and its medical side, written together."""

import datetime as dt
from typing import Any

from django.db import transaction

from apps.business import bookings
from apps.business.models import OPEN_STATUSES, Booking
from apps.verticals.healthcare.models import Appointment, AppointmentType, Patient, Provider
from apps.verticals.healthcare.slots import NOTICE


def upcoming(patient: Patient, *, now: dt.datetime) -> list[Appointment]:
    """What lies ahead of a patient, the next first."""
    return list(
        Appointment.objects.filter(
            booking__contact_id=patient.contact_id,
            booking__status__in=OPEN_STATUSES,
            booking__starts_at__gte=now,
        )
        .select_related("booking__staff__provider")
        .order_by("booking__starts_at")
    )


def overlapping(patient: Patient, *, starts_at: dt.datetime, ends_at: dt.datetime) -> Appointment | None:
    """An appointment the patient already has in that time, with whomever."""
    return (
        Appointment.objects.filter(
            booking__contact_id=patient.contact_id,
            booking__status__in=OPEN_STATUSES,
            booking__starts_at__lt=ends_at,
            booking__ends_at__gt=starts_at,
        )
        .select_related("booking__staff__provider")
        .first()
    )


@transaction.atomic
def schedule(
    *,
    patient: Patient,
    provider: Provider,
    starts_at: dt.datetime,
    duration: dt.timedelta,
    appointment_type: str,
    reason: str,
    conversation_id: str = "",
    now: dt.datetime,
    actor: str,
) -> Appointment:
    """Books the time and writes down what for.

    Raises:
        BookingRefused: as bookings.book.
    """
    booking = bookings.book(
        contact=patient.contact,
        staff=provider.staff,
        starts_at=starts_at,
        duration=duration,
        conversation_id=conversation_id,
        now=now,
        notice=NOTICE,
        actor=actor,
    )
    appointment = Appointment(
        booking=booking,
        appointment_type=appointment_type,
        reason=reason,
        is_telehealth=appointment_type == AppointmentType.TELEHEALTH,
    )
    appointment.save()
    return appointment


def as_data(appointment: Appointment, *, zone: dt.tzinfo | None) -> dict[str, Any]:
    """The facts a model may chain on, under the names of the tools' arguments; date and time are local."""
    booking: Booking = appointment.booking
    local = booking.starts_at.astimezone(zone)
    return {
        "appointment_id": appointment.pk,
        "provider_id": booking.staff.provider.pk,
        "provider_name": booking.staff.name,
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "duration": int((booking.ends_at - booking.starts_at).total_seconds() // 60),
        "appointment_type": appointment.appointment_type,
        "status": str(booking.status),
        "reference": booking.reference,
    }
