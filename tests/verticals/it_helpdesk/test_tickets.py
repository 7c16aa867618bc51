"""Tickets: opened once, seen by their own people only, escalated and closed; every change is in their history."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.tenants.scope import tenant_scope
from apps.verticals.it_helpdesk.models import Ticket, TicketEntry
from apps.verticals.it_helpdesk.tools import (
    add_ticket_note,
    close_ticket,
    create_ticket,
    escalate_ticket,
    get_my_tickets,
    get_ticket_status,
    report_security_incident,
    request_human,
)
from apps.verticals.it_helpdesk.tools.tickets import MOST_OPEN
from tests.verticals.it_helpdesk.conftest import Helpdesk, Visit

PROBLEM = "The screen stays dark"


def create(visit: Visit, bluewire: Helpdesk, **change: Any) -> Any:
    return visit.call(create_ticket, **{"employee_id": bluewire.dana.pk, "problem": PROBLEM} | change)


def test_a_ticket_is_opened(bluewire: Helpdesk, dana: Visit) -> None:
    result = create(dana, bluewire, device_id=bluewire.laptop.pk)
    assert result.say == "I have opened ticket INC-1001. Ines Park will get in touch by Tuesday, November 24 at 10 AM."
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.priority, ticket.organization) == ("computer", "normal", bluewire.northgate)
    assert (ticket.employee, ticket.device, ticket.technician) == (bluewire.dana, bluewire.laptop, bluewire.ines)
    assert ticket.due_at == dt.datetime(2026, 11, 24, 15, tzinfo=dt.UTC)  # eight hours of nine to five
    assert [entry.kind for entry in ticket.entries.all()] == ["opened"]


def test_around_the_clock_and_critical_count_every_hour(bluewire: Helpdesk, dana: Visit, tom: Visit) -> None:
    tom.call(create_ticket, employee_id=bluewire.tom.pk, problem=PROBLEM)
    assert Ticket.objects.get().due_at == bluewire.now + dt.timedelta(hours=8)
    dana.at(bluewire.now.replace(hour=23))
    result = create(dana, bluewire, urgency="critical")
    assert result.say.endswith("by today at 11:30 PM.")


def test_the_same_problem_again_is_the_same_ticket(bluewire: Helpdesk, dana: Visit) -> None:
    create(dana, bluewire)
    again = create(dana, bluewire, problem="the screen stays DARK")
    assert again.say.startswith("That is ticket INC-1001 already.")
    create(dana, bluewire, problem="And the mouse is broken")
    assert list(Ticket.objects.values_list("number", flat=True)) == [1002, 1001]


def test_the_data_center_goes_straight_to_a_person(bluewire: Helpdesk, dana: Visit) -> None:
    result = create(dana, bluewire, problem="The cooling in the data center has failed")
    assert "A person takes over at once." in result.say
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.priority, ticket.technician) == ("escalated", "critical", bluewire.hana)


def test_nobody_fills_the_list(bluewire: Helpdesk, dana: Visit) -> None:
    for number in range(MOST_OPEN):
        bluewire.ticket(bluewire.dana, f"Problem {number}")
    refusal = dana.refused(create_ticket, employee_id=bluewire.dana.pk, problem=PROBLEM)
    assert refusal.code == "too_many_tickets"
    assert Ticket.objects.count() == MOST_OPEN


def test_a_ticket_for_somebody_elses_device(bluewire: Helpdesk, harbor: Helpdesk, dana: Visit) -> None:
    for device in (bluewire.foreign_laptop.pk, harbor.laptop.pk, "dev_invented"):
        arguments = {"employee_id": bluewire.dana.pk, "problem": PROBLEM, "device_id": device}
        assert dana.refused(create_ticket, **arguments).code == "device_not_found"
    assert not Ticket.objects.exists()


def test_ones_own_tickets(bluewire: Helpdesk, dana: Visit) -> None:
    arguments = {"employee_id": bluewire.dana.pk}
    assert dana.call(get_my_tickets, **arguments).say == "You have no open tickets."
    bluewire.ticket(bluewire.dana, "No sound")
    bluewire.ticket(bluewire.laura, "No picture")
    bluewire.ticket(bluewire.tom, "No signal")
    result = dana.call(get_my_tickets, **arguments)
    assert result.say == "You have one open ticket: INC-1001, “No sound”, which is open."
    laura = Visit(bluewire).identified_as(bluewire.laura)
    result = laura.call(get_my_tickets, employee_id=bluewire.laura.pk)
    assert [one["ticket_number"] for one in result.data["tickets"]] == ["INC-1002", "INC-1001"]


def test_the_number_of_tickets_costs_no_queries(bluewire: Helpdesk, dana: Visit) -> None:
    bluewire.ticket(bluewire.dana, "No sound", device=bluewire.laptop)
    with CaptureQueriesContext(connection) as few:
        dana.call(get_my_tickets, employee_id=bluewire.dana.pk)
    for number in range(8):
        bluewire.ticket(bluewire.dana, f"Problem {number}", device=bluewire.laptop)
    with CaptureQueriesContext(connection) as many:
        dana.call(get_my_tickets, employee_id=bluewire.dana.pk)
    assert len(many) == len(few)


@pytest.mark.parametrize("said", ["INC-1001", "inc1001", "1001", "#1001"])
def test_the_status_of_a_ticket(bluewire: Helpdesk, dana: Visit, said: str) -> None:
    ticket = bluewire.ticket(bluewire.dana, "No sound")
    dana.call(add_ticket_note, ticket_id=ticket.pk, message="It is worse now.")
    result = dana.call(get_ticket_status, employee_id=bluewire.dana.pk, ticket_number=said)
    assert result.say == (
        "Ticket INC-1001, “No sound”, is open with Ines Park. Latest news from today at 10 AM: It is worse now."
    )


def test_other_peoples_tickets_do_not_exist(bluewire: Helpdesk, harbor: Helpdesk, dana: Visit) -> None:
    mine = bluewire.ticket(bluewire.tom, "Secret trouble")
    with tenant_scope(harbor.tenant.pk):
        theirs = harbor.ticket(harbor.dana, "Secret trouble")
    arguments = {"employee_id": bluewire.dana.pk}
    for number in ("INC-1001", "INC-9999", "nonsense"):
        refusal = dana.refused(get_ticket_status, ticket_number=number, **arguments)
        assert (refusal.code, refusal.field) == ("ticket_not_found", "ticket_number")
        assert "Secret" not in refusal.say
    for ticket in (mine.pk, theirs.pk, "tkt_invented"):
        for tool, more in ((add_ticket_note, {"message": "x"}), (escalate_ticket, {}), (close_ticket, {})):
            refusal = dana.refused(tool, ticket_id=ticket, **more)
            assert (refusal.code, refusal.say) == ("ticket_not_found", "I cannot find that ticket among yours.")
    assert Ticket.objects.get().status == "open"


def test_a_note_is_added_once(bluewire: Helpdesk, dana: Visit) -> None:
    ticket = bluewire.ticket(bluewire.dana)
    Ticket.objects.update(status="waiting")
    for _ in range(2):
        result = dana.call(add_ticket_note, ticket_id=ticket.pk, message="Still dark")
    assert result.data["status"] == "in_progress"
    assert ticket.entries.filter(kind=TicketEntry.Kind.NOTE).count() == 1


def test_a_ticket_goes_up_once(bluewire: Helpdesk, dana: Visit) -> None:
    ticket = bluewire.ticket(bluewire.dana)
    result = dana.call(escalate_ticket, ticket_id=ticket.pk, reason="I have a deadline")
    assert result.say == "Ticket INC-1001 is escalated. Hana Sato will get in touch by today at noon."
    again = dana.call(escalate_ticket, ticket_id=ticket.pk)
    assert again.say.startswith("Ticket INC-1001 is escalated already.")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.escalation_reason) == ("escalated", "high", "I have a deadline")
    assert ticket.entries.filter(kind=TicketEntry.Kind.ESCALATED).count() == 1


def test_a_closed_ticket_stays_closed(bluewire: Helpdesk, dana: Visit) -> None:
    ticket = bluewire.ticket(bluewire.dana)
    assert dana.call(close_ticket, ticket_id=ticket.pk, reason="works").say == "Ticket INC-1001 is closed."
    assert dana.call(close_ticket, ticket_id=ticket.pk).say == "Ticket INC-1001 is closed already."
    for tool, more in ((add_ticket_note, {"message": "x"}), (escalate_ticket, {})):
        assert dana.refused(tool, ticket_id=ticket.pk, **more).code == "ticket_closed"
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("closed", bluewire.now)


def test_a_person_for_anybody(bluewire: Helpdesk, stranger: Visit, dana: Visit) -> None:
    result = stranger.call(request_human, problem="my invoice")
    assert result.say.startswith("A person takes over with ticket INC-1001. Hana Sato will get in touch")
    assert stranger.call(request_human, problem="my invoice, please!").data["ticket_number"] == "INC-1001"
    assert dana.call(request_human, problem="my invoice").data["ticket_number"] == "INC-1002"
    assert list(Ticket.objects.values_list("employee", "status")) == [
        (bluewire.dana.pk, "escalated"),
        (None, "escalated"),
    ]


def test_a_clicked_link_needs_no_verification(bluewire: Helpdesk, stranger: Visit) -> None:
    result = stranger.call(report_security_incident, problem="I clicked a link", incident="phishing_clicked")
    assert result.say.startswith("Disconnect that computer from the network now: pull the cable and turn off Wi-Fi")
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.status, ticket.priority) == ("security", "escalated", "critical")
    assert (ticket.organization, ticket.employee) == (None, None)
    stranger.call(report_security_incident, problem="And my password is gone", incident="account_taken")
    assert Ticket.objects.count() == 1


def test_a_suspicious_message_is_reported(bluewire: Helpdesk, dana: Visit) -> None:
    result = dana.call(report_security_incident, problem="strange email", incident="phishing_received")
    assert result.say.startswith("Please do not click or answer")
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.priority, ticket.organization) == ("open", "high", bluewire.northgate)
