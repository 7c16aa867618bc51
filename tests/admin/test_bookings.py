"""Bookings in the admin go through the services: what they refuse is on the form, and nothing is written."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.business import bookings
from apps.business.models import Booking, BookingStatus
from apps.tenants.models import AuditEntry
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World, next_weekday

ADD = "admin:business_booking_add"


def asked(world: World, hour: str = "11:00", **changes: Any) -> dict[str, Any]:
    day = next_weekday(world.tenant.zone, 11).date()
    return {
        "contact": world.contact.pk,
        "staff": world.staff.pk,
        "service": world.service.pk,
        "date": day.isoformat(),
        "time": hour,
        "minutes": "",
        "notes": "",
        **changes,
    }


def moved(world: World, hour: str, **changes: Any) -> dict[str, Any]:
    values = asked(world, hour, **changes)
    return {name: values[name] for name in ("staff", "date", "time", "notes")}


def change_url(booking: Booking) -> str:
    return reverse("admin:business_booking_change", args=[booking.pk])


def test_a_booking_is_made_in_the_business_time_zone(owner: Client, mine: World) -> None:
    response = owner.post(reverse(ADD), asked(mine, notes="window seat"))
    assert response.status_code == 302
    with tenant_scope(mine.tenant.pk):
        made = Booking.objects.exclude(pk=mine.booking.pk).get()
        assert made.starts_at == next_weekday(mine.tenant.zone, 11)
        assert made.ends_at - made.starts_at == timedelta(minutes=30)
        assert made.reference
        assert made.notes == "window seat"
        entries = AuditEntry.objects.filter(target=made.pk)
        assert [entry.action for entry in entries] == ["booking.created"]
        assert entries[0].actor.startswith("user:")


def test_a_double_booking_shows_the_free_times_and_writes_nothing(owner: Client, mine: World) -> None:
    response = owner.post(reverse(ADD), asked(mine, "10:00"))
    assert response.status_code == 200
    page = response.content.decode()
    assert "That time has just been taken." in page
    assert 'data-time="10:30"' in page
    assert 'data-time="09:30"' in page
    with tenant_scope(mine.tenant.pk):
        assert Booking.objects.get() == mine.booking


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time": "06:00"}, "is not available at that time"),
        ({"date": "2020-01-01"}, "already over"),
        ({"date": "2099-01-07"}, "up to a year ahead"),
        ({"minutes": "3"}, "greater than or equal to 5"),
        ({"date": "soon"}, "Enter a valid date"),
        ({"time": "25:00"}, "Enter a valid time"),
        ({"contact": ""}, "This field is required"),
    ],
)
def test_bad_input_is_explained(owner: Client, mine: World, changes: dict[str, str], words: str) -> None:
    response = owner.post(reverse(ADD), asked(mine) | changes)
    assert response.status_code == 200
    assert words in response.content.decode()
    with tenant_scope(mine.tenant.pk):
        assert Booking.objects.count() == 1


def test_a_booking_is_moved(owner: Client, mine: World) -> None:
    assert owner.post(change_url(mine.booking), moved(mine, "14:30")).status_code == 302
    mine_after = reread(mine)
    assert timezone.localtime(mine_after.starts_at, mine.tenant.zone).hour == 14
    assert mine_after.status == BookingStatus.RESCHEDULED
    assert mine_after.reference == mine.booking.reference


def test_saving_without_a_change_moves_nothing(owner: Client, mine: World) -> None:
    response = owner.post(change_url(mine.booking), moved(mine, "10:00", notes="Larkspur notes"))
    assert response.status_code == 302
    assert reread(mine).status == BookingStatus.SCHEDULED


def test_notes_are_saved_without_moving(owner: Client, mine: World) -> None:
    owner.post(change_url(mine.booking), moved(mine, "10:00", notes="bring the X-ray"))
    after = reread(mine)
    assert (after.notes, after.status) == ("bring the X-ray", BookingStatus.SCHEDULED)


def test_a_move_outside_hours_is_refused(owner: Client, mine: World) -> None:
    response = owner.post(change_url(mine.booking), moved(mine, "20:00", notes="late"))
    assert response.status_code == 200
    assert b"is not available at that time" in response.content
    assert reread(mine).starts_at == mine.booking.starts_at
    assert reread(mine).notes == "Larkspur notes"


def test_a_booking_is_cancelled_once(owner: Client, mine: World) -> None:
    url = reverse("admin:business_booking_cancel", args=[mine.booking.pk])
    assert owner.get(url).status_code == 200
    assert reread(mine).status == BookingStatus.SCHEDULED
    assert owner.post(url, {"reason": "called"}).status_code == 302
    after = reread(mine)
    assert (after.status, after.cancel_reason) == (BookingStatus.CANCELLED, "called")
    again = owner.post(url, {"reason": "again"})
    assert again.status_code == 200
    assert b"This booking is cancelled." in again.content


def test_a_cancelled_booking_can_only_be_read(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        bookings.cancel(booking=mine.booking, now=timezone.now())
    page = owner.get(change_url(mine.booking))
    assert b'name="date"' not in page.content
    owner.post(change_url(mine.booking), moved(mine, "15:00", notes="changed"))
    after = reread(mine)
    assert (after.starts_at, after.notes) == (mine.booking.starts_at, "Larkspur notes")


def test_nobody_deletes_a_booking(owner: Client, mine: World) -> None:
    url = reverse("admin:business_booking_delete", args=[mine.booking.pk])
    assert owner.post(url, {"post": "yes"}).status_code == 403
    assert reread(mine).pk


@pytest.mark.parametrize("query", ["larkspurCONTACT", "(212) 555-0142", "Doe", "RC-"])
def test_bookings_are_found_by_name_phone_and_reference(owner: Client, mine: World, query: str) -> None:
    response = owner.get(reverse("admin:business_booking_changelist"), {"q": query})
    assert [row.pk for row in response.context["cl"].result_list] == [mine.booking.pk]


def test_the_list_costs_the_same_however_long(owner: Client, mine: World) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(reverse("admin:business_booking_changelist")).status_code == 200
        return len(captured)

    before = cost()
    with tenant_scope(mine.tenant.pk):
        for hour in (11, 12, 13, 14, 15):
            bookings.book(
                contact=mine.contact,
                staff=mine.staff,
                starts_at=next_weekday(mine.tenant.zone, hour),
                now=timezone.now(),
            )
    assert cost() <= before


def reread(world: World) -> Booking:
    with tenant_scope(world.tenant.pk):
        return Booking.objects.get(pk=world.booking.pk)
