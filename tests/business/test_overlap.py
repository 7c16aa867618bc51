"""The wall in the database itself: raw SQL, bulk writes and fifty at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, NotSupportedError, connection, connections, transaction

from apps.business.bookings import SlotTaken, book, reschedule
from apps.business.models import Booking, BookingStatus, Contact, Staff
from apps.business.overlap import is_overlap
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.business.conftest import NOW, new_york, open_on_weekdays

TEN = new_york("2026-11-24 10:00")
HOUR = timedelta(hours=1)
CROWD = 50


def row(staff: Staff, contact: Contact, starts_at: datetime = TEN, reference: str = "A", **fields: object) -> Booking:
    return Booking(
        staff=staff,
        contact=contact,
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        reference=reference,
        **fields,
    )


def copy_in_raw_sql(original: Booking, *, status: str = "scheduled") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        columns = [str(field.column) for field in Booking._meta.concrete_fields]
        changed = {"id": "'bkg_copy'", "reference": "'COPY'", "status": "%s"}
        values = ", ".join(changed.get(column, column) for column in columns)
        copy = f"INSERT INTO business_booking ({', '.join(columns)}) SELECT {values} FROM business_booking"
        cursor.execute(f"{copy} WHERE id = %s", [status, original.pk])


def test_raw_sql_cannot_book_twice(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    original = row(chen, jane)
    original.save()
    with pytest.raises(IntegrityError) as refusal:
        copy_in_raw_sql(original)
    assert is_overlap(refusal.value)
    copy_in_raw_sql(original, status="cancelled")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE business_booking SET status = 'confirmed' WHERE id = 'bkg_copy'")
    assert Booking.objects.exclude(status="cancelled").get() == original


@pytest.mark.parametrize("minutes", [-59, -30, 0, 30, 59])
@pytest.mark.parametrize("status", [s for s in BookingStatus if s not in ("cancelled", "no_show")])
def test_any_overlap_of_occupied_time_is_refused(
    tenant: Tenant, chen: Staff, osei: Staff, jane: Contact, minutes: int, status: BookingStatus
) -> None:
    row(chen, jane, status=status).save()
    moved = row(chen, jane, TEN + timedelta(minutes=minutes), "B")
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        moved.save()
    assert is_overlap(refusal.value)
    row(osei, jane, TEN + timedelta(minutes=minutes), "C").save()
    row(chen, jane, TEN + timedelta(minutes=minutes), "D", status=BookingStatus.NO_SHOW).save()


def test_bulk_writes_are_held_too(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.bulk_create([row(chen, jane, reference="A"), row(chen, jane, reference="B")])
    Booking.objects.bulk_create([row(chen, jane, reference="A"), row(chen, jane, TEN + HOUR, "B")])
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(reference="B").update(starts_at=TEN + timedelta(minutes=59))


def test_a_booking_ends_after_it_starts(tenant: Tenant, chen: Staff, jane: Contact) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row(chen, jane, ends_at=TEN) if False else Booking(
            staff=chen, contact=jane, starts_at=TEN, ends_at=TEN, reference="A"
        ).save()
    assert not is_overlap(refusal.value)


@pytest.fixture
def stage(clinic: Tenant) -> tuple[Tenant, Contact, list[Staff]]:
    """A committed clinic for threads with connections of their own."""
    with tenant_scope(clinic.pk):
        open_on_weekdays()
        staff = [Staff.objects.create(name=f"Dr. {number}") for number in range(5)]
        return clinic, Contact.objects.create(given_name="Jane"), staff


def at_once(tenant: Tenant, tasks: list) -> list:
    """Runs each task in a thread, in a scope and with a connection of its own; returns results or errors."""
    start = Barrier(len(tasks))

    def run(task):
        start.wait(timeout=30)
        try:
            with tenant_scope(tenant.pk):
                return task()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


@pytest.mark.django_db(transaction=True)
def test_of_fifty_at_once_exactly_one_wins(stage: tuple[Tenant, Contact, list[Staff]]) -> None:
    tenant, jane, (chen, *_) = stage
    results = at_once(tenant, [lambda: book(contact=jane, staff=chen, starts_at=TEN, now=NOW)] * CROWD)
    assert Counter(type(result) for result in results) == {Booking: 1, SlotTaken: CROWD - 1}
    losers = [result.details["free"] for result in results if isinstance(result, SlotTaken)]
    assert losers == [["2026-11-24T09:00", "2026-11-24T09:30", "2026-11-24T10:30", "2026-11-24T11:00"]] * (CROWD - 1)
    with tenant_scope(tenant.pk):
        assert Booking.objects.get().reference == "RC-20261122-001"


@pytest.mark.django_db(transaction=True)
def test_of_fifty_raw_writers_exactly_one_wins(stage: tuple[Tenant, Contact, list[Staff]]) -> None:
    """Without the service and its lock: the triggers alone."""
    tenant, jane, (chen, *_) = stage

    def insert(number: int) -> str:
        with transaction.atomic():
            row(chen, jane, TEN + timedelta(minutes=number), f"R{number}").save()
        return "won"

    results = at_once(tenant, [lambda number=number: insert(number) for number in range(CROWD)])
    assert results.count("won") == 1
    assert all(is_overlap(error) for error in results if error != "won")


@pytest.mark.django_db(transaction=True)
def test_everyone_gets_a_reference_of_their_own(stage: tuple[Tenant, Contact, list[Staff]]) -> None:
    tenant, jane, staff = stage
    tasks = [
        lambda member=member, hour=hour: (
            book(contact=jane, staff=member, starts_at=TEN + hour * HOUR, duration=HOUR, now=NOW).reference
        )
        for member in staff
        for hour in range(5)
    ]
    assert sorted(at_once(tenant, tasks)) == [f"RC-20261122-{number:03d}" for number in range(1, 26)]


@pytest.mark.django_db(transaction=True)
def test_two_bookings_moved_to_one_time(stage: tuple[Tenant, Contact, list[Staff]]) -> None:
    tenant, jane, (chen, *others) = stage
    with tenant_scope(tenant.pk):
        made = [book(contact=jane, staff=member, starts_at=TEN, now=NOW) for member in others]
    tasks = [
        lambda booking=booking: reschedule(booking=booking, starts_at=TEN, staff=chen, now=NOW) for booking in made
    ]
    results = at_once(tenant, tasks)
    assert Counter(type(result) for result in results) == {Booking: 1, SlotTaken: 3}
    with tenant_scope(tenant.pk):
        assert Booking.objects.filter(staff=chen).count() == 1
        assert Booking.objects.filter(status=BookingStatus.SCHEDULED, starts_at=TEN).count() == 3


def test_the_staff_of_a_booking_is_of_its_tenant(
    tenant: Tenant, other_tenant: Tenant, chen: Staff, jane: Contact
) -> None:
    """PostgreSQL only: its lock needs the staff's row. On SQLite the models are the only wall of tenants."""
    if connection.vendor != "postgresql":
        assert connection.vendor == "sqlite"
        return
    row(chen, jane).save()
    with tenant_scope(other_tenant.pk):
        theirs = Staff.objects.create(name="Bea")
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.update(staff_id=theirs.pk)


@pytest.mark.django_db(transaction=True)
def test_an_old_snapshot_cannot_hide_a_booking(stage: tuple[Tenant, Contact, list[Staff]]) -> None:
    """PostgreSQL only: under REPEATABLE READ the trigger would not see what was committed meanwhile."""
    if connection.vendor != "postgresql":
        assert connection.vendor == "sqlite"
        return
    tenant, jane, (chen, *_) = stage
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with tenant_scope(tenant.pk), pytest.raises(NotSupportedError), transaction.atomic():
            row(chen, jane).save()
