"""Making, moving and cancelling bookings."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Length

from apps.business.calendar import DEFAULT_DURATION, HORIZON, NO_NOTICE, check_duration, free_slots
from apps.business.core.names import clean, initials
from apps.business.core.slots import Span, utc
from apps.business.models import OPEN_STATUSES, Booking, BookingStatus, Contact, Service, Staff
from apps.business.overlap import is_overlap
from apps.business.timetable import business_zone, read_timetable
from apps.common.errors import AppError
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id

MAX_NOTES = 2_000
MAX_REASON = 200
ALTERNATIVES = 4


class BookingRefused(AppError):
    """A booking that cannot be made, moved or cancelled as asked."""

    code = "booking_refused"
    status = 409


class SlotTaken(BookingRefused):
    """Somebody has the time. `details["free"]`: up to 4 free starts near it, local, as 2026-11-24T10:00."""

    code = "slot_taken"


class OutsideHours(BookingRefused):
    """Closed, or the staff is away, for some of the time. `details["free"]` as in SlotTaken."""

    code = "outside_hours"


class InThePast(BookingRefused):
    """Over, or sooner than the notice allows."""

    code = "in_the_past"


class TooFarAhead(BookingRefused):
    """Further ahead than bookings are taken (a year)."""

    code = "too_far_ahead"


class NotBookable(BookingRefused):
    """The staff takes no bookings, or the service is not offered."""

    code = "not_bookable"


class StaffCannotDoService(BookingRefused):
    """There is no StaffService for the two."""

    code = "staff_cannot_do_service"


class BookingClosed(BookingRefused):
    """It is cancelled or has begun, so it can be neither cancelled nor moved."""

    code = "booking_closed"


def book(
    *,
    contact: Contact,
    staff: Staff,
    starts_at: datetime,
    duration: timedelta | None = None,
    service: Service | None = None,
    notes: str = "",
    conversation_id: str = "",
    now: datetime,
    notice: timedelta = NO_NOTICE,
    actor: str = "system",
) -> Booking:
    """Books a time, on the grid or off it.

    Args:
        starts_at: aware.
        duration: elapsed; None = what the service takes this member of staff, 30 minutes without a service.
        notice: how long before its start a booking must be made.

    Raises:
        SlotTaken, OutsideHours, InThePast, TooFarAhead, NotBookable, StaffCannotDoService, InvalidDuration.
    """
    now, starts_at = utc(now), utc(starts_at)
    needed = _duration(staff, service, duration)
    _check_time(staff, starts_at, needed, now=now, notice=notice)
    booking = Booking(
        contact=contact,
        staff=staff,
        service=service,
        starts_at=starts_at,
        ends_at=starts_at + needed,
        notes=clean(notes, limit=MAX_NOTES),
        conversation_id=conversation_id,
        created_at=now,
    )
    with _slot_taken(staff, starts_at, needed, now=now, notice=notice), transaction.atomic():
        booking.reference = _next_reference(_lock_tenant(), now)
        booking.save()
        audit.record(actor=actor, action="booking.created", target=booking.pk)
    return booking


def cancel(*, booking: Booking, reason: str = "", now: datetime, actor: str = "system") -> Booking:
    """Frees the time. Returns the booking as it is now.

    Raises:
        BookingClosed, InThePast.
    """
    with transaction.atomic():
        current = _lock_open(booking, now)
        current.status = BookingStatus.CANCELLED
        current.cancelled_at = now
        current.cancel_reason = clean(reason, limit=MAX_REASON)
        current.save(update_fields=["status", "cancelled_at", "cancel_reason", "updated_at"])
        audit.record(actor=actor, action="booking.cancelled", target=current.pk)
    return current


def reschedule(
    *,
    booking: Booking,
    starts_at: datetime,
    staff: Staff | None = None,
    now: datetime,
    notice: timedelta = NO_NOTICE,
    actor: str = "system",
) -> Booking:
    """Moves a booking, all or nothing. Id, reference and duration stay. Returns the booking as it is now.

    Raises:
        BookingClosed, and all that `book` does.
    """
    now, starts_at = utc(now), utc(starts_at)
    with transaction.atomic():
        current = _lock_open(booking, now)
        before = {"starts_at": current.starts_at.isoformat(), "staff": current.staff_id}
        taker = staff or current.staff
        needed = _duration(taker, current.service, current.ends_at - current.starts_at)
        _check_time(taker, starts_at, needed, now=now, notice=notice)
        current.staff = taker
        current.starts_at, current.ends_at = starts_at, starts_at + needed
        current.status = BookingStatus.RESCHEDULED
        with _slot_taken(taker, starts_at, needed, now=now, notice=notice), transaction.atomic():
            current.save(update_fields=["staff", "starts_at", "ends_at", "status", "updated_at"])
        audit.record(actor=actor, action="booking.rescheduled", target=current.pk, details={"from": before})
    return current


def _duration(staff: Staff, service: Service | None, duration: timedelta | None) -> timedelta:
    """How long it takes this member of staff, once it is clear that they do it at all."""
    if not staff.is_active:
        raise NotBookable(f"{staff.name} takes no bookings at the moment.")
    if service is not None:
        if not service.can_be_booked:
            raise NotBookable(f"{service.name} cannot be booked at the moment.")
        skill = service.skills.filter(staff=staff).first()
        if skill is None:
            raise StaffCannotDoService(f"{staff.name} does not do {service.name}.")
        duration = skill.duration if duration is None else duration
    return DEFAULT_DURATION if duration is None else check_duration(duration)


def _check_time(staff: Staff, starts_at: datetime, duration: timedelta, *, now: datetime, notice: timedelta) -> None:
    """Raises InThePast, TooFarAhead or OutsideHours. Whether it is taken is for the database to say."""
    if starts_at < now:
        raise InThePast("That time is already over.")
    if starts_at < now + notice:
        raise InThePast(f"Bookings are made at least {notice // timedelta(hours=1)} hours ahead.")
    if starts_at > now + HORIZON:
        raise TooFarAhead("Bookings are taken up to a year ahead.")
    zone = business_zone()
    day = starts_at.astimezone(zone).date()
    timetable = read_timetable(staff=[staff], first=day, last=day, zone=zone)
    if not timetable.works(staff.pk, Span(starts_at, starts_at + duration)):
        free = _free_near(staff, starts_at, duration, now=now, notice=notice)
        raise OutsideHours(f"{staff.name} is not available at that time.", free=free)


@contextmanager
def _slot_taken(
    staff: Staff, starts_at: datetime, duration: timedelta, *, now: datetime, notice: timedelta
) -> Iterator[None]:
    """Turns the database's refusal into SlotTaken. Goes around the transaction that the write breaks."""
    try:
        yield
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        free = _free_near(staff, starts_at, duration, now=now, notice=notice)
        raise SlotTaken("That time has just been taken.", free=free) from error


def _free_near(
    staff: Staff, starts_at: datetime, duration: timedelta, *, now: datetime, notice: timedelta
) -> list[str]:
    """The nearest free starts with the same staff, as local times in order."""
    zone = business_zone()
    day = starts_at.astimezone(zone).date()
    free = free_slots(
        staff=staff,
        date_from=day - timedelta(days=1),
        date_to=day + timedelta(days=14),
        duration=duration,
        now=now,
        notice=notice,
    )
    nearest = sorted((slot.starts_at for slot in free), key=lambda start: abs(start - starts_at))[:ALTERNATIVES]
    return [f"{start.astimezone(zone):%Y-%m-%dT%H:%M}" for start in sorted(nearest)]


def _lock_tenant() -> Tenant:
    """Bookings of one tenant are written one after the other (SQLite has one writer anyway).

    So references never clash, and two requests that write several cannot wait for each other in a circle.
    """
    return Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())


def _lock_open(booking: Booking, now: datetime) -> Booking:
    """The booking as the database has it, if it can still be changed."""
    _lock_tenant()
    current = Booking.objects.select_for_update().get(pk=booking.pk)
    if current.status not in OPEN_STATUSES:
        raise BookingClosed(f"This booking is {current.get_status_display().lower()}.")
    if current.ends_at <= now:
        raise InThePast("This booking is already over.")
    return current


def _next_reference(tenant: Tenant, now: datetime) -> str:
    """Such as GB-20261122-001: the business's initials, the local day on which it is booked, a number."""
    prefix = f"{initials(tenant.name)}-{now.astimezone(tenant.zone):%Y%m%d}-"
    references = Booking.objects.filter(reference__startswith=prefix).values_list("reference", flat=True)
    last = references.order_by(Length("reference").desc(), "-reference").first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:03d}"
