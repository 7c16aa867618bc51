"""What the model is given: 14 tools with the promised arguments, and instructions that name only these."""

import re

from apps.agents.registry import verticals
from apps.verticals.healthcare.agents import VERTICAL
from apps.verticals.healthcare.models import AppointmentType
from apps.verticals.healthcare.tools import TOOLS

# (required, optional) as the product promises; optional ones of our own after the bar.
PROMISED = {
    "lookup_patient": "first_name last_name | date_of_birth",
    "lookup_patient_by_phone": "phone |",
    "create_new_patient": "first_name last_name date_of_birth phone | email",
    "get_patient_insurance": "patient_id |",
    "get_patient_appointments": "patient_id |",
    "get_available_slots": "provider_id date | duration part_of_day",
    "find_next_available": "| provider_id specialization duration date time part_of_day",
    "schedule_appointment": "patient_id provider_id date time appointment_type reason | duration",
    "cancel_appointment": "appointment_id | reason",
    "reschedule_appointment": "appointment_id new_date new_time | new_provider_id",
    "get_providers": "| specialization accepting_new_patients",
    "get_provider_info": "| provider_id provider_name",
    "get_services": "| category",
    "get_office_hours": "|",
}


def test_the_vertical_is_found() -> None:
    assert verticals()["healthcare"] is VERTICAL
    assert VERTICAL.agents[0].tools == TOOLS


def test_the_tools_take_what_was_promised() -> None:
    assert [tool.name for tool in TOOLS] == list(PROMISED)
    for tool in TOOLS:
        parameters = tool.schema["function"]["parameters"]
        required, _, optional = PROMISED[tool.name].partition("|")
        assert set(parameters.get("required", [])) == set(required.split()), tool.name
        assert set(parameters["properties"]) == {*required.split(), *optional.split()}, tool.name
        assert all(value["description"] for value in parameters["properties"].values()), tool.name


def test_the_schema_offers_the_models_own_appointment_types() -> None:
    tool = next(tool for tool in TOOLS if tool.name == "schedule_appointment")
    kinds = tool.schema["function"]["parameters"]["properties"]["appointment_type"]["enum"]
    assert kinds == AppointmentType.values


def test_every_description_says_what_comes_back_and_every_writer_asks_first() -> None:
    for tool in TOOLS:
        assert "Returns " in tool.description, tool.name
        assert ("Confirm before calling" in tool.description) == tool.writes, tool.name
    assert {tool.name for tool in TOOLS if tool.writes} == {
        "create_new_patient",
        "schedule_appointment",
        "cancel_appointment",
        "reschedule_appointment",
    }


def test_the_instructions_name_only_tools_that_exist() -> None:
    instructions = VERTICAL.agents[0].instructions
    assert set(re.findall(r"\b[a-z]+_[a-z_]+\b", instructions)) <= set(PROMISED)
    assert "911" in instructions
