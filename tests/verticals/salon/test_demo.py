"""The demo salon: rich, alike for the same now, and loaded once."""

import datetime as dt

import pytest
from django.db.models import F

from apps.business.models import Booking, Closure, Contact, Service, Staff, StaffService, TimeOff, WeeklyHours
from apps.tenants.models import Tenant
from apps.verticals.salon.demo import load
from apps.verticals.salon.house_rules import house_rules
from apps.verticals.salon.models import (
    Appointment,
    AppointmentLine,
    Customer,
    MenuEntry,
    SalonSettings,
    Stylist,
    WaitlistEntry,
    WaitlistWish,
)
from apps.verticals.salon.waitlist import fill_all

ALL = (
    *(WaitlistWish, WaitlistEntry, AppointmentLine, Appointment, Booking, Customer, MenuEntry, SalonSettings),
    *(Stylist, TimeOff, WeeklyHours, Closure, StaffService, Service, Staff, Contact),
)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in ALL}


def test_it_is_rich_and_loaded_once(tenant: Tenant) -> None:
    now = dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)
    load(now)
    first = counts()
    assert all(first.values())
    assert (first["Stylist"], first["MenuEntry"]) == (6, 26)
    assert first["Appointment"] == first["Booking"] > 150
    load(now)
    assert counts() == first
    times = list(Booking.objects.order_by("reference").values_list("reference", "starts_at"))
    for model in ALL:
        model.objects.all().delete()
    load(now)
    assert list(Booking.objects.order_by("reference").values_list("reference", "starts_at")) == times


@pytest.mark.parametrize("now", ["2026-11-22T23:50", "2026-12-24T06:00", "2026-02-28T12:00", "2027-03-14T01:30"])
def test_it_loads_at_any_time(tenant: Tenant, now: str) -> None:
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=tenant.zone)
    load(moment)
    assert WaitlistEntry.objects.get().status == WaitlistEntry.Status.WAITING
    assert fill_all(rules=house_rules(), now=moment, actor="system") == []


def test_every_visit_lasts_as_long_as_its_services(tenant: Tenant) -> None:
    load(dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone))
    for visit in Appointment.objects.select_related("booking").prefetch_related("lines"):
        minutes = sum(line.duration_minutes for line in visit.lines.all())
        assert visit.booking.ends_at - visit.booking.starts_at == dt.timedelta(minutes=minutes)
    done = StaffService.objects.filter(staff=F("staff__bookings__staff"), service=F("staff__bookings__service"))
    assert done.values("staff__bookings").distinct().count() == Booking.objects.count()
