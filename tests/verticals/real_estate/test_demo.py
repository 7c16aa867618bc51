"""The demo agency: rich, alike for the same now, and loaded once."""

import datetime as dt
from typing import Any

import pytest

from apps.business.calendar import free_slots
from apps.business.models import Booking, Closure, Contact, Staff, WeeklyHours
from apps.tenants.models import Tenant
from apps.verticals.real_estate.demo import TENANT, load
from apps.verticals.real_estate.models import (
    Contractor,
    EnquiredListing,
    Enquiry,
    Lease,
    Listing,
    MaintenanceNote,
    MaintenanceRequest,
    Property,
    RentCharge,
    Renter,
    RentPayment,
    Suburb,
    Viewing,
)
from apps.verticals.real_estate.renters import statement

# In an order in which they can be deleted.
ALL = (
    *(Viewing, Booking, EnquiredListing, Enquiry, MaintenanceNote, MaintenanceRequest, Contractor, RentPayment),
    *(RentCharge, Lease, Renter, Listing, Property, Suburb, WeeklyHours, Closure, Staff, Contact),
)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in ALL}


@pytest.fixture
def now(tenant: Tenant) -> dt.datetime:
    return dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)


def test_it_is_rich(now: dt.datetime) -> None:
    load(now)
    assert all(counts().values())
    assert Listing.objects.filter(purpose="sale").count() >= 15
    assert Listing.objects.filter(purpose="rent").count() >= 8
    assert Lease.objects.count() >= 10
    assert set(MaintenanceRequest.objects.values_list("status", flat=True)) >= {
        *("open", "assigned", "in_progress", "pending_parts", "completed"),
    }
    assert Booking.objects.filter(starts_at__gt=now).count() >= 10
    assert Viewing.objects.exclude(feedback="").exists()
    assert all(number.startswith(("+614915", "+6125550")) for number in Contact.objects.values_list("phone", flat=True))
    owing = Lease.objects.get(renter__contact__given_name="Mia")
    assert statement(owing, today=now.date()).account.balance == 73_400


def test_loading_again_adds_nothing(now: dt.datetime) -> None:
    load(now)
    before = counts()
    load(now + dt.timedelta(days=3))
    assert counts() == before


@pytest.mark.parametrize("local", [(2026, 1, 1, 0), (2027, 3, 13, 23), (2026, 10, 31, 12), (2026, 12, 24, 18)])
def test_any_day_will_do(tenant: Tenant, local: tuple[int, int, int, int]) -> None:
    """Holidays, clock changes, nights: the mornings of the next working days are free."""
    now = dt.datetime(*local, tzinfo=tenant.zone)
    load(now)
    grace = Staff.objects.get(name="Grace Lim")
    slots = free_slots(staff=grace, date_from=now.date(), date_to=now.date() + dt.timedelta(days=7), now=now)
    assert sum(slot.starts_at.astimezone(tenant.zone).hour < 12 for slot in slots) >= 12


def test_alike_for_the_same_now(now: dt.datetime) -> None:
    def book() -> list[tuple[Any, ...]]:
        rows = Viewing.objects.order_by("booking__reference")
        return list(
            rows.values_list("booking__reference", "booking__starts_at", "listing__headline", "booking__contact__phone")
        )

    load(now)
    first = book()
    for model in ALL:
        model.objects.all().delete()
    load(now)
    assert book() == first


def test_the_tenant_is_as_promised() -> None:
    assert (TENANT.slug, TENANT.widget_key) == ("harbour-homes", "wk_demo_real_estate")
    assert ("owner@harbour-homes.example", "owner") in {(email, role) for email, _, role in TENANT.logins}
