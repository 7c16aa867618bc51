"""One step at a time: what was tried is remembered, and what is not solved becomes a ticket."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.tenants.scope import tenant_scope
from apps.verticals.it_helpdesk.models import Article, Guide, GuideStep, Ticket, TicketEntry, Troubleshooting
from apps.verticals.it_helpdesk.tools import record_step_answer, search_knowledge, start_troubleshooting
from tests.verticals.it_helpdesk.conftest import Helpdesk, Visit


@pytest.fixture
def printer(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire, agent="printer").identified_as(bluewire.dana)


def start(visit: Visit, bluewire: Helpdesk, problem: str = "the paper is jammed") -> str:
    return str(
        visit.call(start_troubleshooting, employee_id=bluewire.dana.pk, problem=problem).data["troubleshooting_id"]
    )


def test_step_by_step_to_the_solution(bluewire: Helpdesk, printer: Visit) -> None:
    result = printer.call(start_troubleshooting, employee_id=bluewire.dana.pk, problem="the paper is jammed")
    assert result.say == "Open the tray. Does it print?"
    run_id = result.data["troubleshooting_id"]
    result = printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    assert result.say == "Open the rear cover. Does it print?"
    assert result.data["tried"] == ["Open the tray. Does it print? No."]
    result = printer.call(record_step_answer, troubleshooting_id=run_id, answer=True)
    assert result.say == "Great, I am glad that is solved."
    run = Troubleshooting.objects.get()
    assert (run.outcome, run.answers, run.ticket) == ("solved", [["tray", False], ["rear", True]], None)
    assert not Ticket.objects.exists()


def test_the_last_no_goes_to_a_person_with_what_was_tried(bluewire: Helpdesk, printer: Visit) -> None:
    run_id = start(printer, bluewire)
    printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    result = printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    assert result.say.startswith("This is one for a person. I have opened ticket INC-1001 with everything")
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.category, ticket.problem) == ("escalated", "printer", "the paper is jammed")
    tried = ticket.entries.filter(kind=TicketEntry.Kind.TRIED).values_list("text", flat=True)
    assert sorted(tried) == ["Open the rear cover. Does it print? No.", "Open the tray. Does it print? No."]
    again = printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    assert again.data["ticket_number"] == "INC-1001"
    assert Ticket.objects.count() == 1


def test_an_end_with_a_plain_ticket(bluewire: Helpdesk, printer: Visit) -> None:
    GuideStep.objects.filter(key="tray").update(on_no="ticket")
    result = printer.call(record_step_answer, troubleshooting_id=start(printer, bluewire), answer=False)
    assert result.say.startswith("Then a technician has to look at it.")
    assert Ticket.objects.get().status == "open"


def test_starting_again_goes_on_where_it_stood(bluewire: Helpdesk, printer: Visit) -> None:
    run_id = start(printer, bluewire)
    printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    result = printer.call(start_troubleshooting, employee_id=bluewire.dana.pk, problem="jammed")
    assert (result.data["troubleshooting_id"], result.say) == (run_id, "Open the rear cover. Does it print?")
    other = Visit(bluewire, agent="printer").identified_as(bluewire.dana)
    assert start(other, bluewire) != run_id


def test_a_guide_that_changes_meanwhile(bluewire: Helpdesk, printer: Visit) -> None:
    run_id = start(printer, bluewire)
    GuideStep.objects.filter(key="tray").update(key="drawer")
    result = printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    assert result.data["tried"] == ["Open the tray. Does it print? No."]
    GuideStep.objects.all().delete()
    result = printer.call(record_step_answer, troubleshooting_id=run_id, answer=False)
    assert result.data["ticket_number"] == "INC-1001"
    assert printer.refused(start_troubleshooting, employee_id=bluewire.dana.pk, problem="jammed").code == "no_guide"


def test_a_specialist_keeps_to_their_own_guides(bluewire: Helpdesk, printer: Visit) -> None:
    printer.as_agent("network")
    refusal = printer.refused(start_troubleshooting, employee_id=bluewire.dana.pk, problem="the paper is jammed")
    assert refusal.code == "no_guide"
    assert "ticket" in refusal.say
    printer.as_agent("triage")
    start(printer, bluewire)


def test_no_guide_and_a_guide_out_of_use(bluewire: Helpdesk, printer: Visit) -> None:
    arguments = {"employee_id": bluewire.dana.pk}
    assert printer.refused(start_troubleshooting, problem="a poem please", **arguments).code == "no_guide"
    Guide.objects.update(is_active=False)
    assert printer.refused(start_troubleshooting, problem="jammed", **arguments).code == "no_guide"


def test_with_a_device_of_their_own_only(bluewire: Helpdesk, printer: Visit) -> None:
    arguments = {"employee_id": bluewire.dana.pk, "problem": "jammed"}
    refusal = printer.refused(start_troubleshooting, device_id=bluewire.foreign_laptop.pk, **arguments)
    assert refusal.code == "device_not_found"
    printer.call(start_troubleshooting, device_id=bluewire.printer.pk, **arguments)
    assert Troubleshooting.objects.get().device == bluewire.printer


def test_nobody_else_answers(bluewire: Helpdesk, printer: Visit, tom: Visit, stranger: Visit, harbor: Helpdesk) -> None:
    run_id = start(printer, bluewire)
    arguments = {"troubleshooting_id": run_id, "answer": True}
    assert tom.refused(record_step_answer, **arguments).code == "not_started"
    assert stranger.refused(record_step_answer, **arguments).code == "not_verified"
    with tenant_scope(harbor.tenant.pk):
        foreign = Visit(harbor).identified_as(harbor.dana)
        assert foreign.refused(record_step_answer, **arguments).code == "not_started"
    assert Troubleshooting.objects.get().outcome == "under_way"


def test_the_number_of_guides_and_answers_costs_no_queries(bluewire: Helpdesk, printer: Visit) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        start(printer, bluewire)
    for number in range(20):
        guide = Guide.objects.create(title=f"Guide {number}", category="printer", symptoms="toner")
        GuideStep.objects.create(guide=guide, key="one", text="Really?")
    other = Visit(bluewire, agent="printer").identified_as(bluewire.dana)
    with CaptureQueriesContext(connection) as many:
        start(other, bluewire)
    assert len(many) == len(few)


def test_knowledge_with_its_source(stranger: Visit, harbor: Helpdesk) -> None:
    Article.objects.create(title="Print on both sides", text="Choose Properties.", source="the guide, page 3")
    with tenant_scope(harbor.tenant.pk):
        Article.objects.create(title="Encrypt a message", text="Open Options.", source="theirs")
    result = stranger.call(search_knowledge, question="How do I print on both sides?")
    assert result.say == "Choose Properties. That is from the guide, page 3."
    assert result.data["articles"][0]["source"] == "the guide, page 3"
    for question in ("How do I encrypt a message?", "What is the meaning of life?", "?"):
        result = stranger.call(search_knowledge, question=question)
        assert result.say.startswith("I am not sure about that")
        assert result.data == {"articles": []}
    Article.objects.update(is_published=False)
    assert stranger.call(search_knowledge, question="How do I print on both sides?").data == {"articles": []}
