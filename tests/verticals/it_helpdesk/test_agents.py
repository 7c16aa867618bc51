"""What the models are given: ten agents, their tools, and handoffs through the front desk and back."""

import re

from apps.agents.registry import verticals
from apps.verticals.it_helpdesk.agents import SPECIALISTS, TRIAGE, VERTICAL
from apps.verticals.it_helpdesk.models import Category
from apps.verticals.it_helpdesk.tools import TOOLS

ROSTER = ("triage", "device", "ticket", "network", "email", "computer", "printer", "phone", "security", "lookup")
TROUBLESHOOTERS = {"network", "email", "computer", "printer", "phone", "security"}
WRITERS = {
    *("create_ticket", "add_ticket_note", "escalate_ticket", "close_ticket", "schedule_visit", "reschedule_visit"),
    *("cancel_visit", "report_lost_device", "start_troubleshooting", "record_step_answer"),
    *("request_human", "report_security_incident"),
}
AT_ONCE = {"start_troubleshooting", "record_step_answer", "request_human", "report_security_incident"}


def names(slug: str) -> set[str]:
    return {tool.name for agent in VERTICAL.agents if agent.slug == slug for tool in agent.tools}


def test_the_ten_agents() -> None:
    assert verticals()["it_helpdesk"] is VERTICAL
    assert tuple(agent.slug for agent in VERTICAL.agents) == ROSTER
    assert len({agent.name for agent in VERTICAL.agents}) == len({agent.voice for agent in VERTICAL.agents}) == 10
    assert all(len(agent.role) <= 200 and len(agent.greeting) <= 300 for agent in VERTICAL.agents)


def test_handoffs_go_through_the_front_desk_and_back() -> None:
    assert TRIAGE.hands_over_to == ROSTER[1:]
    assert all(agent.hands_over_to == ("triage",) for agent in SPECIALISTS)


def test_who_may_do_what() -> None:
    knows = {slug for slug in ROSTER if "search_knowledge" in names(slug)}
    assert knows == TROUBLESHOOTERS
    assert {slug for slug in ROSTER if "start_troubleshooting" in names(slug)} == TROUBLESHOOTERS
    assert set(Category.values) >= TROUBLESHOOTERS
    assert {slug for slug in ROSTER if "report_security_incident" in names(slug)} == {"security"}
    assert not names("lookup") & (WRITERS - {"request_human"})
    assert all({"verify_caller", "request_human"} <= names(slug) for slug in ROSTER)
    assert {tool.name for tool in TOOLS} == set().union(*(names(slug) for slug in ROSTER))


def test_every_tool_is_described_and_every_writer_asks_first_unless_it_cannot_wait() -> None:
    for tool in TOOLS:
        properties = tool.schema["function"]["parameters"]["properties"]
        assert all(value["description"] for value in properties.values()), tool.name
        assert "Returns" in tool.description, tool.name
        assert ("Confirm before calling" in tool.description) == (tool.writes and tool.name not in AT_ONCE), tool.name
    assert {tool.name for tool in TOOLS if tool.writes} == WRITERS


def test_the_instructions_name_only_tools_that_exist() -> None:
    known = {tool.name for tool in TOOLS}
    for agent in VERTICAL.agents:
        assert set(re.findall(r"\b[a-z]+_[a-z_]+\b", agent.instructions)) <= known
        assert "never ask again" in agent.instructions
