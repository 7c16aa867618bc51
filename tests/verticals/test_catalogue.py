"""What the catalogue promises: 37 agents in six packs, each of whom can be reached and does its job."""

import pytest

from apps.agents.registry import verticals

PROMISED = {"after_hours": 7, "healthcare": 1, "it_helpdesk": 10, "real_estate": 10, "sales": 5, "salon": 4}


@pytest.mark.once
def test_37_agents_over_six_verticals() -> None:
    assert {slug: len(vertical.agents) for slug, vertical in verticals().items()} == PROMISED
    assert sum(PROMISED.values()) == 37


@pytest.mark.once
@pytest.mark.parametrize("slug", PROMISED)
def test_every_agent_has_work_and_is_reached_and_left_through_triage(slug: str) -> None:
    agents = {agent.slug: agent for agent in verticals()[slug].agents}
    front = verticals()[slug].agents[0]
    for agent in agents.values():
        assert set(agent.hands_over_to) <= set(agents) - {agent.slug}
        assert agent.tools or agent.hands_over_to
        if agent is not front:
            assert front.slug in agent.hands_over_to, f"{agent.slug} cannot hand back"
    reached, new = set(), {front.slug}
    while new:
        reached |= new
        new = {other for slug in new for other in agents[slug].hands_over_to} - reached
    assert reached == set(agents)


@pytest.mark.once
@pytest.mark.parametrize("slug", PROMISED)
def test_a_tools_name_means_one_tool(slug: str) -> None:
    tools = [tool for agent in verticals()[slug].agents for tool in agent.tools]
    assert len({tool.name for tool in tools}) == len({id(tool) for tool in tools})
    assert all(tool.label and tool.description for tool in tools)


ROSTERS = {
    "healthcare": """
        lookup_patient lookup_patient_by_phone create_new_patient get_patient_insurance get_patient_appointments
        get_available_slots find_next_available schedule_appointment cancel_appointment reschedule_appointment
        get_providers get_provider_info get_services get_office_hours
    """,
    "salon": """
        find_customer_by_phone create_customer get_salon_settings get_business_hours get_all_services
        get_service_categories find_service_by_name get_all_stylists get_stylist_by_name get_available_slots
        create_appointment get_customer_appointments get_appointment_by_reference reschedule_appointment
        cancel_appointment suggest_add_on join_waitlist
    """,
    "real_estate": """
        find_tenant_by_phone get_tenant_details get_rent_balance get_lease_info create_maintenance_request
        get_maintenance_status update_maintenance_request get_available_units get_property_info get_office_info
        record_payment create_tenant
    """,
}
"""The tools that were promised by name; the other packs name theirs in their own tests."""


@pytest.mark.once
@pytest.mark.parametrize("slug", ROSTERS)
def test_every_promised_tool_is_somebodys(slug: str) -> None:
    promised = set(ROSTERS[slug].split())
    tools = {tool.name for agent in verticals()[slug].agents for tool in agent.tools}
    assert promised <= tools
    assert slug == "real_estate" or promised == tools


DEMOS = {
    "riverside-clinic": "healthcare",
    "glow-salon": "salon",
    "harbour-homes": "real_estate",
    "summit-sales": "sales",
    "nightwatch-property": "after_hours",
    "bluewire-it": "it_helpdesk",
}


@pytest.mark.once
@pytest.mark.parametrize("slug", DEMOS)
def test_demo_addresses_and_logins_are_those_that_were_promised(slug: str) -> None:
    demo = verticals()[DEMOS[slug]].demo
    assert demo is not None
    assert (demo.slug, demo.widget_key) == (slug, f"wk_demo_{DEMOS[slug]}")
    assert (f"owner@{slug}.example", "owner") in {(email, role) for email, _, role in demo.logins}
