"""Visits: a booking and the services done in it, written together."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.business import bookings
from apps.business.core.slots import Span, utc
from apps.business.core.wording import spoken_money
from apps.business.models import OPEN_STATUSES, Booking, Service
from apps.business.overlap import is_overlap
from apps.business.timetable import business_zone, read_timetable
from apps.verticals.salon.core.rules import is_late, late_fee
from apps.verticals.salon.house_rules import booking_notice, cancellation_window
from apps.verticals.salon.models import Appointment, AppointmentLine, Customer, SalonSettings
from apps.verticals.salon.stylists import Quote


def visits() -> QuerySet[Appointment]:
    """With all that is told of one: three queries, however many."""
    return Appointment.objects.select_related(
        "booking__contact__salon_customer", "booking__staff__stylist"
    ).prefetch_related("lines__service")


def upcoming(customer: Customer, *, now: dt.datetime) -> list[Appointment]:
    """What lies ahead of a customer, the next first."""
    ahead = visits().filter(
        booking__contact_id=customer.contact_id, booking__status__in=OPEN_STATUSES, booking__starts_at__gte=now
    )
    return list(ahead.order_by("booking__starts_at"))


def overlapping(customer: Customer, *, starts_at: dt.datetime, ends_at: dt.datetime) -> Appointment | None:
    """A visit the customer already has in that time, with whomever."""
    return (
        visits()
        .filter(
            booking__contact_id=customer.contact_id,
            booking__status__in=OPEN_STATUSES,
            booking__starts_at__lt=ends_at,
            booking__ends_at__gt=starts_at,
        )
        .first()
    )


@transaction.atomic
def book_visit(
    *,
    customer: Customer,
    quote: Quote,
    starts_at: dt.datetime,
    rules: SalonSettings,
    notes: str = "",
    conversation_id: str = "",
    now: dt.datetime,
    actor: str,
) -> Appointment:
    """Books the time and writes down each service at today's price.

    Raises:
        BookingRefused: as bookings.book.
    """
    booking = bookings.book(
        contact=customer.contact,
        staff=quote.stylist.staff,
        service=quote.lines[0].service,
        starts_at=starts_at,
        duration=dt.timedelta(minutes=quote.minutes),
        notes=notes,
        conversation_id=conversation_id,
        now=now,
        notice=booking_notice(rules),
        actor=actor,
    )
    appointment = Appointment(booking=booking)
    appointment.save()
    AppointmentLine.objects.bulk_create(_lines(appointment, quote))
    return appointment


def _lines(appointment: Appointment, quote: Quote) -> list[AppointmentLine]:
    return [
        AppointmentLine(
            appointment=appointment,
            service=line.service,
            position=position,
            duration_minutes=line.minutes,
            price_cents=line.price_cents,
        )
        for position, line in enumerate(quote.lines)
    ]


@transaction.atomic
def move_visit(
    *,
    appointment: Appointment,
    starts_at: dt.datetime,
    quote: Quote | None = None,
    rules: SalonSettings,
    now: dt.datetime,
    actor: str,
) -> Appointment:
    """Moves a visit. The reference stays; so do length and price, unless it goes to the stylist of the `quote`.

    Raises:
        BookingRefused: as bookings.reschedule.
    """
    booking = appointment.booking
    booked = booking.ends_at - booking.starts_at
    needed = dt.timedelta(minutes=quote.minutes) if quote else booked
    if needed < booked:  # or the move would look for more time than it takes
        Booking.objects.filter(pk=booking.pk, status__in=OPEN_STATUSES).update(ends_at=booking.starts_at + needed)
    moved = bookings.reschedule(
        booking=booking,
        starts_at=starts_at,
        staff=quote.stylist.staff if quote else None,
        now=now,
        notice=booking_notice(rules),
        actor=actor,
    )
    if needed > booked:
        _extend(moved, needed)
    if quote:
        appointment.lines.all().delete()
        AppointmentLine.objects.bulk_create(_lines(appointment, quote))
    return visits().get(pk=appointment.pk)


def _extend(booking: Booking, duration: dt.timedelta) -> None:
    """Takes more time at the new place, if it is there."""
    span = Span(booking.starts_at, booking.starts_at + duration)
    zone = business_zone()
    day = booking.starts_at.astimezone(zone).date()
    if not read_timetable(staff=[booking.staff], first=day, last=day, zone=zone).works(booking.staff_id, span):
        raise bookings.OutsideHours(f"{booking.staff.name} is not available for so long.")
    booking.ends_at = span.ends_at
    try:
        with transaction.atomic():
            booking.save(update_fields=["ends_at"])
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        raise bookings.SlotTaken("That time is not free for so long.") from error


def fee_for(appointment: Appointment, *, rules: SalonSettings, now: dt.datetime) -> int:
    """Cents owed when the visit is cancelled now; 0 in good time."""
    if not is_late(appointment.booking.starts_at, now=utc(now), window=cancellation_window(rules)):
        return 0
    return late_fee(appointment.price_cents, rules.late_fee_percent)


@transaction.atomic
def cancel_visit(
    *, appointment: Appointment, reason: str, rules: SalonSettings, now: dt.datetime, actor: str
) -> Appointment:
    """Frees the time, and notes the fee that is owed inside the cancellation window.

    Raises:
        BookingRefused: as bookings.cancel.
    """
    fee = fee_for(appointment, rules=rules, now=now)
    appointment.booking = bookings.cancel(booking=appointment.booking, reason=reason, now=now, actor=actor)
    if fee:
        appointment.late_fee_cents = fee
        appointment.save(update_fields=["late_fee_cents"])
    return appointment


def services_of(appointment: Appointment) -> list[Service]:
    return [line.service for line in appointment.lines.all()]


def as_data(appointment: Appointment, *, zone: dt.tzinfo | None) -> dict[str, Any]:
    """The facts a model may chain on, under the names of the tools' arguments; date and time are local."""
    booking: Booking = appointment.booking
    local = booking.starts_at.astimezone(zone)
    price = appointment.price_cents
    return {
        "appointment_id": appointment.pk,
        "reference": booking.reference,
        "service_names": [service.name for service in services_of(appointment)],
        "stylist_id": booking.staff.stylist.pk,
        "stylist_name": booking.staff.name,
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "duration": int((booking.ends_at - booking.starts_at).total_seconds() // 60),
        "price": None if price is None else spoken_money(price),
        "status": str(booking.status),
    }
