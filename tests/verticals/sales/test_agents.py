"""The pack as the platform sees it: five agents, nineteen tools, handoffs through triage and back."""

import re

from apps.agents.registry import verticals
from apps.verticals.sales.agents import VERTICAL
from apps.verticals.sales.tools import TOOLS

PROMISED = {
    "find_lead_by_phone": "phone | first_name last_name",
    "create_lead": "first_name last_name phone | email company",
    "get_products": "|",
    "get_product_info": "product_name |",
    "get_company_info": "|",
    "qualify_lead": "lead_id problem timeline | team_size budget authority interest mood disqualifier",
    "get_available_slots": "| rep_id appointment_id date time part_of_day",
    "book_appointment": "lead_id rep_id date time | topic",
    "get_lead_appointments": "lead_id |",
    "reschedule_appointment": "appointment_id new_date new_time |",
    "cancel_appointment": "appointment_id | reason",
    "request_callback": "lead_id date time | note",
    "get_promised_calls": "lead_id |",
    "cancel_callback": "callback_id |",
    "get_call_briefing": "|",
    "confirm_person": "is_right_person |",
    "record_outcome": "outcome | note",
    "get_reason_for_call": "lead_id |",
    "add_to_do_not_call": "phone | reason",
}
WRITERS = {
    *("create_lead", "qualify_lead", "book_appointment", "reschedule_appointment", "cancel_appointment"),
    *("request_callback", "cancel_callback", "confirm_person", "record_outcome", "add_to_do_not_call"),
}
ASKS_NOTHING = {"record_outcome"}
"""Nobody has to agree to what is noted about a call."""
AGENTS = {agent.slug: agent for agent in VERTICAL.agents}


def test_the_vertical_is_found_and_triage_meets_the_visitor() -> None:
    assert verticals()["sales"] is VERTICAL
    assert list(AGENTS) == ["triage", "inbound", "outbound", "lead", "appointment"]


def test_handoffs_go_through_triage_and_back() -> None:
    others = ("inbound", "outbound", "lead", "appointment")
    assert AGENTS["triage"].hands_over_to == others
    assert {AGENTS[slug].hands_over_to for slug in others} == {("triage",)}


def test_the_tools_take_what_was_promised() -> None:
    assert {tool.name for tool in TOOLS} == set(PROMISED)
    for tool in TOOLS:
        parameters = tool.schema["function"]["parameters"]
        required, _, optional = PROMISED[tool.name].partition("|")
        assert set(parameters.get("required", [])) == set(required.split()), tool.name
        assert set(parameters["properties"]) == {*required.split(), *optional.split()}, tool.name
        assert all(value["description"] for value in parameters["properties"].values()), tool.name


def test_every_description_says_what_comes_back_and_every_writer_asks_first() -> None:
    assert {tool.name for tool in TOOLS if tool.writes} == WRITERS
    for tool in TOOLS:
        assert "Returns " in tool.description, tool.name
        asks = tool.writes and tool.name not in ASKS_NOTHING
        assert ("Confirm before calling" in tool.description) == asks, tool.name


def test_the_instructions_name_only_tools_that_the_agent_has() -> None:
    for agent in VERTICAL.agents:
        named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", agent.instructions))
        assert named <= {tool.name for tool in agent.tools}, agent.slug


def test_whoever_calls_says_that_it_is_an_ai() -> None:
    assert all("AI" in agent.greeting for agent in VERTICAL.agents)
    for slug in ("outbound", "lead"):
        assert {"get_call_briefing", "add_to_do_not_call"} <= {tool.name for tool in AGENTS[slug].tools}
