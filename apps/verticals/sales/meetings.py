"""Meetings of leads with sales reps: bookings of half an hour."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.business import bookings
from apps.business.calendar import free_slots
from apps.business.core.names import clean
from apps.business.core.wording import listed, spoken_date, spoken_time
from apps.business.models import OPEN_STATUSES
from apps.verticals.sales import events
from apps.verticals.sales.models import Lead, Meeting, SalesRep

LENGTH = dt.timedelta(minutes=30)
NOTICE = dt.timedelta(hours=2)
AHEAD = dt.timedelta(days=14)
"""How far from the wished day free times are looked for."""
OFFERED = 4
_PARTS = {
    "morning": (dt.time(0), dt.time(12)),
    "afternoon": (dt.time(12), dt.time(17)),
    "evening": (dt.time(17), dt.time.max),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time of a rep; `starts_at` is in the business's time zone."""

    rep: SalesRep
    starts_at: dt.datetime

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        return {
            "rep_id": self.rep.pk,
            "rep_name": self.rep.staff.name,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
            "duration": LENGTH // dt.timedelta(minutes=1),
        }


def reps() -> list[SalesRep]:
    """Those who take meetings."""
    return list(SalesRep.objects.filter(staff__is_active=True).select_related("staff"))


def openings(of: Sequence[SalesRep], *, date_from: dt.date, date_to: dt.date, now: dt.datetime) -> list[Opening]:
    """Every free time on these local days, both included; by start, then rep.

    `now` is aware, in the business's time zone.
    """
    by_staff = {rep.staff_id: rep for rep in of}
    found = free_slots(
        staff=[rep.staff for rep in of],
        date_from=date_from,
        date_to=date_to,
        duration=LENGTH,
        now=now,
        notice=NOTICE,
    )
    return [Opening(by_staff[slot.staff.pk], slot.starts_at.astimezone(now.tzinfo)) for slot in found]


def in_part(found: Sequence[Opening], part_of_day: str | None) -> list[Opening]:
    """Those that begin in the part of the day; all when none is named."""
    first, end = _PARTS[part_of_day] if part_of_day else (dt.time(0), dt.time.max)
    return [opening for opening in found if first <= opening.starts_at.time() < end]


def best(found: Sequence[Opening], *, near: dt.time | None = None, first: str = "") -> list[Opening]:
    """The first few, or those nearest to a time of day, in order; each start once, with the rep `first` if they can."""
    by_start: dict[dt.datetime, Opening] = {}
    for opening in sorted(found, key=lambda one: (one.starts_at, one.rep.pk != first)):
        by_start.setdefault(opening.starts_at, opening)
    times = sorted(by_start, key=lambda start: (start.date(), _apart(start.time(), near))) if near else list(by_start)
    return [by_start[start] for start in sorted(times[:OFFERED])]


def _apart(first: dt.time, second: dt.time | None) -> int:
    return abs(first.hour * 60 + first.minute - second.hour * 60 - second.minute) if second else 0


def spoken_openings(offered: Sequence[Opening], *, today: dt.date) -> str:
    """Such as "Dana Cole on Tuesday, November 24 at 9 AM or 9:30 AM"."""
    groups = groupby(offered, key=lambda one: (one.rep.staff.name, one.starts_at.date()))
    said = [
        f"{name} on {spoken_date(date, today=today)} at "
        + listed([spoken_time(opening.starts_at.time()) for opening in group], word="or")
        for (name, date), group in groups
    ]
    return ", ".join(said[:-1]) + f", or {said[-1]}" if len(said) > 1 else said[0]


def meetings() -> QuerySet[Meeting]:
    """With all that is told of one: one query, however many."""
    return Meeting.objects.select_related("booking__contact", "booking__staff__sales_rep__staff", "lead__contact")


def upcoming(lead: Lead, *, now: dt.datetime) -> list[Meeting]:
    """What lies ahead of a lead, the next first."""
    ahead = meetings().filter(lead=lead, booking__status__in=OPEN_STATUSES, booking__starts_at__gte=now)
    return list(ahead.order_by("booking__starts_at"))


@transaction.atomic
def book(
    *,
    lead: Lead,
    rep: SalesRep,
    starts_at: dt.datetime,
    topic: str,
    conversation_id: str,
    now: dt.datetime,
    actor: str,
) -> Meeting:
    """Books half an hour with a rep; a lead of nobody becomes that rep's.

    Raises:
        BookingRefused: as bookings.book.
    """
    booking = bookings.book(
        contact=lead.contact,
        staff=rep.staff,
        starts_at=starts_at,
        duration=LENGTH,
        notes=topic,
        conversation_id=conversation_id,
        now=now,
        notice=NOTICE,
        actor=actor,
    )
    meeting = Meeting(booking=booking, lead=lead, topic=clean(topic, limit=200))
    meeting.save()
    lead.status = lead.status if lead.status == Lead.Status.WON else Lead.Status.MEETING
    lead.rep = lead.rep or rep
    lead.save(update_fields=["status", "rep"])
    _changed(meeting, rep, "booked", now)
    return meeting


@transaction.atomic
def move(*, meeting: Meeting, starts_at: dt.datetime, now: dt.datetime, actor: str) -> Meeting:
    """Moves a meeting with the same rep; the reference stays. Raises BookingRefused as bookings.reschedule."""
    bookings.reschedule(booking=meeting.booking, starts_at=starts_at, now=now, notice=NOTICE, actor=actor)
    moved = meetings().get(pk=meeting.pk)
    _changed(moved, moved.booking.staff.sales_rep, "moved", now)
    return moved


@transaction.atomic
def cancel(*, meeting: Meeting, reason: str, now: dt.datetime, actor: str) -> Meeting:
    """Frees the time. Raises BookingRefused as bookings.cancel."""
    meeting.booking = bookings.cancel(booking=meeting.booking, reason=reason, now=now, actor=actor)
    Lead.objects.filter(pk=meeting.lead_id, status=Lead.Status.MEETING).update(status=Lead.Status.QUALIFIED)
    _changed(meeting, meeting.booking.staff.sales_rep, "cancelled", now)
    return meeting


def _changed(meeting: Meeting, rep: SalesRep, change: str, now: dt.datetime) -> None:
    events.publish(
        events.MeetingChanged(at=now.timestamp(), meeting=meeting.pk, lead=meeting.lead_id, rep=rep.pk, change=change)
    )


def as_data(meeting: Meeting, *, zone: dt.tzinfo | None) -> dict[str, Any]:
    """Under the names of the tools' arguments."""
    starts_at = meeting.booking.starts_at.astimezone(zone)
    return {
        "appointment_id": meeting.pk,
        "reference": meeting.booking.reference,
        "rep_name": meeting.booking.staff.name,
        "date": starts_at.date().isoformat(),
        "time": f"{starts_at:%H:%M}",
        "topic": meeting.topic,
        "status": meeting.booking.status,
    }
