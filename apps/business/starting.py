"""What a business that has just signed up begins with, until its owner says otherwise."""

import datetime as dt
from collections.abc import Iterable, Mapping

from apps.business.models import Service, Staff, StaffService, WeeklyHours

WEEKDAYS = (0, 1, 2, 3, 4)
OFFICE_HOURS: Mapping[int, tuple[dt.time, dt.time]] = dict.fromkeys(WEEKDAYS, (dt.time(9), dt.time(17)))


def keep_hours(week: Mapping[int, tuple[dt.time, dt.time]] = OFFICE_HOURS) -> None:
    """Opens the business by weekday, on its own clock. Staff without hours of their own keep these.

    Args:
        week: (opens, closes) by weekday, Monday = 0; a day that is missing is closed.
    """
    WeeklyHours.objects.bulk_create(
        WeeklyHours(weekday=weekday, opens=opens, closes=closes) for weekday, (opens, closes) in week.items()
    )


def teach(staff: Staff, services: Iterable[Service]) -> None:
    """The member of staff does these services, at the usual length and price."""
    StaffService.objects.bulk_create(StaffService(staff=staff, service=service) for service in services)
