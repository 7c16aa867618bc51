"""Booking, moving, cancelling and waiting: for the identified customer only, never twice, and always with a way on."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections

from apps.agents.sdk import ToolRefused
from apps.business.models import Booking, BookingStatus, StaffService
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.salon.house_rules import house_rules
from apps.verticals.salon.models import Appointment, AppointmentLine, Customer, WaitlistEntry
from apps.verticals.salon.tools import (
    cancel_appointment,
    create_appointment,
    join_waitlist,
    reschedule_appointment,
)
from apps.verticals.salon.tools.appointments import MOST_UPCOMING
from apps.verticals.salon.tools.waitlist import MOST_WAITS
from apps.verticals.salon.waitlist import fill_all, fill_day
from tests.verticals.salon.conftest import Salon, Visit, make_customer, make_salon

WEDNESDAY = dt.date(2026, 11, 25)
AT_TEN = dt.datetime(2026, 11, 25, 10)
Status = WaitlistEntry.Status


def wish(glow: Salon, **change: Any) -> dict[str, Any]:
    return {
        "service_ids": [glow.balayage.pk, glow.gloss.pk],
        "customer_id": glow.lena.pk,
        "stylist_id": glow.maya.pk,
        "date": WEDNESDAY,
        "time": "10:00",
    } | change


def wait(glow: Salon, **change: Any) -> dict[str, Any]:
    return {"service_ids": [glow.mens.pk], "customer_id": glow.lena.pk, "date": WEDNESDAY} | change


def fill_noah(glow: Salon) -> list[Appointment]:
    """Noah's whole Wednesday, for Tara and others."""
    guests = [make_customer("Guest", f"No{number}", "") for number in range(16)]
    return [
        glow.book(guest, glow.noah, dt.datetime(2026, 11, 25, 9) + number * dt.timedelta(minutes=30), glow.mens)
        for number, guest in enumerate(guests)
    ]


def test_two_services_in_one_visit(glow: Salon, lena: Visit) -> None:
    result = lena.call(create_appointment, **wish(glow, notes="not too light"))
    appointment = Appointment.objects.select_related("booking").get(pk=result.data["appointment_id"])
    booking = appointment.booking
    assert result.say == (
        "You are booked for balayage and toner gloss on Wednesday, November 25 at 10 AM with Maya Torres, for $280. "
        f"Your reference is {booking.reference}."
    )
    assert booking.reference == f"{booking.reference[:2]}-20261123-001"
    assert (booking.contact_id, booking.staff_id) == (glow.lena.contact_id, glow.maya.staff_id)
    assert booking.ends_at - booking.starts_at == dt.timedelta(minutes=150)
    assert (booking.service_id, booking.notes) == (glow.balayage.pk, "not too light")
    assert booking.conversation_id == lena.context.conversation_id
    lines = AppointmentLine.objects.values_list("service__name", "duration_minutes", "price_cents")
    assert list(lines) == [("Balayage", 120, 22_500), ("Toner gloss", 30, 5_500)]


def test_the_price_is_fixed_at_booking(glow: Salon, lena: Visit) -> None:
    lena.call(create_appointment, **wish(glow))
    StaffService.objects.filter(service=glow.balayage).update(price_cents=99_900)
    assert Appointment.objects.get().price_cents == 28_000


def test_asked_twice_booked_once(glow: Salon, lena: Visit) -> None:
    first = lena.call(create_appointment, **wish(glow))
    second = lena.call(create_appointment, **wish(glow))
    assert second.data == first.data
    assert second.say.startswith("You are booked already")
    assert Booking.objects.count() == 1
    other = lena.refused(create_appointment, **wish(glow, service_ids=[glow.cut.pk]))
    assert (other.code, other.field) == ("already_booked", "time")


def test_a_taken_time_comes_with_free_ones(glow: Salon, lena: Visit) -> None:
    glow.book(glow.tara, glow.maya, AT_TEN)
    refusal = lena.refused(create_appointment, **wish(glow))
    assert (refusal.code, refusal.field) == ("slot_taken", "time")
    assert refusal.say.startswith("I am sorry, that time has just been taken. I have Maya Torres on")
    slot = refusal.data["slots"][-1]
    lena.call(create_appointment, **wish(glow, date=slot["date"], time=slot["time"]))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"date": "2026-11-29", "time": "03:00"}, "outside_hours", "time"),
        ({"time": "16:00"}, "outside_hours", "time"),
        ({"date": "2026-11-24", "time": "09:30"}, "in_the_past", "time"),
        ({"date": "2026-11-22"}, "in_the_past", "date"),
        ({"date": "2028-01-03"}, "too_far_ahead", "date"),
        ({"stylist_id": "sty_invented"}, "stylist_not_found", "stylist_id"),
        ({"service_ids": ["svc_invented"]}, "service_not_found", "service_ids"),
        ({"service_ids": []}, "invalid_arguments", "service_ids"),
        ({"time": "ten"}, "invalid_arguments", "time"),
        ({"surprise": True}, "invalid_arguments", "surprise"),
    ],
)
def test_what_cannot_be_booked(glow: Salon, lena: Visit, change: dict[str, Any], code: str, field: str) -> None:
    refusal = lena.refused(create_appointment, **wish(glow, **change))
    assert (refusal.code, refusal.field) == (code, field)
    assert not Booking.objects.exists()


def test_notice_is_said(glow: Salon, lena: Visit) -> None:
    refusal = lena.refused(create_appointment, **wish(glow, date="2026-11-24", time="09:30"))
    assert refusal.say.startswith("We need 24 hours notice, so that time is too soon. I have Maya Torres on Tuesday")


def test_who_cannot_do_it(glow: Salon, lena: Visit) -> None:
    refusal = lena.refused(create_appointment, **wish(glow, stylist_id=glow.noah.pk))
    assert (refusal.code, len(refusal.data["stylists"])) == ("stylist_cannot_do_it", 2)
    assert lena.refused(create_appointment, **wish(glow, service_ids=[glow.bridal.pk])).code == "consultation_needed"
    both = [glow.cut.pk, glow.mens.pk]
    assert lena.refused(create_appointment, **wish(glow, service_ids=both)).code == "nobody_does_it"


def test_a_skipped_hour(glow: Salon, lena: Visit) -> None:
    refusal = lena.refused(create_appointment, **wish(glow, date="2027-03-14", time="02:30"))
    assert (refusal.code, refusal.field) == ("no_such_time", "time")


def test_nobody_fills_the_book(glow: Salon, lena: Visit) -> None:
    for number in range(MOST_UPCOMING):
        glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 30, 9) + number * dt.timedelta(days=7))
    assert lena.refused(create_appointment, **wish(glow)).code == "too_many_appointments"


def test_only_for_the_identified_customer(glow: Salon, harbor: Salon, visit: Visit) -> None:
    ids = [glow.tara.pk, harbor.lena.pk, "cus_invented"]
    refusals = [visit.refused(create_appointment, **wish(glow))]
    visit.identified_as(glow.lena)
    refusals += [visit.refused(create_appointment, **wish(glow, customer_id=one)) for one in ids]
    assert {(one.code, one.say, str(one.data)) for one in refusals} == {("not_identified", refusals[0].say, "{}")}
    assert visit.refused(create_appointment, **wish(glow, stylist_id=harbor.maya.pk)).code == "stylist_not_found"
    assert visit.refused(create_appointment, **wish(glow, service_ids=[harbor.cut.pk])).code == "service_not_found"
    assert not Booking.objects.exists()


def test_a_moved_visit_keeps_its_reference_and_price(glow: Salon, lena: Visit) -> None:
    appointment = glow.book(glow.lena, glow.maya, AT_TEN, glow.balayage)
    StaffService.objects.update(price_cents=99_900)
    result = lena.call(reschedule_appointment, appointment_id=appointment.pk, new_date="2026-11-26", new_time="13:00")
    assert result.say == (
        "Your appointment is now balayage on Thursday, November 26 at 1 PM with Maya Torres, for $225. "
        f"Your reference stays {appointment.booking.reference}."
    )
    assert result.data["status"] == "rescheduled"
    assert glow.local(appointment).isoformat() == "2026-11-26T13:00:00-05:00"


@pytest.mark.parametrize(
    ("first", "second", "minutes", "cents"), [("maya", "elena", 45, 9_500), ("elena", "maya", 60, 7_500)]
)
def test_another_stylist_takes_their_own_time_and_price(
    glow: Salon, lena: Visit, first: str, second: str, minutes: int, cents: int
) -> None:
    appointment = glow.book(glow.lena, getattr(glow, first), AT_TEN)
    target = getattr(glow, second)
    lena.call(
        reschedule_appointment,
        appointment_id=appointment.pk,
        new_date=WEDNESDAY,
        new_time="10:30",
        new_stylist_id=target.pk,
    )
    moved = Appointment.objects.select_related("booking").get()
    assert moved.booking.staff_id == target.staff_id
    assert moved.booking.ends_at - moved.booking.starts_at == dt.timedelta(minutes=minutes)
    assert moved.price_cents == cents


def test_no_room_for_the_longer_time_changes_nothing(glow: Salon, lena: Visit) -> None:
    appointment = glow.book(glow.lena, glow.elena, AT_TEN)
    glow.book(glow.tara, glow.maya, dt.datetime(2026, 11, 25, 14, 50))
    arguments = {"appointment_id": appointment.pk, "new_date": WEDNESDAY, "new_stylist_id": glow.maya.pk}
    assert lena.refused(reschedule_appointment, **arguments, new_time="14:00").code == "slot_taken"
    assert lena.refused(reschedule_appointment, **arguments, new_time="16:15").code == "outside_hours"
    kept = Appointment.objects.select_related("booking__staff__stylist").get(pk=appointment.pk)
    assert kept.booking.staff.stylist == glow.elena
    assert kept.price_cents == 9_500


@pytest.mark.parametrize(
    ("new_date", "new_time", "code", "field"),
    [
        ("2026-11-25", "11:00", "slot_taken", "new_time"),
        ("2026-11-25", "14:00", "already_booked", "new_time"),
        ("2026-11-29", "03:00", "outside_hours", "new_time"),
        ("2026-11-24", "09:30", "in_the_past", "new_time"),
        ("2026-11-01", "10:15", "in_the_past", "new_date"),
        ("2029-11-01", "10:15", "too_far_ahead", "new_date"),
        ("2027-03-14", "02:30", "no_such_time", "new_time"),
    ],
)
def test_a_move_that_cannot_be_changes_nothing(
    glow: Salon, lena: Visit, new_date: str, new_time: str, code: str, field: str
) -> None:
    appointment = glow.book(glow.lena, glow.maya, dt.datetime(2026, 11, 26, 9))
    glow.book(glow.tara, glow.maya, dt.datetime(2026, 11, 25, 11))
    glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 25, 14))
    refusal = lena.refused(reschedule_appointment, appointment_id=appointment.pk, new_date=new_date, new_time=new_time)
    assert (refusal.code, refusal.field) == (code, field)
    assert glow.local(appointment).isoformat() == "2026-11-26T09:00:00-05:00"


def test_moves_that_are_refused(glow: Salon, harbor: Salon, lena: Visit) -> None:
    appointment = glow.book(glow.lena, glow.maya, AT_TEN)
    target = {"appointment_id": appointment.pk, "new_date": "2026-11-26", "new_time": "10:00"}
    refusal = lena.refused(reschedule_appointment, **target, new_stylist_id="sty_x")
    assert (refusal.code, refusal.field) == ("stylist_not_found", "new_stylist_id")
    assert lena.refused(reschedule_appointment, **target, new_stylist_id=glow.noah.pk).code == "stylist_cannot_do_it"
    with tenant_scope(harbor.tenant.pk):
        foreign = harbor.book(harbor.lena, harbor.maya, AT_TEN)
    for one in (glow.book(glow.tara, glow.elena, AT_TEN).pk, foreign.pk, "vst_x"):
        assert lena.refused(reschedule_appointment, **target | {"appointment_id": one}).code == "not_identified"
        assert lena.refused(cancel_appointment, appointment_id=one).code == "not_identified"
    late = lena.at(glow.now + dt.timedelta(days=1, hours=12))
    assert late.refused(reschedule_appointment, **target).code == "too_late_to_move"
    late.at(glow.now)
    late.call(cancel_appointment, appointment_id=appointment.pk)
    assert late.refused(reschedule_appointment, **target).code == "booking_closed"


def test_cancelled_in_good_time(glow: Salon, lena: Visit) -> None:
    appointment = glow.book(glow.lena, glow.maya, AT_TEN)
    result = lena.call(cancel_appointment, appointment_id=appointment.pk, reason="away")
    assert result.say == (
        "Your appointment, women's haircut on Wednesday, November 25 at 10 AM with Maya Torres, is cancelled."
    )
    assert result.data["late_fee"] is None
    booking = Booking.objects.get()
    assert (booking.status, booking.cancel_reason) == (BookingStatus.CANCELLED, "away")
    assert Appointment.objects.get().late_fee_cents is None
    assert lena.refused(cancel_appointment, appointment_id=appointment.pk).code == "too_late"


def test_a_late_cancellation_names_its_fee_first(glow: Salon, lena: Visit) -> None:
    appointment = glow.book(glow.lena, glow.maya, AT_TEN)
    lena.at(dt.datetime(2026, 11, 24, 10, 0, tzinfo=glow.tenant.zone))
    assert lena.call(cancel_appointment, appointment_id=appointment.pk).data["late_fee"] is None
    again = glow.book(glow.lena, glow.maya, AT_TEN)
    lena.at(dt.datetime(2026, 11, 24, 10, 1, tzinfo=glow.tenant.zone))
    refusal = lena.refused(cancel_appointment, appointment_id=again.pk)
    assert (refusal.code, refusal.field) == ("fee_applies", "accept_fee")
    assert "$37.50, which is 50% of it" in refusal.say
    result = lena.call(cancel_appointment, appointment_id=again.pk, accept_fee=True)
    assert result.say.endswith("is cancelled. The late fee is $37.50.")
    assert Appointment.objects.get(pk=again.pk).late_fee_cents == 3_750


def test_the_waitlist_takes_who_finds_no_time(glow: Salon, lena: Visit) -> None:
    fill_noah(glow)
    result = lena.call(join_waitlist, **wait(glow))
    assert result.say == (
        "You are on the waitlist for men's haircut on Wednesday, November 25. As soon as a time comes free, it is "
        "booked for you."
    )
    again = lena.call(join_waitlist, **wait(glow))
    assert again.data == result.data
    assert "already" in again.say
    entry = WaitlistEntry.objects.get()
    assert (entry.status, entry.customer_id) == (Status.WAITING, glow.lena.pk)


def test_a_freed_time_goes_to_who_waited_longest(glow: Salon, lena: Visit) -> None:
    booked = fill_noah(glow)
    glow.book(glow.tara, glow.elena, dt.datetime(2026, 11, 25, 12))
    early = wait(glow, customer_id=glow.sofia.pk, part_of_day="morning")
    Visit(glow).identified_as(glow.sofia).call(join_waitlist, **early)
    lena.at(glow.now + dt.timedelta(minutes=1)).call(join_waitlist, **wait(glow, stylist_id=glow.noah.pk))
    third = Visit(glow).identified_as(glow.tara).at(glow.now + dt.timedelta(minutes=2))
    third.call(join_waitlist, **wait(glow, customer_id=glow.tara.pk))

    def give_up(appointment: Appointment) -> None:
        guest = Customer.objects.get(contact=appointment.booking.contact_id)
        Visit(glow).identified_as(guest).call(cancel_appointment, appointment_id=appointment.pk)

    give_up(booked[8])  # 1 PM: not Sofia's morning
    lena_got = WaitlistEntry.objects.select_related("appointment__booking").get(customer=glow.lena)
    assert lena_got.status == Status.BOOKED
    assert lena_got.appointment is not None
    assert glow.local(lena_got.appointment).isoformat() == "2026-11-25T13:00:00-05:00"
    assert lena_got.appointment.booking.contact_id == glow.lena.contact_id
    assert WaitlistEntry.objects.get(customer=glow.sofia).status == Status.WAITING
    give_up(booked[0])
    assert WaitlistEntry.objects.get(customer=glow.sofia).status == Status.BOOKED
    give_up(booked[6])  # noon, when Tara is with Elena
    assert WaitlistEntry.objects.get(customer=glow.tara).status == Status.WAITING
    give_up(booked[10])
    assert WaitlistEntry.objects.get(customer=glow.tara).status == Status.BOOKED


def test_a_moved_visit_frees_its_time_too(glow: Salon, lena: Visit) -> None:
    fill_noah(glow)[15].booking.delete()
    mine = glow.book(glow.tara, glow.noah, dt.datetime(2026, 11, 25, 16, 30), glow.mens)
    lena.call(join_waitlist, **wait(glow))
    tara = Visit(glow).identified_as(glow.tara)
    tara.call(reschedule_appointment, appointment_id=mine.pk, new_date="2026-11-26", new_time="09:00")
    assert WaitlistEntry.objects.get().status == Status.BOOKED


def test_time_freed_by_hand_is_filled_by_the_sweep(glow: Salon, lena: Visit) -> None:
    booked = fill_noah(glow)
    lena.call(join_waitlist, **wait(glow))
    assert fill_all(rules=house_rules(), now=glow.now, actor="system") == []
    Booking.objects.filter(pk=booked[3].booking_id).update(status=BookingStatus.CANCELLED)
    filled = fill_all(rules=house_rules(), now=glow.now, actor="system")
    assert [entry.customer_id for entry in filled] == [glow.lena.pk]
    assert fill_all(rules=house_rules(), now=glow.now, actor="system") == []


def test_a_stylist_without_the_skill_gets_nobody(glow: Salon, lena: Visit) -> None:
    fill_noah(glow)
    lena.call(join_waitlist, **wait(glow))
    assert fill_day(stylist=glow.maya, day=WEDNESDAY, rules=house_rules(), now=glow.now, actor="system") == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({}, "not_full", None),
        ({"date": "2026-11-01"}, "in_the_past", "date"),
        ({"date": "2029-11-01"}, "too_far_ahead", "date"),
        ({"last_day": "2026-11-24"}, "invalid_span", "last_day"),
        ({"last_day": "2026-12-25"}, "invalid_span", "last_day"),
        ({"stylist_id": "sty_x"}, "stylist_not_found", "stylist_id"),
        ({"service_ids": ["svc_x"]}, "service_not_found", "service_ids"),
        ({"customer_id": "cus_x"}, "not_identified", None),
    ],
)
def test_who_need_not_wait(glow: Salon, lena: Visit, change: dict[str, Any], code: str, field: str | None) -> None:
    refusal = lena.refused(join_waitlist, **wait(glow, **change))
    assert (refusal.code, refusal.field) == (code, field)
    assert not WaitlistEntry.objects.exists()


def test_nobody_waits_everywhere(glow: Salon, lena: Visit) -> None:
    for number in range(MOST_WAITS):
        last_date = WEDNESDAY + dt.timedelta(days=number)
        WaitlistEntry.objects.create(customer=glow.lena, first_date=WEDNESDAY, last_date=last_date)
    assert lena.refused(join_waitlist, **wait(glow, date="2026-11-28")).code == "too_many_waits"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_one_wins(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        glow = make_salon(clinic)
        visits = [Visit(glow).identified_as(one) for one in (glow.lena, glow.tara)]
        wishes = [wish(glow), wish(glow, customer_id=glow.tara.pk)]
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def book(number: int) -> None:
        barrier.wait()
        try:
            with tenant_scope(clinic.pk):
                visits[number].call(create_appointment, **wishes[number])
                outcomes.append("booked")
        except ToolRefused as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=book, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["booked", "slot_taken"]
    with tenant_scope(clinic.pk):
        assert Booking.objects.count() == AppointmentLine.objects.count() // 2 == 1
