"""Technicians' visits: free times, and bookings with the ticket they are for."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.business import bookings
from apps.business.calendar import free_slots
from apps.business.models import OPEN_STATUSES, Booking
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.callers import visible_tickets
from apps.verticals.it_helpdesk.core.wording import spoken_moment
from apps.verticals.it_helpdesk.models import Employee, Technician, Ticket, Visit

LENGTH = dt.timedelta(minutes=60)
NOTICE = dt.timedelta(hours=2)
"""A technician has to get there."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time of a technician; `starts_at` is local."""

    technician: Technician
    starts_at: dt.datetime

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        return {
            "technician_id": self.technician.pk,
            "technician_name": self.technician.staff.name,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
        }


def technicians_for(ticket: Ticket) -> list[Technician]:
    """Who could come: the ticket's own technician and the specialists of its category; else everybody."""
    everybody = list(Technician.objects.filter(staff__is_active=True).select_related("staff"))
    fitting = [one for one in everybody if one.specialty == ticket.category or one.pk == ticket.technician_id]
    return fitting or everybody


def openings(
    technicians: Sequence[Technician], *, date_from: dt.date, date_to: dt.date, now: dt.datetime
) -> list[Opening]:
    """Every free hour on these local days, both included, each start once, the earliest first.

    `now` is aware, in the tenant's time zone.
    """
    by_staff = {technician.staff_id: technician for technician in technicians}
    slots = free_slots(
        staff=[technician.staff for technician in technicians],
        date_from=date_from,
        date_to=date_to,
        duration=LENGTH,
        now=now,
        notice=NOTICE,
        step=LENGTH,
    )
    found: dict[dt.datetime, Opening] = {}
    for slot in slots:
        found.setdefault(slot.starts_at, Opening(by_staff[slot.staff.pk], slot.starts_at.astimezone(now.tzinfo)))
    return list(found.values())


def upcoming(employee: Employee, *, now: dt.datetime) -> list[Visit]:
    """The visits ahead for the tickets that the caller may see, the next first."""
    return list(
        Visit.objects.filter(
            ticket__in=visible_tickets(employee), booking__status__in=OPEN_STATUSES, booking__starts_at__gte=now
        )
        .select_related("booking__staff__technician", "ticket")
        .order_by("booking__starts_at")
    )


@transaction.atomic
def schedule(
    *,
    ticket: Ticket,
    employee: Employee,
    technician: Technician,
    starts_at: dt.datetime,
    conversation_id: str,
    now: dt.datetime,
    actor: str,
) -> Visit:
    """Books the technician's time for the ticket.

    Raises:
        BookingRefused: as bookings.book.
    """
    booking = bookings.book(
        contact=employee.contact,
        staff=technician.staff,
        starts_at=starts_at,
        duration=LENGTH,
        conversation_id=conversation_id,
        now=now,
        notice=NOTICE,
        actor=actor,
    )
    visit: Visit = Visit.objects.create(booking=booking, ticket=ticket)
    _note(visit, "booked", now=now, actor=actor)
    return visit


@transaction.atomic
def move(*, visit: Visit, starts_at: dt.datetime, technician: Technician, now: dt.datetime, actor: str) -> Visit:
    """Moves the visit to another time.

    Raises:
        BookingRefused: as bookings.reschedule.
    """
    visit.booking = bookings.reschedule(
        booking=visit.booking,
        starts_at=starts_at,
        staff=technician.staff,
        now=now,
        notice=NOTICE,
        actor=actor,
    )
    _note(visit, "moved", now=now, actor=actor)
    return visit


@transaction.atomic
def cancel(*, visit: Visit, reason: str, now: dt.datetime, actor: str) -> Visit:
    """Cancels the visit; the ticket stays open.

    Raises:
        BookingRefused: as bookings.cancel.
    """
    visit.booking = bookings.cancel(booking=visit.booking, reason=reason, now=now, actor=actor)
    _note(visit, "cancelled", now=now, actor=actor)
    return visit


def as_data(visit: Visit, *, zone: dt.tzinfo | None) -> dict[str, Any]:
    """The facts a model may chain on; date and time are local."""
    booking: Booking = visit.booking
    local = booking.starts_at.astimezone(zone)
    return {
        "visit_id": visit.pk,
        "ticket_id": visit.ticket_id,
        "ticket_number": visit.ticket.reference,
        "technician_name": booking.staff.name,
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "status": str(booking.status),
    }


def _note(visit: Visit, verb: str, *, now: dt.datetime, actor: str) -> None:
    local = visit.booking.starts_at.astimezone(now.tzinfo)
    text = f"Visit {verb}: {visit.booking.staff.name}, {spoken_moment(local, today=now.date())}"
    tickets.record_visit(ticket=visit.ticket, text=text, now=now, actor=actor)
