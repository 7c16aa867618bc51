"""Booking, cancelling and moving: for the identified patient only, never twice, and always with a way on."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections

from apps.agents.sdk import Tool, ToolRefused
from apps.business.models import Booking, BookingStatus, Closure, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment, Provider
from apps.verticals.healthcare.tools import cancel_appointment, reschedule_appointment, schedule_appointment
from apps.verticals.healthcare.tools.appointments import MOST_UPCOMING
from tests.verticals.healthcare.conftest import Clinic, Visit, make_clinic, make_patient

TUESDAY = dt.date(2026, 11, 24)
AT_NINE_THIRTY = dt.datetime(2026, 11, 24, 9, 30)


def wish(clinic: Clinic, **change: Any) -> dict[str, Any]:
    return {
        "patient_id": clinic.maria.pk,
        "provider_id": clinic.nair.pk,
        "date": TUESDAY,
        "time": "09:30",
        "appointment_type": "consultation",
        "reason": "sore knee",
    } | change


@pytest.fixture
def maria(riverside: Clinic, visit: Visit) -> Visit:
    return visit.identified_as(riverside.maria)


def test_a_booked_appointment(riverside: Clinic, maria: Visit) -> None:
    result = maria.call(schedule_appointment, **wish(riverside))
    assert result.say == "You are booked on Tuesday, November 24 at 9:30 AM with Dr. Priya Nair."
    appointment = Appointment.objects.select_related("booking").get(pk=result.data["appointment_id"])
    booking = appointment.booking
    assert (booking.contact_id, booking.staff_id) == (riverside.maria.contact_id, riverside.nair.staff_id)
    assert booking.starts_at == dt.datetime(2026, 11, 24, 14, 30, tzinfo=dt.UTC)
    assert booking.ends_at - booking.starts_at == dt.timedelta(minutes=30)
    assert booking.conversation_id == maria.context.conversation_id
    assert (appointment.reason, appointment.appointment_type) == ("sore knee", "consultation")
    assert not appointment.is_telehealth
    assert result.data["reference"] == booking.reference


def test_a_video_visit(riverside: Clinic, maria: Visit) -> None:
    maria.call(schedule_appointment, **wish(riverside, appointment_type="telehealth", duration=20))
    appointment = Appointment.objects.select_related("booking").get()
    assert appointment.is_telehealth
    assert appointment.booking.ends_at - appointment.booking.starts_at == dt.timedelta(minutes=20)


def test_asked_twice_booked_once(riverside: Clinic, maria: Visit) -> None:
    first = maria.call(schedule_appointment, **wish(riverside))
    second = maria.call(schedule_appointment, **wish(riverside))
    assert second.data == first.data
    assert second.say.startswith("You are booked already")
    assert Appointment.objects.count() == 1


def test_a_taken_time_comes_with_free_ones(riverside: Clinic, maria: Visit) -> None:
    riverside.book(riverside.james, riverside.nair, AT_NINE_THIRTY)
    refusal = maria.refused(schedule_appointment, **wish(riverside))
    assert (refusal.code, refusal.field) == ("slot_taken", "time")
    assert refusal.say == (
        "I am sorry, that time has just been taken. "
        "I have Dr. Priya Nair on Tuesday, November 24 at 9 AM, 10 AM, 10:30 AM or 11 AM."
    )
    slot = refusal.data["slots"][1]
    assert (slot["provider_id"], slot["time"]) == (riverside.nair.pk, "10:00")
    maria.call(schedule_appointment, **wish(riverside, date=slot["date"], time=slot["time"]))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"date": "2026-11-29", "time": "03:00"}, "outside_hours", "time"),
        ({"time": "16:45"}, "outside_hours", "time"),
        ({"date": "2026-11-23", "time": "09:30"}, "in_the_past", "time"),
        ({"date": "2026-11-23", "time": "10:30"}, "in_the_past", "time"),
        ({"date": "2026-11-22"}, "in_the_past", "date"),
        ({"date": "2028-01-03"}, "too_far_ahead", "date"),
        ({"duration": 5}, "duration_not_offered", "duration"),
        ({"duration": 121}, "duration_not_offered", "duration"),
        ({"provider_id": "prv_invented"}, "provider_not_found", "provider_id"),
        ({"appointment_type": "party"}, "invalid_arguments", "appointment_type"),
        ({"reason": ""}, "invalid_arguments", "reason"),
        ({"reason": "x" * 501}, "invalid_arguments", "reason"),
        ({"time": "half past nine"}, "invalid_arguments", "time"),
        ({"surprise": True}, "invalid_arguments", "surprise"),
    ],
)
def test_what_cannot_be_booked(riverside: Clinic, maria: Visit, change: dict[str, Any], code: str, field: str) -> None:
    refusal = maria.refused(schedule_appointment, **wish(riverside, **change))
    assert (refusal.code, refusal.field) == (code, field)
    assert not Booking.objects.exists()


def test_outside_hours_comes_with_free_times(riverside: Clinic, maria: Visit) -> None:
    refusal = maria.refused(schedule_appointment, **wish(riverside, date="2026-11-29", time="03:00"))
    assert refusal.say.startswith("Dr. Priya Nair does not see patients at that time. I have Dr. Priya Nair on Monday")
    assert len(refusal.data["slots"]) == 4


def test_no_free_time_to_offer(riverside: Clinic, maria: Visit) -> None:
    Closure.objects.create(start_date=dt.date(2026, 11, 1), end_date=dt.date(2027, 1, 31))
    refusal = maria.refused(schedule_appointment, **wish(riverside))
    assert refusal.say.endswith("I see nothing free near it.")
    assert refusal.data == {"slots": []}


def test_a_new_patient_where_none_are_accepted(riverside: Clinic, visit: Visit) -> None:
    visit.identified_as(riverside.newcomer)
    arguments = wish(riverside, patient_id=riverside.newcomer.pk, provider_id=riverside.okafor.pk)
    refusal = visit.refused(schedule_appointment, **arguments)
    assert (refusal.code, refusal.field) == ("not_accepting_new_patients", "provider_id")
    assert refusal.say == ("Dr. Samuel Okafor is not accepting new patients, but you could see Dr. Amelia Hart.")
    assert [one["provider_id"] for one in refusal.data["providers"]] == [riverside.hart.pk]
    Provider.objects.update(accepting_new_patients=False)
    refusal = visit.refused(schedule_appointment, **arguments)
    assert refusal.say == "Dr. Samuel Okafor is not accepting new patients."


def test_an_established_patient_is_always_accepted(riverside: Clinic, maria: Visit) -> None:
    maria.call(schedule_appointment, **wish(riverside, provider_id=riverside.okafor.pk))


def test_nobody_is_in_two_places(riverside: Clinic, maria: Visit) -> None:
    riverside.book(riverside.maria, riverside.hart, AT_NINE_THIRTY)
    refusal = maria.refused(schedule_appointment, **wish(riverside))
    assert refusal.code == "already_booked"
    assert "Dr. Amelia Hart" in refusal.say


def test_nobody_fills_the_book(riverside: Clinic, maria: Visit) -> None:
    for number in range(MOST_UPCOMING):
        riverside.book(
            riverside.maria, riverside.hart, dt.datetime(2026, 11, 25, 9) + number * dt.timedelta(minutes=30)
        )
    assert maria.refused(schedule_appointment, **wish(riverside)).code == "too_many_appointments"


def test_an_inactive_provider(riverside: Clinic, maria: Visit) -> None:
    riverside.nair.staff.is_active = False
    riverside.nair.staff.save()
    assert maria.refused(schedule_appointment, **wish(riverside)).code == "provider_not_found"


def test_only_for_the_identified_patient(riverside: Clinic, harbor: Clinic, visit: Visit) -> None:
    ids = [riverside.james.pk, harbor.maria.pk, "pat_invented"]
    refusals = [visit.refused(schedule_appointment, **wish(riverside))]
    visit.identified_as(riverside.maria)
    refusals += [visit.refused(schedule_appointment, **wish(riverside, patient_id=one)) for one in ids]
    assert {(one.code, one.say, str(one.data)) for one in refusals} == {("not_identified", refusals[0].say, "{}")}
    refusal = visit.refused(schedule_appointment, **wish(riverside, provider_id=harbor.nair.pk))
    assert refusal.code == "provider_not_found"
    assert not Booking.objects.exists()


def test_a_cancelled_appointment(riverside: Clinic, maria: Visit) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    result = maria.call(cancel_appointment, appointment_id=appointment.pk, reason="better again")
    assert result.say == "Your appointment on Tuesday, November 24 at 9:30 AM with Dr. Priya Nair is cancelled."
    assert result.data["status"] == "cancelled"
    booking = Booking.objects.get()
    assert (booking.status, booking.cancel_reason) == (BookingStatus.CANCELLED, "better again")
    assert maria.refused(cancel_appointment, appointment_id=appointment.pk).code == "too_late"


def test_a_past_appointment_is_not_cancelled(riverside: Clinic, maria: Visit) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    maria.at(riverside.now + dt.timedelta(days=2))
    assert maria.refused(cancel_appointment, appointment_id=appointment.pk).code == "too_late"
    assert Booking.objects.get().status == BookingStatus.SCHEDULED


def test_a_moved_appointment(riverside: Clinic, maria: Visit) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY, reason="sore knee")
    reference = appointment.booking.reference
    result = maria.call(reschedule_appointment, appointment_id=appointment.pk, new_date="2026-11-25", new_time="14:00")
    assert result.say == "Your appointment is now on Wednesday, November 25 at 2 PM with Dr. Priya Nair."
    assert result.data["reference"] == reference
    moved = Appointment.objects.select_related("booking").get()
    assert (moved.pk, moved.reason) == (appointment.pk, "sore knee")
    assert moved.booking.starts_at == dt.datetime(2026, 11, 25, 19, tzinfo=dt.UTC)


def test_moved_to_another_provider(riverside: Clinic, maria: Visit) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    result = maria.call(
        reschedule_appointment,
        appointment_id=appointment.pk,
        new_date=TUESDAY,
        new_time="09:30",
        new_provider_id=riverside.okafor.pk,
    )
    assert result.data["provider_id"] == riverside.okafor.pk
    assert Booking.objects.get().staff_id == riverside.okafor.staff_id


def test_a_move_within_its_own_time(riverside: Clinic, maria: Visit) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    maria.call(reschedule_appointment, appointment_id=appointment.pk, new_date=TUESDAY, new_time="09:45")
    assert Booking.objects.get().starts_at == dt.datetime(2026, 11, 24, 14, 45, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("new_date", "new_time", "code", "field"),
    [
        ("2026-11-24", "11:00", "slot_taken", "new_time"),
        ("2026-11-24", "13:00", "already_booked", "new_time"),
        ("2026-11-29", "03:00", "outside_hours", "new_time"),
        ("2026-11-23", "10:15", "in_the_past", "new_time"),
        ("2026-11-01", "10:15", "in_the_past", "new_date"),
        ("2029-11-01", "10:15", "too_far_ahead", "new_date"),
    ],
)
def test_a_move_that_cannot_be_changes_nothing(
    riverside: Clinic, maria: Visit, new_date: str, new_time: str, code: str, field: str
) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    riverside.book(riverside.james, riverside.nair, dt.datetime(2026, 11, 24, 11))
    riverside.book(riverside.maria, riverside.hart, dt.datetime(2026, 11, 24, 13))
    refusal = maria.refused(reschedule_appointment, appointment_id=appointment.pk, new_date=new_date, new_time=new_time)
    assert (refusal.code, refusal.field) == (code, field)
    booking = Booking.objects.get(pk=appointment.booking_id)
    assert (booking.starts_at, booking.status) == (appointment.booking.starts_at, BookingStatus.SCHEDULED)


def test_a_cancelled_appointment_is_not_moved(riverside: Clinic, maria: Visit) -> None:
    appointment = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    maria.call(cancel_appointment, appointment_id=appointment.pk)
    refusal = maria.refused(reschedule_appointment, appointment_id=appointment.pk, new_date=TUESDAY, new_time="11:00")
    assert refusal.code == "booking_closed"


def test_a_new_patient_is_not_moved_to_who_accepts_none(riverside: Clinic, visit: Visit) -> None:
    appointment = riverside.book(riverside.newcomer, riverside.nair, AT_NINE_THIRTY)
    refusal = visit.identified_as(riverside.newcomer).refused(
        reschedule_appointment,
        appointment_id=appointment.pk,
        new_date=TUESDAY,
        new_time="11:00",
        new_provider_id=riverside.okafor.pk,
    )
    assert (refusal.code, refusal.field) == ("not_accepting_new_patients", "new_provider_id")


@pytest.mark.parametrize(
    ("tool", "more"),
    [(cancel_appointment, {}), (reschedule_appointment, {"new_date": "2026-11-24", "new_time": "11:00"})],
    ids=["cancel", "reschedule"],
)
def test_only_ones_own_appointments(
    riverside: Clinic, harbor: Clinic, visit: Visit, tool: Tool, more: dict[str, Any]
) -> None:
    own = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    other = riverside.book(riverside.james, riverside.hart, AT_NINE_THIRTY)
    with tenant_scope(harbor.tenant.pk):
        foreign = harbor.book(harbor.maria, harbor.nair, AT_NINE_THIRTY)
    ids = [other.pk, foreign.pk, "apt_invented"]
    refusals = [visit.refused(tool, appointment_id=one, **more) for one in (own.pk, *ids)]
    visit.identified_as(riverside.maria)
    refusals += [visit.refused(tool, appointment_id=one, **more) for one in ids]
    assert {(one.code, one.say, str(one.data)) for one in refusals} == {("not_identified", refusals[0].say, "{}")}
    assert set(Booking.objects.values_list("status", flat=True)) == {"scheduled"}


def test_another_clinics_provider_takes_no_appointment(riverside: Clinic, harbor: Clinic, maria: Visit) -> None:
    own = riverside.book(riverside.maria, riverside.nair, AT_NINE_THIRTY)
    refusal = maria.refused(
        reschedule_appointment,
        appointment_id=own.pk,
        new_date=TUESDAY,
        new_time="11:00",
        new_provider_id=harbor.nair.pk,
    )
    assert refusal.code == "provider_not_found"


def test_the_clocks_change(riverside: Clinic, maria: Visit) -> None:
    """On March 14, 2027, clocks jump from 2 to 3; an appointment at 9 is at 9 on the wall, before and after."""
    WeeklyHours.objects.create(weekday=6, opens=dt.time(0), closes=dt.time(23))
    skipped = maria.refused(schedule_appointment, **wish(riverside, date="2027-03-14", time="02:30"))
    assert (skipped.code, skipped.field) == ("no_such_time", "time")
    for date, utc_hour in (("2027-03-14", 13), ("2027-03-12", 14), ("2026-11-25", 14)):
        result = maria.call(schedule_appointment, **wish(riverside, date=date, time="09:00"))
        assert " at 9 AM with" in result.say
        booking = Booking.objects.get(reference=result.data["reference"])
        assert booking.starts_at.astimezone(dt.UTC).hour == utc_hour
        assert (result.data["date"], result.data["time"]) == (date, "09:00")


@pytest.mark.django_db(transaction=True)
def test_many_want_one_time(clinic: Tenant) -> None:
    """Eight conversations book the same time at the same moment: one wins, the others hear free times."""
    with tenant_scope(clinic.pk):
        cast = make_clinic(clinic)
        patients = [make_patient(f"Name{chr(65 + n)}", "Twin", dt.date(1990, 1, n + 1)) for n in range(8)]
        visits = [Visit(cast).identified_as(patient) for patient in patients]
    together = threading.Barrier(len(visits))
    outcomes: list[Any] = []

    def book(patient_id: str, visit: Visit) -> None:
        try:
            together.wait(20)
            with tenant_scope(clinic.pk):
                outcomes.append(visit.call(schedule_appointment, **wish(cast, patient_id=patient_id)))
        except ToolRefused as refusal:
            outcomes.append(refusal)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=book, args=(patient.pk, visit)) for patient, visit in zip(patients, visits, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    refusals = [outcome for outcome in outcomes if isinstance(outcome, ToolRefused)]
    assert (len(outcomes), len(refusals)) == (8, 7)
    assert {(refusal.code, len(refusal.data["slots"])) for refusal in refusals} == {("slot_taken", 4)}
    with tenant_scope(clinic.pk):
        assert (Booking.objects.count(), Appointment.objects.count()) == (1, 1)
