"""Visits in office hours, for what can wait: free times, and bookings with the incident that they are for."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.business import bookings
from apps.business.calendar import free_slots
from apps.business.core.wording import spoken_moment
from apps.business.models import Contact
from apps.verticals.after_hours.journal import Kind, enter
from apps.verticals.after_hours.models import Incident, Responder, Trade, Visit

LENGTH = dt.timedelta(minutes=60)
NOTICE = dt.timedelta(hours=2)
"""A technician has to get there."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time of a technician; `starts_at` is local."""

    technician: Responder
    starts_at: dt.datetime

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        return {
            "technician_id": self.technician.pk,
            "technician_name": self.technician.staff.name,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
        }


def technicians_for(trade: str) -> list[Responder]:
    """Who could come by day: those of the trade; else everybody."""
    everybody = list(Responder.objects.filter(is_active=True, staff__is_active=True).select_related("staff"))
    return [one for one in everybody if trade != Trade.OTHER and one.trade == trade] or everybody


def openings(
    technicians: Sequence[Responder], *, date_from: dt.date, date_to: dt.date, now: dt.datetime
) -> list[Opening]:
    """Every free hour of each of them on these local days, both included; `now` is aware, in the tenant's time zone."""
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
    return [Opening(by_staff[slot.staff.pk], slot.starts_at.astimezone(now.tzinfo)) for slot in slots]


@transaction.atomic
def schedule(
    *,
    incident: Incident,
    contact: Contact,
    technician: Responder,
    starts_at: dt.datetime,
    now: dt.datetime,
    actor: str,
) -> Visit:
    """Books the technician's time for the incident.

    Raises:
        BookingRefused: as bookings.book.
    """
    booking = bookings.book(
        contact=contact,
        staff=technician.staff,
        starts_at=starts_at,
        duration=LENGTH,
        conversation_id=incident.conversation_id,
        now=now,
        notice=NOTICE,
        actor=actor,
    )
    visit: Visit = Visit.objects.create(booking=booking, incident=incident)
    _note(visit, "booked", now=now, actor=actor)
    return visit


@transaction.atomic
def move(*, visit: Visit, starts_at: dt.datetime, technician: Responder, now: dt.datetime, actor: str) -> Visit:
    """Moves the visit to another time.

    Raises:
        BookingRefused: as bookings.reschedule.
    """
    visit.booking = bookings.reschedule(
        booking=visit.booking, starts_at=starts_at, staff=technician.staff, now=now, notice=NOTICE, actor=actor
    )
    _note(visit, "moved", now=now, actor=actor)
    return visit


@transaction.atomic
def cancel(*, visit: Visit, reason: str, now: dt.datetime, actor: str) -> Visit:
    """Cancels the visit; the report stays open.

    Raises:
        BookingRefused: as bookings.cancel.
    """
    visit.booking = bookings.cancel(booking=visit.booking, reason=reason, now=now, actor=actor)
    _note(visit, "cancelled", now=now, actor=actor)
    return visit


def _note(visit: Visit, verb: str, *, now: dt.datetime, actor: str) -> None:
    local = visit.booking.starts_at.astimezone(now.tzinfo)
    text = f"Visit {verb}: {visit.booking.staff.name}, {spoken_moment(local, today=now.date())}"
    enter(visit.incident, Kind.VISIT, text, now=now, actor=actor)
