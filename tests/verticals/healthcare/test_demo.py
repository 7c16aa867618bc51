"""The demo clinic: rich, alike for the same now, and loaded once."""

import datetime as dt
from typing import Any

import pytest

from apps.business.calendar import free_slots
from apps.business.models import Booking, Closure, Contact, Service, Staff, TimeOff, WeeklyHours
from apps.tenants.models import Tenant
from apps.verticals.healthcare.core.codes import code_system
from apps.verticals.healthcare.demo import TENANT, load
from apps.verticals.healthcare.models import Appointment, InsurancePolicy, Patient, Provider

# In an order in which they can be deleted.
ALL = (
    *(Appointment, Booking, InsurancePolicy, Patient, Provider, TimeOff, WeeklyHours, Closure),
    *(Service, Staff, Contact),
)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in ALL}


@pytest.fixture
def now(tenant: Tenant) -> dt.datetime:
    return dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)


def test_it_is_rich(now: dt.datetime) -> None:
    load(now)
    assert counts()["Patient"] >= 12
    assert Patient.objects.filter(
        contact__given_name="Maria", contact__family_name="Santos", date_of_birth=dt.date(1985, 5, 4)
    ).exists()
    assert all(number.startswith("+121255501") for number in Contact.objects.values_list("phone", flat=True))
    assert {code_system(service.code) for service in Service.objects.all()} == {"CPT", "CDT"}
    assert Booking.objects.filter(starts_at__gt=now).count() > 100
    assert Booking.objects.filter(starts_at__lt=now, status="completed").exists()
    assert Closure.objects.filter(start_date=dt.date(2026, 11, 26), reason="Thanksgiving").exists()


def test_loading_again_adds_nothing(now: dt.datetime) -> None:
    load(now)
    before = counts()
    load(now + dt.timedelta(days=3))
    assert counts() == before


@pytest.mark.parametrize("local", [(2026, 1, 1, 0), (2027, 3, 13, 23), (2026, 10, 31, 12), (2026, 12, 24, 18)])
def test_any_day_will_do(tenant: Tenant, local: tuple[int, int, int, int]) -> None:
    """Holidays, clock changes, nights: the next working morning with the orthopedist is free."""
    now = dt.datetime(*local, tzinfo=tenant.zone)
    load(now)
    nair = Provider.objects.get(staff__name="Dr. Priya Nair").staff
    days = (now.date() + dt.timedelta(days=ahead) for ahead in range(1, 8))
    mornings: list[list[Any]] = []
    for day in days:
        slots = free_slots(staff=nair, date_from=day, date_to=day, now=now)
        mornings.append([slot for slot in slots if slot.starts_at.astimezone(tenant.zone).hour < 12])
    assert len(next(morning for morning in mornings if morning)) == 8


def test_alike_for_the_same_now(now: dt.datetime) -> None:
    def book() -> list[tuple[Any, ...]]:
        return list(
            Booking.objects.order_by("reference").values_list(
                "reference", "staff__name", "starts_at", "status", "contact__given_name"
            )
        )

    load(now)
    first = book()
    for model in ALL:
        model.objects.all().delete()
    load(now)
    assert book() == first


def test_the_tenant_is_as_promised() -> None:
    assert (TENANT.slug, TENANT.widget_key) == ("riverside-clinic", "wk_demo_healthcare")
    assert ("owner@riverside-clinic.example", "owner") in {(email, role) for email, _, role in TENANT.logins}
