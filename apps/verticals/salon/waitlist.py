"""The waitlist: who waits for a time, and giving them the first one that comes free."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from apps.business.bookings import BookingRefused
from apps.business.core.openings import is_in_part
from apps.business.core.slots import Span
from apps.business.models import Service
from apps.business.timetable import business_zone, read_timetable
from apps.tenants import audit
from apps.verticals.salon.house_rules import booking_notice
from apps.verticals.salon.models import Appointment, Customer, SalonSettings, Stylist, WaitlistEntry, WaitlistWish
from apps.verticals.salon.slots import starts
from apps.verticals.salon.stylists import Quote, active_stylists, quotes
from apps.verticals.salon.visits import book_visit, overlapping

MOST_AT_ONCE = 50
"""Entries tried for one freed day; those who have waited longest."""
Status = WaitlistEntry.Status


def waiting(customer: Customer, *, today: dt.date) -> list[WaitlistEntry]:
    """What a customer still waits for."""
    mine = WaitlistEntry.objects.filter(customer=customer, status=Status.WAITING, last_date__gte=today)
    return list(mine.prefetch_related("wishes"))


@transaction.atomic
def join(
    *,
    customer: Customer,
    services: Sequence[Service],
    stylist: Stylist | None,
    first_date: dt.date,
    last_date: dt.date,
    part_of_day: str,
    conversation_id: str,
    now: dt.datetime,
    actor: str,
) -> WaitlistEntry:
    """Puts a customer on the waitlist."""
    entry = WaitlistEntry(
        customer=customer,
        stylist=stylist,
        first_date=first_date,
        last_date=last_date,
        part_of_day=part_of_day,
        conversation_id=conversation_id,
        created_at=now,
    )
    entry.save()
    WaitlistWish.objects.bulk_create(WaitlistWish(entry=entry, service=service) for service in services)
    audit.record(actor=actor, action="waitlist.joined", target=entry.pk)
    return entry


@transaction.atomic
def fill_day(
    *, stylist: Stylist, day: dt.date, rules: SalonSettings, now: dt.datetime, actor: str
) -> list[WaitlistEntry]:
    """Books what is free of one stylist on one local day for those who wait for it, the longest waiting first.

    Whoever cannot come at such a time after all, because they are elsewhere then, stays on the list.
    """
    entries = _waiting_for(stylist, day)
    if not entries:
        return []
    zone = business_zone()
    timetable = read_timetable(staff=[stylist.staff], first=day, last=day, zone=zone)
    by_wish: dict[frozenset[str], Quote | None] = {}
    taken: list[Span] = []
    filled = []
    for entry in entries:
        services = [wish.service for wish in entry.wishes.all()]
        wish = frozenset(service.pk for service in services)
        if wish not in by_wish:
            by_wish[wish] = next(iter(quotes(services, stylists=[stylist])), None)
        if (quote := by_wish[wish]) is None:
            continue
        free = starts(quote, timetable, first=day, last=day, now=now, notice=booking_notice(rules), taken=taken)
        fitting = [start for start in free if is_in_part(start.astimezone(zone).time(), entry.part_of_day or None)]
        appointment = _book_first(entry, quote, fitting, rules=rules, now=now, actor=actor)
        if appointment is not None:
            taken.append(Span(appointment.booking.starts_at, appointment.booking.ends_at))
            filled.append(entry)
    return filled


def fill_all(*, rules: SalonSettings, now: dt.datetime, actor: str) -> list[WaitlistEntry]:
    """Every free time that somebody waits for, however it came free. `now` is in the salon's time zone."""
    today = now.date()
    open_entries = WaitlistEntry.objects.filter(status=Status.WAITING, last_date__gte=today)
    days = sorted({day for entry in open_entries for day in _days(entry, today)})
    return [
        entry
        for day in days
        for stylist in active_stylists()
        for entry in fill_day(stylist=stylist, day=day, rules=rules, now=now, actor=actor)
    ]


def _days(entry: WaitlistEntry, today: dt.date) -> list[dt.date]:
    first = max(entry.first_date, today)
    return [first + dt.timedelta(days=number) for number in range((entry.last_date - first).days + 1)]


def _waiting_for(stylist: Stylist, day: dt.date) -> list[WaitlistEntry]:
    entries = WaitlistEntry.objects.filter(
        Q(stylist=None) | Q(stylist=stylist), status=Status.WAITING, first_date__lte=day, last_date__gte=day
    )
    rows = entries.select_related("customer__contact").prefetch_related("wishes__service")
    return list(rows.select_for_update(of=("self",))[:MOST_AT_ONCE])


def _book_first(
    entry: WaitlistEntry,
    quote: Quote,
    fitting: Sequence[dt.datetime],
    *,
    rules: SalonSettings,
    now: dt.datetime,
    actor: str,
) -> Appointment | None:
    """The first of these times that the book and the customer's other visits allow."""
    length = dt.timedelta(minutes=quote.minutes)
    for start in fitting:
        if overlapping(entry.customer, starts_at=start, ends_at=start + length):
            continue
        try:
            appointment = book_visit(
                customer=entry.customer,
                quote=quote,
                starts_at=start,
                rules=rules,
                notes="From the waitlist.",
                conversation_id=entry.conversation_id,
                now=now,
                actor=actor,
            )
        except BookingRefused:  # somebody was faster
            continue
        entry.status, entry.appointment = Status.BOOKED, appointment
        entry.save(update_fields=["status", "appointment"])
        audit.record(actor=actor, action="waitlist.filled", target=entry.pk)
        return appointment
    return None
