"""What the models are given: seven agents, their tools, and handoffs through the front desk and back."""

import re

from apps.agents.registry import verticals
from apps.verticals.after_hours.agents import SPECIALISTS, TRIAGE, VERTICAL
from apps.verticals.after_hours.models import Trade
from apps.verticals.after_hours.tools import TOOLS

ROSTER = ("triage", "plumbing", "hvac", "electrical", "lockout", "noise", "escalation")
WRITERS = {
    *("record_problem", "request_human", "add_to_report", "correct_report", "escalate_report", "withdraw_report"),
    *("schedule_visit", "reschedule_visit", "cancel_visit"),
}
AT_ONCE = {"record_problem", "request_human"}


def names(slug: str) -> set[str]:
    return {tool.name for agent in VERTICAL.agents if agent.slug == slug for tool in agent.tools}


def test_the_seven_agents() -> None:
    assert verticals()["after_hours"] is VERTICAL
    assert tuple(agent.slug for agent in VERTICAL.agents) == ROSTER
    assert len({agent.name for agent in VERTICAL.agents}) == len({agent.voice for agent in VERTICAL.agents}) == 7
    assert all(len(agent.role) <= 200 and len(agent.greeting) <= 300 for agent in VERTICAL.agents)


def test_handoffs_go_through_the_front_desk_and_back() -> None:
    assert TRIAGE.hands_over_to == ROSTER[1:]
    assert all(agent.hands_over_to == ("triage",) for agent in SPECIALISTS)


def test_who_may_do_what() -> None:
    takes = {slug for slug in ROSTER if "record_problem" in names(slug)}
    assert takes == {"plumbing", "hvac", "electrical", "lockout", "noise"} <= set(Trade.values)
    assert {slug for slug in ROSTER if "withdraw_report" in names(slug)} == {"escalation"}
    assert names("triage") == {"get_office_info", "request_human"}
    assert all("request_human" in names(slug) for slug in ROSTER)
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
        assert "never ask for it again" in agent.instructions
        assert "call 911 first" in agent.instructions
