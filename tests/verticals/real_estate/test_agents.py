"""What the models are given: ten agents, the promised tools, and handoffs through the front desk and back."""

import re

from apps.agents.registry import verticals
from apps.agents.sdk import Agent
from apps.verticals.real_estate.agents import VERTICAL
from apps.verticals.real_estate.core.urgency import Category as Trade
from apps.verticals.real_estate.core.urgency import Priority as Urgency
from apps.verticals.real_estate.models import Lease, RentPayment
from apps.verticals.real_estate.models.maintenance import Category, Priority, RequestStatus
from apps.verticals.real_estate.models.renting import PaymentMethod
from apps.verticals.real_estate.tools import TOOLS
from apps.verticals.real_estate.tools.rent import Method

AGENTS = {agent.slug: agent for agent in VERTICAL.agents}
# Required and optional arguments.
PROMISED = {
    "search_listings": "query | purpose suburb property_type min_bedrooms min_bathrooms parking_spaces "
    "min_price max_price",
    "get_listing_details": "| listing_id property_name",
    "get_suburb_facts": "suburb_name |",
    "compare_suburbs": "suburb_names |",
    "calculate_repayments": "deposit | price listing_id interest_rate term_years frequency",
    "calculate_what_if": "| new_interest_rate new_deposit new_term_years new_price extra_repayment",
    "get_repayment_schedule": "|",
    "estimate_borrowing_power": "yearly_income | monthly_debts deposit interest_rate term_years",
    "get_viewing_times": "listing_id | date time part_of_day",
    "book_viewing": "listing_id date time first_name last_name phone | email",
    "find_viewing": "reference phone |",
    "get_my_viewings": "|",
    "reschedule_viewing": "viewing_id new_date new_time |",
    "cancel_viewing": "viewing_id | reason",
    "find_tenant_by_phone": "phone | date_of_birth",
    "get_tenant_details": "renter_id |",
    "get_rent_balance": "renter_id |",
    "get_lease_info": "renter_id |",
    "create_maintenance_request": "renter_id description | priority access",
    "get_maintenance_status": "renter_id |",
    "update_maintenance_request": "request_id note | action",
    "get_available_units": "| bedrooms max_weekly_rent suburb pets",
    "get_property_info": "| property_id property_name",
    "get_office_info": "|",
    "record_payment": "renter_id amount | paid_date method reference",
    "create_tenant": "first_name last_name date_of_birth phone | email",
    "check_urgency": "description |",
    "dispatch_emergency": "description address phone |",
}
ROSTER = {
    *("find_tenant_by_phone", "get_tenant_details", "get_rent_balance", "get_lease_info", "create_maintenance_request"),
    *("get_maintenance_status", "update_maintenance_request", "get_available_units", "get_property_info"),
    *("get_office_info", "record_payment", "create_tenant"),
}


def test_ten_agents_and_the_front_desk_first() -> None:
    assert verticals()["real_estate"] is VERTICAL
    assert list(AGENTS) == [
        *("triage", "property_search", "suburb_intelligence", "mortgage", "viewings"),
        *("property", "maintenance", "leasing", "payment", "emergency"),
    ]
    assert VERTICAL.agents[0].name == "Aria"
    assert len({agent.name for agent in VERTICAL.agents}) == 10


def test_through_the_front_desk_and_back() -> None:
    assert set(AGENTS["triage"].hands_over_to) == set(AGENTS) - {"triage"}
    assert all(agent.hands_over_to == ("triage",) for slug, agent in AGENTS.items() if slug != "triage")
    for agent in VERTICAL.agents:
        assert len(agent.role) <= 200
        assert len(agent.greeting) <= 300


def test_the_tools_take_what_was_promised() -> None:
    assert {tool.name for tool in TOOLS} == set(PROMISED) >= ROSTER
    for tool in TOOLS:
        parameters = tool.schema["function"]["parameters"]
        required, _, optional = PROMISED[tool.name].partition("|")
        assert set(parameters.get("required", [])) == set(required.split()), tool.name
        assert set(parameters["properties"]) == {*required.split(), *optional.split()}, tool.name
        assert all(value["description"] for value in parameters["properties"].values()), tool.name


def test_every_description_says_what_comes_back_and_every_writer_asks_first() -> None:
    for tool in TOOLS:
        assert "Returns " in tool.description, tool.name
        # In an emergency nobody waits for a second yes.
        assert ("Confirm before calling" in tool.description) == (tool.writes and tool.name != "dispatch_emergency")
    assert {tool.name for tool in TOOLS if tool.writes} == {
        *("book_viewing", "reschedule_viewing", "cancel_viewing", "create_tenant", "record_payment"),
        *("create_maintenance_request", "update_maintenance_request", "dispatch_emergency"),
    }


def test_the_words_of_the_core_are_those_of_the_database() -> None:
    assert list(Priority.values) == list(Urgency.__args__)  # type: ignore[attr-defined]
    assert list(Category.values) == list(Trade.__args__)  # type: ignore[attr-defined]
    assert list(PaymentMethod.values) == list(Method.__args__)  # type: ignore[attr-defined]
    assert list(RequestStatus.values) == ["open", "assigned", "in_progress", "pending_parts", "completed", "cancelled"]
    assert (Lease.id_prefix, RentPayment.id_prefix) == ("lea", "pay")


def named_tools(agent: Agent) -> set[str]:
    return set(re.findall(r"\b[a-z]+_[a-z_]+\b", agent.instructions)) - {"property_search", "suburb_intelligence"}


def test_the_instructions_name_only_what_the_agent_has() -> None:
    for agent in VERTICAL.agents:
        own = {tool.name for tool in agent.tools} | {f"transfer_to_{slug}" for slug in agent.hands_over_to}
        assert named_tools(agent) <= own, agent.slug
        assert "000" in agent.instructions
        if agent.slug in ("property", "maintenance", "leasing", "payment"):
            assert "identified" in agent.instructions
