"""Booking, moving, cancelling; and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction

from apps.business import bookings
from apps.business.bookings import book, cancel, reschedule
from apps.business.calendar import InvalidDuration
from apps.business.models import Booking, BookingStatus, Contact, Service, Staff, TimeOff, WeeklyHours
from apps.tenants.base import ForeignTenant
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from tests.business.conftest import NOW, new_york

TEN = new_york("2026-11-24 10:00")


def test_a_booking_keeps_what_was_said(
    tenant: Tenant, chen: Staff, jane: Contact, can_do: Callable[..., Service]
) -> None:
    service = can_do(chen, duration_minutes=45)
    made = book(
        contact=jane,
        staff=chen,
        starts_at=TEN,
        service=service,
        notes="Knee\npain",
        conversation_id="conv_1",
        now=NOW,
        actor="agent:head",
    )
    kept = Booking.objects.get(pk=made.pk)
    assert (kept.contact, kept.staff, kept.service) == (jane, chen, service)
    assert (kept.starts_at, kept.ends_at) == (TEN, TEN + timedelta(minutes=45))
    assert (kept.status, kept.notes, kept.conversation_id) == ("scheduled", "Knee pain", "conv_1")
    assert (kept.created_at, kept.reference) == (NOW, "RC-20261122-001")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.target) == ("agent:head", "booking.created", made.pk)


def test_durations_come_from_the_caller_the_staff_the_service_or_the_house(
    tenant: Tenant, chen: Staff, osei: Staff, jane: Contact, can_do: Callable[..., Service]
) -> None:
    service = can_do(chen, duration_minutes=60)
    osei.skills.create(service=service, duration_minutes=90)

    def minutes(hour: int, **options: object) -> float:
        made = book(contact=jane, starts_at=TEN + timedelta(hours=hour), now=NOW, **options)  # type: ignore[arg-type]
        return (made.ends_at - made.starts_at) / timedelta(minutes=1)

    assert minutes(0, staff=chen) == 30
    assert minutes(1, staff=chen, service=service) == 60
    assert minutes(1, staff=osei, service=service) == 90
    assert minutes(4, staff=osei, service=service, duration=timedelta(minutes=20)) == 20


def test_references_count_up_through_the_local_day(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    def reference(hour: int, now: datetime) -> str:
        return book(contact=jane, staff=chen, starts_at=TEN + timedelta(hours=hour), now=now).reference

    late = new_york("2026-11-22 23:30")
    assert [reference(0, NOW), reference(1, late)] == ["RC-20261122-001", "RC-20261122-002"]
    assert reference(2, new_york("2026-11-23 00:30")) == "RC-20261123-001"
    Booking.objects.filter(reference="RC-20261122-002").update(reference="RC-20261122-999")
    assert reference(3, NOW) == "RC-20261122-1000"
    assert reference(4, NOW) == "RC-20261122-1001"


def test_each_tenant_counts_for_itself(tenant: Tenant, other_tenant: Tenant, chen: Staff, jane: Contact) -> None:
    book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
    with tenant_scope(other_tenant.pk):
        staff = Staff.objects.create(name="Bea")
        for weekday in range(5):
            WeeklyHours.objects.create(weekday=weekday, opens=time(9), closes=time(17))
        contact = Contact.objects.create(given_name="Kim")
        assert book(contact=contact, staff=staff, starts_at=TEN, now=NOW).reference == "HS-20261122-001"


def test_a_taken_time_is_refused_with_the_free_times_around_it(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    book(contact=jane, staff=chen, starts_at=TEN, duration=timedelta(hours=1), now=NOW)
    with pytest.raises(bookings.SlotTaken) as refusal:
        book(contact=jane, staff=chen, starts_at=TEN + timedelta(minutes=30), now=NOW)
    assert refusal.value.status == 409
    assert refusal.value.details["free"] == [
        "2026-11-24T09:00", "2026-11-24T09:30", "2026-11-24T11:00", "2026-11-24T11:30",
    ]  # fmt: skip
    assert Booking.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_a_refusal_leaves_the_callers_transaction_usable(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    with transaction.atomic():
        book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
        with pytest.raises(bookings.SlotTaken):
            book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
        book(contact=jane, staff=chen, starts_at=TEN + timedelta(minutes=30), now=NOW)
    assert Booking.objects.count() == 2


def test_back_to_back_is_no_overlap(tenant: Tenant, chen: Staff, osei: Staff, jane: Contact) -> None:
    for minutes in (0, 30, -30):
        book(contact=jane, staff=chen, starts_at=TEN + timedelta(minutes=minutes), now=NOW)
    book(contact=jane, staff=osei, starts_at=TEN, now=NOW)
    assert Booking.objects.count() == 4


@pytest.mark.parametrize(
    "start",
    ["2026-11-24 08:30", "2026-11-24 16:45", "2026-11-24 17:00", "2026-11-28 10:00", "2026-11-25 10:00"],
)
def test_outside_hours_or_during_time_off(tenant: Tenant, chen: Staff, jane: Contact, start: str) -> None:
    TimeOff.objects.create(staff=chen, starts_at=new_york("2026-11-25 10:29"), ends_at=new_york("2026-11-25 12:00"))
    with pytest.raises(bookings.OutsideHours) as refusal:
        book(contact=jane, staff=chen, starts_at=new_york(start), now=NOW)
    assert len(refusal.value.details["free"]) == 4
    assert not Booking.objects.exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"starts_at": NOW - timedelta(minutes=1)}, bookings.InThePast),
        ({"starts_at": datetime(1, 1, 2, tzinfo=UTC)}, bookings.InThePast),
        ({"notice": timedelta(hours=48)}, bookings.InThePast),
        ({"starts_at": datetime(9999, 12, 30, tzinfo=UTC)}, bookings.TooFarAhead),
        ({"duration": timedelta(minutes=-30)}, InvalidDuration),
        ({"duration": timedelta(0)}, InvalidDuration),
        ({"duration": timedelta(days=2)}, InvalidDuration),
        ({"duration": timedelta(seconds=1)}, InvalidDuration),
    ],
)
def test_times_that_make_no_sense(
    tenant: Tenant, chen: Staff, jane: Contact, options: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        book(**{"contact": jane, "staff": chen, "starts_at": TEN, "now": NOW, **options})
    assert not Booking.objects.exists()


def test_staff_and_services_that_cannot_be_booked(
    tenant: Tenant, chen: Staff, osei: Staff, jane: Contact, can_do: Callable[..., Service]
) -> None:
    away = Staff.objects.create(name="Dr. Away", is_active=False)
    ended = can_do(chen, name="Ended", is_active=False)
    refused: list[tuple[dict, type[Exception]]] = [
        ({"staff": away}, bookings.NotBookable),
        ({"staff": chen, "service": ended}, bookings.NotBookable),
        ({"staff": osei, "service": can_do(chen)}, bookings.StaffCannotDoService),
    ]
    for options, error in refused:
        with pytest.raises(error):
            book(contact=jane, starts_at=TEN, now=NOW, **options)
    assert not Booking.objects.exists()


def test_another_tenants_staff_cannot_be_booked(
    tenant: Tenant, other_tenant: Tenant, chen: Staff, jane: Contact
) -> None:
    with tenant_scope(other_tenant.pk):
        WeeklyHours.objects.create(weekday=1, opens=time(9), closes=time(17))
        contact = Contact.objects.create(given_name="Kim")
        with pytest.raises(ForeignTenant):
            book(contact=contact, staff=chen, starts_at=TEN + timedelta(hours=-1), now=NOW)
        assert not Booking.objects.exists()


def test_elapsed_time_counts_in_the_night_the_clocks_go_back(tenant: Tenant, jane: Contact) -> None:
    staff = Staff.objects.create(name="Night nurse")
    WeeklyHours.objects.create(weekday=6, opens=time(0), closes=time(4))
    made = book(
        contact=jane, staff=staff, starts_at=new_york("2027-11-07 00:30"), duration=timedelta(hours=3),
        now=datetime(2027, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    assert made.ends_at - made.starts_at == timedelta(hours=3)
    assert made.ends_at.astimezone(tenant.zone).time() == time(2, 30)


def test_cancelling_frees_the_time(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    made = book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
    cancelled = cancel(booking=made, reason="Ill\0 " + "x" * 300, now=NOW, actor="user:1")
    cancelled.refresh_from_db()
    assert (cancelled.status, cancelled.cancelled_at) == (BookingStatus.CANCELLED, NOW)
    assert cancelled.cancel_reason.startswith("Ill x")
    assert AuditEntry.objects.filter(action="booking.cancelled", actor="user:1", target=made.pk).exists()
    book(contact=jane, staff=chen, starts_at=TEN, now=NOW)


@pytest.mark.parametrize("status", [s for s in BookingStatus if s not in ("scheduled", "confirmed", "rescheduled")])
def test_what_has_begun_or_ended_cannot_be_changed(
    tenant: Tenant, chen: Staff, jane: Contact, status: BookingStatus
) -> None:
    made = book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
    Booking.objects.filter(pk=made.pk).update(status=status)
    with pytest.raises(bookings.BookingClosed):
        cancel(booking=made, now=NOW)
    with pytest.raises(bookings.BookingClosed):
        reschedule(booking=made, starts_at=TEN + timedelta(hours=1), now=NOW)
    assert Booking.objects.get().status == status


def test_what_is_over_cannot_be_changed(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    made = book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
    later = TEN + timedelta(minutes=30)
    with pytest.raises(bookings.InThePast):
        cancel(booking=made, now=later)
    with pytest.raises(bookings.InThePast):
        reschedule(booking=made, starts_at=TEN + timedelta(hours=2), now=later)


def test_moving_keeps_id_reference_and_duration(tenant: Tenant, chen: Staff, osei: Staff, jane: Contact) -> None:
    made = book(contact=jane, staff=chen, starts_at=TEN, duration=timedelta(minutes=50), now=NOW)
    moved = reschedule(booking=made, starts_at=TEN + timedelta(minutes=20), now=NOW)  # over its own old time
    assert (moved.pk, moved.reference, moved.status) == (made.pk, made.reference, BookingStatus.RESCHEDULED)
    again = reschedule(booking=made, starts_at=TEN + timedelta(days=1), staff=osei, now=NOW, actor="agent:head")
    again.refresh_from_db()
    assert (again.staff, again.starts_at) == (osei, TEN + timedelta(days=1))
    assert again.ends_at - again.starts_at == timedelta(minutes=50)
    entry = AuditEntry.objects.filter(action="booking.rescheduled").latest("id")
    assert entry.details == {"from": {"starts_at": "2026-11-24T15:20:00+00:00", "staff": chen.pk}}
    assert Booking.objects.count() == 1


def test_a_move_that_fails_changes_nothing(tenant: Tenant, chen: Staff, osei: Staff, jane: Contact) -> None:
    made = book(contact=jane, staff=chen, starts_at=TEN, now=NOW)
    book(contact=jane, staff=osei, starts_at=TEN + timedelta(hours=1), now=NOW)
    before = Booking.objects.filter(pk=made.pk).values().get()
    refused: list[tuple[dict, type[Exception]]] = [
        ({"starts_at": TEN + timedelta(hours=1), "staff": osei}, bookings.SlotTaken),
        ({"starts_at": TEN + timedelta(hours=12)}, bookings.OutsideHours),
        ({"starts_at": NOW - timedelta(days=1)}, bookings.InThePast),
    ]
    for options, error in refused:
        with pytest.raises(error):
            reschedule(booking=made, now=NOW, **options)
        assert Booking.objects.filter(pk=made.pk).values().get() == before
        assert (made.staff, made.starts_at, made.status) == (chen, TEN, BookingStatus.SCHEDULED)
    assert not AuditEntry.objects.filter(action="booking.rescheduled").exists()
