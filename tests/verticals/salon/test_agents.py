"""The pack as the platform sees it: four agents, seventeen tools, handoffs through triage and back."""

import re

from apps.agents.registry import verticals
from apps.verticals.salon.agents import VERTICAL
from apps.verticals.salon.tools import TOOLS

PROMISED = {
    "find_customer_by_phone": "phone | first_name last_name",
    "create_customer": "first_name last_name phone | email",
    "get_salon_settings": "|",
    "get_business_hours": "|",
    "get_all_services": "| category",
    "get_service_categories": "|",
    "find_service_by_name": "service_name |",
    "get_all_stylists": "| service_name",
    "get_stylist_by_name": "stylist_name |",
    "get_available_slots": "| service_ids appointment_id stylist_id date time part_of_day",
    "create_appointment": "service_ids customer_id stylist_id date time | notes",
    "get_customer_appointments": "customer_id |",
    "get_appointment_by_reference": "reference | phone",
    "reschedule_appointment": "appointment_id new_date new_time | new_stylist_id",
    "cancel_appointment": "appointment_id | reason accept_fee",
    "suggest_add_on": "service_ids |",
    "join_waitlist": "service_ids customer_id date | last_day stylist_id part_of_day",
}
WRITERS = {
    "create_customer",
    "create_appointment",
    "reschedule_appointment",
    "cancel_appointment",
    "join_waitlist",
}
AGENTS = {agent.slug: agent for agent in VERTICAL.agents}


def test_the_vertical_is_found_and_triage_meets_the_visitor() -> None:
    assert verticals()["salon"] is VERTICAL
    assert list(AGENTS) == ["triage", "booking", "inquiry", "reschedule"]


def test_handoffs_go_through_triage_and_back() -> None:
    assert AGENTS["triage"].hands_over_to == ("booking", "inquiry", "reschedule")
    assert {AGENTS[slug].hands_over_to for slug in ("booking", "inquiry", "reschedule")} == {("triage",)}


def test_the_tools_take_what_was_promised() -> None:
    assert {tool.name for tool in TOOLS} == set(PROMISED)
    for tool in TOOLS:
        parameters = tool.schema["function"]["parameters"]
        required, _, optional = PROMISED[tool.name].partition("|")
        assert set(parameters.get("required", [])) == set(required.split()), tool.name
        assert set(parameters["properties"]) == {*required.split(), *optional.split()}, tool.name
        assert all(value["description"] for value in parameters["properties"].values()), tool.name


def test_inquiry_only_reads() -> None:
    assert not any(tool.writes for tool in AGENTS["inquiry"].tools)
    assert {tool.name for tool in TOOLS if tool.writes} == WRITERS


def test_every_description_says_what_comes_back_and_every_writer_asks_first() -> None:
    for tool in TOOLS:
        assert "Returns " in tool.description, tool.name
        assert ("Confirm before calling" in tool.description) == tool.writes, tool.name


def test_the_instructions_name_only_tools_that_the_agent_has() -> None:
    for agent in VERTICAL.agents:
        named = set(re.findall(r"\b[a-z]+_[a-z_]+\b", agent.instructions)) - {"appointment_id"}
        assert named <= {tool.name for tool in agent.tools}, agent.slug
