"""What the database knows about when staff can be booked, read at once and handed to the pure core."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from apps.business.core.slots import Opening, Span, Week, common, contains, opened
from apps.business.models import FREEING_STATUSES, Booking, Closure, Staff, TimeOff, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id


@dataclass(frozen=True, slots=True)
class Timetable:
    """The calendars of some staff over some days.

    Attributes:
        weeks: hours by staff id; under None the business's own.
        closures: first and last day of each.
        away: time off by staff id.
        booked: bookings that occupy time, by staff id.
    """

    zone: ZoneInfo
    weeks: dict[str | None, Week]
    closures: Sequence[tuple[date, date]]
    away: dict[str, list[Span]]
    booked: dict[str, list[Span]]

    def is_closed(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.closures)

    def open_days(self, first: date, last: date) -> list[date]:
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [day for day in days if not self.is_closed(day)]

    def week_of(self, staff_id: str | None) -> Week:
        """The hours of a member of staff within the business's; the business's own for None."""
        business = self.weeks.get(None, {})
        own = self.weeks.get(staff_id, business)
        return {weekday: common(openings, own.get(weekday, ())) for weekday, openings in business.items()}

    def opened_on(self, day: date, staff_id: str | None) -> list[Span]:
        """When the doors are open for this member of staff, whether or not they have time."""
        openings = () if self.is_closed(day) else self.week_of(staff_id).get(day.weekday(), ())
        return opened(day, openings, self.zone)

    def works(self, staff_id: str, span: Span) -> bool:
        """Whether the whole span lies within hours, without time off. Bookings do not count."""
        absences = self.away.get(staff_id, ())
        away = any(absence.starts_at < span.ends_at and span.starts_at < absence.ends_at for absence in absences)
        return not away and contains(self.opened_on(span.starts_at.astimezone(self.zone).date(), staff_id), span)

    def busy(self, staff_id: str) -> list[Span]:
        return [*self.away.get(staff_id, ()), *self.booked.get(staff_id, ())]


def business_zone() -> ZoneInfo:
    """The time zone of the tenant in scope."""
    return Tenant.objects.get(pk=current_tenant_id()).zone


def read_timetable(*, staff: Iterable[Staff], first: date, last: date, zone: ZoneInfo) -> Timetable:
    """The timetable of `staff` from one local day to another: four queries, however many days and staff."""
    ids = [member.pk for member in staff]
    # A day more on either side: the days of the zone reach over those of UTC.
    since = datetime.combine(first, time(), UTC) - timedelta(days=1)
    until = datetime.combine(last, time(), UTC) + timedelta(days=2)
    closures = Closure.objects.filter(start_date__lte=last, end_date__gte=first)
    away = TimeOff.objects.filter(staff__in=ids, starts_at__lt=until, ends_at__gt=since)
    # Coalesce keeps SQLite off the index by start, which it would prefer, and which would have it read the whole past.
    bookings = Booking.objects.alias(begins_at=Coalesce("starts_at", "starts_at")).filter(
        staff__in=ids, begins_at__lt=until, ends_at__gt=since
    )
    return Timetable(
        zone=zone,
        weeks=_weeks(WeeklyHours.objects.filter(Q(staff=None) | Q(staff__in=ids))),
        closures=[(closure.start_date, closure.end_date) for closure in closures],
        away=_spans(away),
        booked=_spans(bookings.exclude(status__in=FREEING_STATUSES)),
    )


def _weeks(rows: Iterable[WeeklyHours]) -> dict[str | None, Week]:
    weeks: dict[str | None, dict[int, list[Opening]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        weeks[row.staff_id][row.weekday].append(Opening(row.opens, row.closes))
    return {staff_id: dict(week) for staff_id, week in weeks.items()}


def _spans(rows: QuerySet[Any]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for staff_id, starts_at, ends_at in rows.values_list("staff_id", "starts_at", "ends_at"):
        spans[staff_id].append(Span(starts_at, ends_at))
    return dict(spans)
