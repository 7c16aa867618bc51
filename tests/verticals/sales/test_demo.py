"""The demo team: rich, alike for the same now, and loaded once."""

import datetime as dt

import pytest

from apps.agents.registry import verticals
from apps.business.models import Booking, Contact
from apps.tenants.models import Tenant
from apps.verticals.sales import campaigns, dialer
from apps.verticals.sales.demo import load
from apps.verticals.sales.models import (
    Callback,
    Campaign,
    CampaignLead,
    Consent,
    DialedCall,
    DialingRules,
    DoNotCall,
    Lead,
    LeadImport,
    Meeting,
    Product,
    Qualification,
    SalesRep,
    TeamAgent,
)
from tests.verticals.sales.conftest import in_denver

ALL = (
    *(Callback, Campaign, CampaignLead, Consent, DialedCall, DialingRules, DoNotCall, Lead, LeadImport, Meeting),
    *(Product, Qualification, SalesRep, TeamAgent, Booking, Contact),
)


def counts() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in ALL}


def test_it_is_rich_and_loaded_once(tenant: Tenant) -> None:
    now = dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)
    load(now)
    first = counts()
    assert all(first.values())
    assert (first["TeamAgent"], first["SalesRep"], first["Product"], first["Campaign"]) == (37, 4, 5, 3)
    assert first["Lead"] == first["Contact"] > 130
    assert first["DialedCall"] > 60
    kinds = {kind: TeamAgent.objects.filter(kind=kind).count() for kind in ("triage", "inbound", "outbound", "lead")}
    assert kinds == {"triage": 2, "inbound": 8, "outbound": 16, "lead": 6}
    assert {agent.slug for agent in verticals()["sales"].agents} == set(
        TeamAgent.objects.values_list("kind", flat=True)
    )
    load(now)
    assert counts() == first


@pytest.mark.parametrize("now", ["2026-11-22T23:50", "2026-12-24T06:00", "2026-02-28T12:00", "2027-03-14T01:30"])
def test_it_loads_at_any_time_and_calls_nobody_by_itself(tenant: Tenant, now: str) -> None:
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=tenant.zone)
    load(moment)
    assert not Campaign.objects.filter(status=Campaign.Status.RUNNING).exists()
    assert dialer.claim(now=moment) == []


def test_the_import_shows_every_kind_of_problem(tenant: Tenant) -> None:
    load(dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone))
    taken = LeadImport.objects.get()
    assert (taken.lines, taken.created, taken.known) == (10, 6, 1)
    assert [one["line"] for one in taken.problems] == [5, 6, 7, 8, 9, 10, 11]
    assert [one["is_fatal"] for one in taken.problems] == [True, False, True, False, True, True, False]


def test_the_preflight_of_the_draft_has_reasons_to_look_at(tenant: Tenant) -> None:
    in_denver(tenant, "+13035550199")
    now = dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)
    load(now)
    found = campaigns.preflight(Campaign.objects.get(status="draft"), now=now)
    assert found.callable > 10
    assert len(found.reasons) >= 3


def test_what_was_called_was_called_by_one_of_the_floor_with_the_time_there(tenant: Tenant) -> None:
    load(dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone))
    assert not DialedCall.objects.exclude(state="ended").exists()
    assert not DialedCall.objects.filter(recipient_time="").exists()
    assert not DialedCall.objects.filter(agent=None).exists()
