"""Bookings, agents, conversations, usage and the industries' own resources over the API."""

from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.agents import releases
from apps.agents.models import AgentVersion
from apps.agents.registry import verticals
from apps.business.models import Service, Staff, StaffService, WeeklyHours
from apps.conversations import calls, turns
from apps.plans import usage
from apps.plans.subscriptions import start_trial
from apps.tenants.models import AuditEntry, Role, Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.after_hours.models import Incident
from apps.verticals.sales.models import SalesRep
from tests.api.conftest import Program, program
from tests.conftest import make_member, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def open_clinic(clinic: Tenant) -> dict[str, str]:
    """Riverside with Dr. Lee, who does a check-up from 9 to 17; the ids of both and of Ada."""
    with tenant_scope(clinic.pk):
        staff, service = Staff.objects.create(name="Dr. Lee"), Service.objects.create(name="Check-up")
        StaffService.objects.create(staff=staff, service=service)
        for day in range(5):
            WeeklyHours.objects.create(weekday=day, opens=time(9), closes=time(17))
    return {"staff": staff.pk, "service": service.pk}


def test_a_booking_is_made_moved_and_cancelled(crm: Program, open_clinic: dict[str, str], clinic: Tenant) -> None:
    with time_machine.travel(MONDAY, tick=False):
        ada = crm.post("contacts", {"given_name": "Ada"}).json()["id"]
        body = {"contact": ada, **open_clinic, "starts_at": "2026-11-24T15:00:00Z"}
        made = crm.post("bookings", body)
        assert made.status_code == 201, made.content
        booking = made.json()
        assert (booking["status"], booking["ends_at"]) == ("scheduled", "2026-11-24T15:30:00Z")
        taken = crm.post("bookings", body).json()["error"]
        assert taken["code"] == "slot_taken"
        assert "2026-11-24T10:30" in taken["free"]
        path = f"bookings/{booking['id']}"
        moved = crm.post(f"{path}/reschedule", {"starts_at": "2026-11-24T14:00:00-05:00"}).json()
        assert (moved["starts_at"], moved["status"]) == ("2026-11-24T19:00:00Z", "rescheduled")
        assert moved["reference"] == booking["reference"]
        assert crm.post(f"{path}/reschedule", {"starts_at": "2026-11-24T10:00:00"}).status_code == 422
        cancelled = crm.post(f"{path}/cancel", {"reason": "ill"}).json()
        assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "ill")
        assert crm.post(f"{path}/cancel").json()["error"]["code"] == "booking_closed"
        assert crm.delete(f"contacts/{ada}").json()["error"]["code"] == "contact_in_use"
        assert crm.get("bookings?status=scheduled").json()["data"] == []
        assert [row["id"] for row in crm.get(f"bookings?contact={ada}").json()["data"]] == [booking["id"]]
    with tenant_scope(clinic.pk):
        actors = set(AuditEntry.objects.filter(action__startswith="booking.").values_list("actor", flat=True))
    assert {actor.partition(":")[0] for actor in actors} == {"key"}


def test_what_belongs_to_others_cannot_be_booked(crm: Program, rival: Program, open_clinic: dict[str, str]) -> None:
    foreign = rival.post("contacts", {"given_name": "Bob"}).json()["id"]
    for contact in (foreign, "con_00000000000000000000", "x"):
        body = {"contact": contact, **open_clinic, "starts_at": "2026-11-24T15:00:00Z"}
        error = crm.post("bookings", body).json()["error"]
        assert (error["field"], error["message"]) == ("contact", "There is no such contact.")


def test_free_times(crm: Program, open_clinic: dict[str, str]) -> None:
    with time_machine.travel(MONDAY, tick=False):
        free = crm.get(f"availability?{urlencode({'first_day': '2026-11-24', **open_clinic})}").json()["data"]
        assert len(free) == 16
        assert free[0] == {
            "staff": open_clinic["staff"],
            "starts_at": "2026-11-24T14:00:00Z",
            "ends_at": "2026-11-24T14:30:00Z",
        }
        assert crm.get("availability?first_day=2026-11-28").json()["data"] == []
    for query in ("", "first_day=soon", "first_day=2026-11-24&last_day=2026-12-25", "first_day=2026-11-24&x=1"):
        assert crm.get(f"availability?{query}").status_code == 422
    assert [row["name"] for row in crm.get("staff?is_active=true").json()["data"]] == ["Dr. Lee"]
    assert [row["name"] for row in crm.get("services").json()["data"]] == ["Check-up"]


@pytest.fixture
def agent(crm: Program, clinic: Tenant) -> dict[str, Any]:
    with tenant_scope(clinic.pk):
        releases.install(vertical=verticals()["healthcare"])
    return dict(crm.get("agents").json()["data"][0])


def test_a_draft_is_begun_changed_and_published(crm: Program, agent: dict[str, Any], clinic: Tenant) -> None:
    path = f"agents/{agent['id']}/versions"
    assert (agent["published"], agent["draft"]) == (1, None)
    made = crm.post(path, {"greeting": "Hi!"})
    assert made.status_code == 201, made.content
    assert made["Location"] == f"/api/{path}/2"
    published = crm.get(f"{path}/1").json()
    assert made.json()["instructions"] == published["instructions"].strip()
    assert crm.post(path, {}).json()["error"]["code"] == "draft_exists"
    changed = crm.patch(f"{path}/2", {"greeting": "Hello!"}, If_Match=made["ETag"])
    assert changed.json()["greeting"] == "Hello!"
    assert crm.patch(f"{path}/2", {"greeting": "Bye!"}, If_Match=made["ETag"]).status_code == 412
    assert crm.patch(f"{path}/1", {"greeting": "x"}).json()["error"]["code"] == "not_a_draft"
    bad = crm.patch(f"{path}/2", {"tools": ["no_such_tool"]})
    assert bad.status_code == 200
    refused = crm.post(f"{path}/2/publish")
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "tools")
    crm.patch(f"{path}/2", {"tools": published["tools"]})
    assert crm.post(f"{path}/2/publish").json()["status"] == "published"
    assert crm.post(f"{path}/2/publish").json()["error"]["code"] == "not_a_draft"
    assert crm.get(f"agents/{agent['id']}").json()["published"] == 2
    assert [row["number"] for row in crm.get(path).json()["data"]] == [2, 1]
    assert [row["number"] for row in crm.get(f"{path}?status=retired").json()["data"]] == [1]
    with tenant_scope(clinic.pk):
        entry = AuditEntry.objects.get(action="agent.published")
    assert entry.actor.startswith("key:")


def test_a_draft_is_discarded(crm: Program, agent: dict[str, Any], clinic: Tenant) -> None:
    path = f"agents/{agent['id']}/versions"
    crm.post(path, {})
    assert crm.delete(f"{path}/1").json()["error"]["code"] == "not_a_draft"
    assert crm.delete(f"{path}/2").status_code == 204
    with tenant_scope(clinic.pk):
        assert AgentVersion.objects.filter(agent=agent["id"]).count() == 1


@pytest.mark.parametrize(
    "body", [{"silence_ms": 1}, {"tools": ["a", "a"]}, {"tools": "a"}, {"number": 7}, {"turn_end": "never"}]
)
def test_a_draft_keeps_to_its_bounds(crm: Program, agent: dict[str, Any], body: dict[str, Any]) -> None:
    path = f"agents/{agent['id']}/versions"
    refused = crm.post(path, body)
    assert refused.status_code == 422
    assert refused.json()["error"]["field"].startswith(next(iter(body)))
    assert crm.get(f"agents/{agent['id']}").json()["draft"] is None


def test_conversations_and_calls_are_read(crm: Program, clinic: Tenant) -> None:
    now = timezone.now()
    with tenant_scope(clinic.pk):
        turns.start(agent="front", channel="chat", now=now)
        call = calls.begin(agent="front", channel="phone", carrier="twilio", carrier_call="c", caller="+1", now=now)
    chat, phone = (crm.get(f"conversations?channel={name}").json()["data"] for name in ("chat", "phone"))
    assert (len(chat), len(phone)) == (1, 1)
    assert (chat[0]["call"], phone[0]["call"]) == (None, call.pk)
    shown = crm.get(f"calls/{call.pk}").json()
    assert (shown["conversation"], shown["seconds"], shown["status"]) == (call.conversation_id, None, "active")
    assert crm.get("calls?status=ended").json()["data"] == []
    assert crm.patch(f"conversations/{call.conversation_id}", {}).status_code == 405


def test_usage(crm: Program, clinic: Tenant) -> None:
    assert crm.get("usage").status_code == 404
    now = timezone.now()
    with tenant_scope(clinic.pk):
        start_trial(now=now)
        usage.count_answer(conversation_id="conv_x", input_tokens=10, output_tokens=5, now=now)
    shown = crm.get("usage").json()
    assert (shown["plan"], shown["status"], shown["included"]) == ("starter", "trial", 2_000)
    assert shown["total"] == {"interactions": 1, "messages": 1, "tokens": 15, "call_seconds": 0, "cost": 0}
    assert sum(day["use"]["messages"] for day in shown["days"]) == 1


def test_leads_and_campaigns(db: None) -> None:
    tenant = make_tenant("summit", "Summit Sales", vertical="sales")
    caller = program(tenant)
    body = {"first_name": "Ada", "phone": "(212) 555-0142", "source": "fair"}
    lead = caller.post("leads", body)
    assert lead.status_code == 201, lead.content
    assert (lead.json()["name"], lead.json()["temperature"]) == ("Ada", "cold")
    assert caller.post("leads", body).json()["error"]["code"] == "lead_known"
    with tenant_scope(tenant.pk):
        rep = SalesRep.objects.create(staff=Staff.objects.create(name="Kim"))
    assigned = caller.post(f"leads/{lead.json()['id']}/assign", {"rep": rep.pk})
    assert assigned.json()["rep"] == rep.pk
    kept = caller.delete(f"contacts/{lead.json()['contact']}").json()["error"]
    assert (kept["code"], kept["message"]) == ("contact_in_use", "There are leads of this contact.")
    assert caller.get("campaigns").json() == {"data": [], "next": None}


def test_a_sales_rep_sees_their_own_leads(db: None) -> None:
    tenant = make_tenant("summit", "Summit Sales", vertical="sales")
    caller = program(tenant)
    made = [
        caller.post("leads", {"first_name": name, "phone": f"(212) 555-010{number}", "source": "fair"}).json()
        for number, name in enumerate(("Ada", "Bea"))
    ]
    user = make_member("kim@summit.example", tenant, Role.STAFF)
    with tenant_scope(tenant.pk):
        rep = SalesRep.objects.create(staff=Staff.objects.create(name="Kim"), user=user)
    caller.post(f"leads/{made[0]['id']}/assign", {"rep": rep.pk})
    kim = Client()
    kim.force_login(user)
    assert [row["id"] for row in kim.get("/api/leads").json()["data"]] == [made[0]["id"]]
    assert kim.get(f"/api/leads/{made[1]['id']}").status_code == 404
    given = kim.post(f"/api/leads/{made[0]['id']}/assign", {"rep": None}, content_type="application/json")
    assert given.json()["error"]["code"] == "not_permitted"


def test_incidents(db: None) -> None:
    tenant = make_tenant("night", "Nightwatch", vertical="after_hours")
    panel = program(tenant, "incidents:read", "incidents:write")
    body = {"description": "Water comes through the ceiling", "phone": "(212) 555-0142"}
    made = [panel.post("incidents", body, Idempotency_Key="alarm-7") for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    incident = made[0].json()
    assert made[1].json() == incident
    assert (incident["channel"], incident["trade"]) == ("api", "plumbing")
    closed = panel.post(f"incidents/{incident['id']}/close", {"reason": "done"}).json()
    assert closed["state"] == "closed"
    assert panel.get("incidents?state=pending").json()["data"] == []
    again = panel.http.post(
        "/api/after-hours/incidents",
        {**body, "key": "alarm-7"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {panel.secret}"},
    )
    assert again.json()["incident"]["id"] == incident["id"]
    with tenant_scope(tenant.pk):
        assert Incident.objects.count() == 1


def test_a_key_without_the_scope_reports_nothing(db: None) -> None:
    tenant = make_tenant("night", "Nightwatch", vertical="after_hours")
    reader = program(tenant, "incidents:read")
    for path in ("incidents", "after-hours/incidents", "after-hours/email"):
        refused = reader.post(path, {"description": "x", "key": "k"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_missing"), path


def test_tickets(db: None) -> None:
    tenant = make_tenant("bluewire", "Bluewire IT", vertical="it_helpdesk")
    desk = program(tenant)
    ticket = desk.post("tickets", {"problem": "The printer is jammed"}).json()
    assert (ticket["category"], ticket["status"], ticket["reference"]) == ("printer", "open", "INC-1001")
    assert desk.post(f"tickets/{ticket['id']}/notes", {"text": "Called back"}).status_code == 200
    assert desk.post(f"tickets/{ticket['id']}/escalate", {"reason": "Loud"}).json()["status"] == "escalated"
    assert desk.post(f"tickets/{ticket['id']}/close", {"reason": "Solved"}).json()["status"] == "closed"
    refused = desk.post(f"tickets/{ticket['id']}/notes", {"text": "Again"})
    assert refused.json()["error"]["code"] == "ticket_closed"
    assert len(desk.get("tickets?status=closed").json()["data"]) == 1


@pytest.mark.parametrize("path", ["leads", "campaigns", "incidents", "tickets"])
def test_an_industrys_resources_do_not_exist_for_others(crm: Program, path: str) -> None:
    assert crm.get(path).json()["error"]["code"] == "not_found"
    assert crm.post(path, {}).status_code in (404, 405)
