"""Technicians' visits: offered from their calendars, booked once, moved and cancelled, for one's own tickets only."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connections

from apps.agents.sdk import ToolRefused
from apps.business.models import Booking, Closure
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.it_helpdesk.models import Technician, Ticket
from apps.verticals.it_helpdesk.models import Visit as Booked
from apps.verticals.it_helpdesk.tools import (
    cancel_visit,
    find_visit_times,
    get_my_visits,
    reschedule_visit,
    schedule_visit,
)
from tests.verticals.it_helpdesk.conftest import Helpdesk, Visit, make_helpdesk

TUESDAY = "2026-11-24"


@pytest.fixture
def ticket(bluewire: Helpdesk) -> Ticket:
    return bluewire.ticket(bluewire.dana)


def wish(bluewire: Helpdesk, ticket: Ticket, **change: Any) -> dict[str, Any]:
    return {
        "ticket_id": ticket.pk,
        "technician_id": bluewire.ines.pk,
        "date": TUESDAY,
        "time": "10:00",
    } | change


def test_free_times(bluewire: Helpdesk, dana: Visit, ticket: Ticket) -> None:
    result = dana.call(find_visit_times, ticket_id=ticket.pk, date=TUESDAY)
    assert result.say == "A technician can come on Tuesday, November 24 at 9 AM, 10 AM, 11 AM or noon."
    assert result.data["slots"][0]["technician_id"] == bluewire.ines.pk
    result = dana.call(find_visit_times, ticket_id=ticket.pk, date="2026-11-29", time="03:00")
    assert result.say.startswith("Nobody is free on Sunday, November 29 at 3 AM. A technician can come on Monday")
    result = dana.call(find_visit_times, ticket_id=ticket.pk, date=TUESDAY, part_of_day="evening")
    assert result.say.startswith("Nobody is free on Tuesday, November 24 in the evening. A technician can come on Tue")
    Closure.objects.create(start_date=dt.date(2026, 11, 1), end_date=dt.date(2027, 3, 1))
    assert dana.call(find_visit_times, ticket_id=ticket.pk).data == {"slots": []}


def test_a_visit_is_booked_once(bluewire: Helpdesk, dana: Visit, ticket: Ticket) -> None:
    result = dana.call(schedule_visit, **wish(bluewire, ticket))
    assert result.say == ("The visit is booked on Tuesday, November 24 at 10 AM with Ines Park for ticket INC-1001.")
    assert dana.call(schedule_visit, **wish(bluewire, ticket)).say.startswith("That visit is booked already")
    refusal = dana.refused(schedule_visit, **wish(bluewire, ticket, time="14:00"))
    assert refusal.code == "already_booked"
    assert Booked.objects.get().booking.contact == bluewire.dana.contact
    assert ticket.entries.filter(kind="visit").count() == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"date": "2026-11-20"}, "in_the_past", "date"),
        ({"date": "2026-11-23", "time": "11:00"}, "in_the_past", "time"),
        ({"date": "2027-06-01"}, "too_far_ahead", "date"),
        ({"time": "03:00"}, "outside_hours", "time"),
        ({"technician_id": "tec_invented"}, "technician_not_found", "technician_id"),
        ({"ticket_id": "tkt_invented"}, "ticket_not_found", "ticket_id"),
    ],
)
def test_what_cannot_be_booked(
    bluewire: Helpdesk, dana: Visit, ticket: Ticket, change: dict[str, Any], code: str, field: str
) -> None:
    refusal = dana.refused(schedule_visit, **wish(bluewire, ticket, **change))
    assert (refusal.code, refusal.field) == (code, field)
    assert not Booking.objects.exists()


def test_a_time_that_the_clocks_skip(bluewire: Helpdesk, dana: Visit, ticket: Ticket) -> None:
    dana.at(dt.datetime(2027, 3, 1, 10, tzinfo=bluewire.tenant.zone))
    refusal = dana.refused(schedule_visit, **wish(bluewire, ticket, date="2027-03-14", time="02:30"))
    assert refusal.code == "no_such_time"


def test_a_taken_time_comes_with_others(bluewire: Helpdesk, dana: Visit, tom: Visit, ticket: Ticket) -> None:
    dana.call(schedule_visit, **wish(bluewire, ticket))
    other = bluewire.ticket(bluewire.tom)
    refusal = tom.refused(schedule_visit, **wish(bluewire, other))
    assert refusal.code == "slot_taken"
    assert refusal.say.startswith("I am sorry, that time has just been taken. Free are Tuesday")
    assert len(refusal.data["slots"]) == 4


def test_a_visit_is_moved_and_cancelled(bluewire: Helpdesk, dana: Visit, ticket: Ticket) -> None:
    visit_id = dana.call(schedule_visit, **wish(bluewire, ticket)).data["visit_id"]
    assert dana.call(get_my_visits, employee_id=bluewire.dana.pk).say.startswith("You have one visit ahead: on Tuesday")
    new = {"visit_id": visit_id, "new_date": "2026-11-25", "new_time": "14:00"}
    result = dana.call(reschedule_visit, **new)
    assert result.say.startswith("The visit is now on Wednesday, November 25 at 2 PM with Ines Park")
    assert dana.call(reschedule_visit, **new).say.endswith("already.")
    result = dana.call(reschedule_visit, **new | {"new_technician_id": bluewire.hana.pk})
    assert "Hana Sato" in result.say
    assert dana.refused(reschedule_visit, **new | {"new_time": "04:00"}).code == "outside_hours"
    assert dana.call(cancel_visit, visit_id=visit_id, reason="solved").say.endswith("is cancelled.")
    assert dana.refused(cancel_visit, visit_id=visit_id).code == "too_late"
    assert dana.refused(reschedule_visit, **new).code == "booking_closed"
    assert dana.call(get_my_visits, employee_id=bluewire.dana.pk).data == {"visits": []}


def test_other_peoples_visits_do_not_exist(
    bluewire: Helpdesk, harbor: Helpdesk, dana: Visit, tom: Visit, stranger: Visit, ticket: Ticket
) -> None:
    visit_id = dana.call(schedule_visit, **wish(bluewire, ticket)).data["visit_id"]
    new = {"new_date": "2026-11-25", "new_time": "14:00"}
    for visit in (visit_id, "vis_invented"):
        assert tom.refused(cancel_visit, visit_id=visit).code == "visit_not_found"
        assert tom.refused(reschedule_visit, visit_id=visit, **new).code == "visit_not_found"
        assert stranger.refused(cancel_visit, visit_id=visit).code == "not_verified"
    assert tom.refused(find_visit_times, ticket_id=ticket.pk).code == "ticket_not_found"
    with tenant_scope(harbor.tenant.pk):
        foreign = Visit(harbor).identified_as(harbor.dana)
        assert foreign.refused(cancel_visit, visit_id=visit_id).code == "visit_not_found"
    refusal = dana.refused(schedule_visit, **wish(bluewire, ticket, technician_id=harbor.ines.pk))
    assert refusal.code == "technician_not_found"
    assert Booking.objects.get().status == "scheduled"


def test_a_closed_ticket_gets_no_visit(bluewire: Helpdesk, dana: Visit, ticket: Ticket) -> None:
    Ticket.objects.update(status="closed")
    assert dana.refused(find_visit_times, ticket_id=ticket.pk).code == "ticket_closed"
    assert dana.refused(schedule_visit, **wish(bluewire, ticket)).code == "ticket_closed"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_and_one_wins(transactional_db: None, clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        helpdesk = make_helpdesk(clinic)
        wishes = [
            (Visit(helpdesk).identified_as(person), wish(helpdesk, helpdesk.ticket(person)))
            for person in (helpdesk.dana, helpdesk.tom)
        ]
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def book(visit: Visit, arguments: dict[str, Any]) -> None:
        try:
            with tenant_scope(clinic.pk):
                barrier.wait()
                visit.call(schedule_visit, **arguments)
            outcomes.append("booked")
        except ToolRefused as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=book, args=one) for one in wishes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["booked", "slot_taken"]
    with tenant_scope(clinic.pk):
        assert Booking.objects.count() == 1
        assert Technician.objects.count() == 2
