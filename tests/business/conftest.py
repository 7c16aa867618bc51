"""Riverside Clinic's week: Monday to Friday, 09:00 to 17:00, and two doctors."""

from collections.abc import Callable
from datetime import UTC, datetime, time

import pytest

from apps.business.models import Contact, Service, Staff, StaffService, WeeklyHours
from apps.tenants.models import Tenant

NOW = datetime(2026, 11, 22, 18, 5, tzinfo=UTC)
"""Sunday, 13:05 in New York."""


def new_york(text: str) -> datetime:
    """`2026-11-24 10:00` in New York."""
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York"))


def open_on_weekdays(opens: time = time(9), closes: time = time(17)) -> None:
    WeeklyHours.objects.bulk_create(WeeklyHours(weekday=day, opens=opens, closes=closes) for day in range(5))


@pytest.fixture
def hours(tenant: Tenant) -> None:
    open_on_weekdays()


@pytest.fixture
def chen(tenant: Tenant, hours: None) -> Staff:
    return Staff.objects.create(name="Dr. Ada Chen", title="Orthopedics")


@pytest.fixture
def osei(tenant: Tenant, hours: None) -> Staff:
    return Staff.objects.create(name="Dr. Kofi Osei", title="Family medicine")


@pytest.fixture
def jane(tenant: Tenant) -> Contact:
    return Contact.objects.create(given_name="Jane", family_name="Miller", phone="+12125550100")


@pytest.fixture
def can_do(tenant: Tenant) -> Callable[..., Service]:
    """Makes a service that the given staff do."""

    def make(*staff: Staff, name: str = "Check-up", duration_minutes: int = 60, **fields: object) -> Service:
        service = Service.objects.create(name=name, duration_minutes=duration_minutes, **fields)
        for member in staff:
            StaffService.objects.create(staff=member, service=service)
        return service

    return make
