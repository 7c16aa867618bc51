"""When the business is open and when its staff are free."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice

from apps.business.core import slots
from apps.business.models import Service, Staff, Weekday
from apps.business.timetable import business_zone, read_timetable
from apps.common.errors import InvalidInput

GRID = timedelta(minutes=30)
DEFAULT_DURATION = timedelta(minutes=30)
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=24)
NO_NOTICE = timedelta(0)
HORIZON = timedelta(days=366)
"""How far ahead anything is offered or booked."""


class NoSuchTime(InvalidInput):
    """The clocks skip this time on that day."""

    code = "no_such_time"


class InvalidDuration(InvalidInput):
    """Not between five minutes and a day."""

    code = "invalid_duration"


def check_duration(duration: timedelta) -> timedelta:
    """Raises InvalidDuration unless a booking may last so long."""
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidDuration("A booking takes between 5 minutes and 24 hours.", field="duration")
    return duration


@dataclass(frozen=True, slots=True)
class Slot:
    """A time in which `staff` is free. Aware, in UTC: to show it, `.astimezone(tenant.zone)`."""

    staff: Staff
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DayHours:
    """The business's hours on a weekday, Monday = 0; closed without openings."""

    weekday: int
    name: str
    openings: list[slots.Opening]


def at(*, day: date, local: time) -> datetime:
    """The instant (UTC) of a wall-clock time of the business; the first of two when the clocks are put back.

    Raises:
        NoSuchTime: the clocks skip it.
    """
    moment = slots.instant(datetime.combine(day, local), business_zone())
    if moment is None:
        raise NoSuchTime(f"There is no {local:%H:%M} on {day}: the clocks jump over it.", field="time")
    return moment


def office_hours() -> list[DayHours]:
    """The business's seven days, from Monday."""
    monday = date(2000, 1, 3)  # of any week: hours are the same in each
    week = read_timetable(staff=(), first=monday, last=monday, zone=business_zone()).week_of(None)
    return [DayHours(day.value, str(day.label), list(week.get(day.value, ()))) for day in Weekday]


def is_open(*, now: datetime) -> bool:
    """Whether the business is open at this instant."""
    zone = business_zone()
    today = now.astimezone(zone).date()
    timetable = read_timetable(staff=(), first=today, last=today, zone=zone)
    return any(span.starts_at <= now < span.ends_at for span in timetable.opened_on(today, None))


def free_slots(
    *,
    staff: Staff | Collection[Staff] | None = None,
    service: Service | None = None,
    date_from: date,
    date_to: date,
    duration: timedelta | None = None,
    now: datetime,
    notice: timedelta = NO_NOTICE,
    step: timedelta = GRID,
) -> list[Slot]:
    """Every free time on the local days from `date_from` to `date_to`, both included; by start, then staff.

    Args:
        staff: one, several, or None for everyone; only who takes bookings counts.
        service: only staff who do it, each with their own duration.
        duration: instead of theirs; 30 minutes when neither says.
        now: aware. Nothing is offered before now + notice, or more than a year ahead.
        step: slots start at multiples of it after midnight.

    Raises:
        InvalidDuration.
    """
    if duration is not None:
        check_duration(duration)
    zone, now = business_zone(), slots.utc(now)
    latest = now + HORIZON
    first, last = max(date_from, now.astimezone(zone).date()), min(date_to, latest.astimezone(zone).date())
    if first > last:
        return []
    durations = _durations(_members(staff), service, duration)
    timetable = read_timetable(staff=durations, first=first, last=last, zone=zone)
    free = [
        Slot(member, span.starts_at, span.ends_at)
        for member, needed in durations.items()
        for span in slots.free_slots(
            days=timetable.open_days(first, last),
            week=timetable.week_of(member.pk),
            zone=zone,
            busy=timetable.busy(member.pk),
            duration=needed,
            step=step,
            earliest=now + notice,
            latest=latest,
        )
    ]
    return sorted(free, key=_start)


def next_free(
    *,
    staff: Staff | Collection[Staff] | None = None,
    service: Service | None = None,
    duration: timedelta | None = None,
    now: datetime,
    notice: timedelta = NO_NOTICE,
    limit: int = 4,
    horizon: timedelta = timedelta(days=14),
) -> list[Slot]:
    """The first `limit` free times, each start once (the first free staff by name). Else as free_slots."""
    free = free_slots(
        staff=staff,
        service=service,
        date_from=date.min,  # from now on
        date_to=(now + horizon).date(),
        duration=duration,
        now=now,
        notice=notice,
    )
    return [next(same_start) for _, same_start in islice(groupby(free, key=_start), limit)]


def _members(staff: Staff | Collection[Staff] | None) -> list[Staff]:
    if staff is None:
        return list(Staff.objects.filter(is_active=True))
    return [member for member in ([staff] if isinstance(staff, Staff) else staff) if member.is_active]


def _durations(members: list[Staff], service: Service | None, duration: timedelta | None) -> dict[Staff, timedelta]:
    """How long each takes; who does not do the service is left out."""
    if service is None:
        return dict.fromkeys(members, duration or DEFAULT_DURATION)
    if not service.can_be_booked:
        return {}
    skills = {skill.staff_id: skill for skill in service.skills.filter(staff__in=members)}
    return {member: duration or skills[member.pk].duration for member in members if member.pk in skills}


def _start(slot: Slot) -> datetime:
    return slot.starts_at
