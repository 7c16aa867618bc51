"""Lists: pages without gaps, filters, a constant number of queries; ETags."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.api.models import WebhookDelivery
from apps.business.models import Booking, Contact, Service, Staff
from apps.conversations import calls, turns
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db(transaction=True)


def add_contacts(tenant: Tenant, count: int) -> list[str]:
    with tenant_scope(tenant.pk):
        rows = [Contact(given_name=f"Person {number}", phone=f"+1212555{number:04}") for number in range(count)]
        Contact.objects.bulk_create(rows)
        return [row.pk for row in Contact.objects.order_by("-id")]


def test_pages_tell_every_row_once(crm: Program, clinic: Tenant) -> None:
    wanted = add_contacts(clinic, 25)
    found: list[str] = []
    path = "contacts?limit=10"
    for _ in range(3):
        answer = crm.get(path)
        page = answer.json()
        found += [row["id"] for row in page["data"]]
        assert (page["next"] is None) == ("Link" not in answer)
        path = f"contacts?limit=10&cursor={page['next']}"
        add_contacts(clinic, 1)  # what comes meanwhile stands before the first page
    assert page["next"] is None
    assert found == wanted


def test_the_link_keeps_the_filters(crm: Program, clinic: Tenant) -> None:
    add_contacts(clinic, 3)
    link = crm.get("contacts?limit=1&created_after=2020-01-01T00:00:00Z")["Link"]
    address, _, rel = link.partition("; ")
    assert rel == 'rel="next"'
    followed = crm.get(address.strip("<>").partition("/api/")[2])
    assert len(followed.json()["data"]) == 1
    assert "created_after" in address


def test_filters(crm: Program, clinic: Tenant) -> None:
    add_contacts(clinic, 3)
    now = timezone.now().isoformat().replace("+00:00", "Z")
    assert crm.get(f"contacts?updated_after={now}").json()["data"] == []
    assert len(crm.get("contacts?updated_after=2020-01-01T00:00:00Z").json()["data"]) == 3
    assert [row["given_name"] for row in crm.get("contacts?phone=%2B12125550001").json()["data"]] == ["Person 1"]
    error = crm.get("contacts?phone=1&shape=round").json()["error"]
    assert error["field"] == "shape"
    assert "updated_after" in error["message"]


def fill(tenant: Tenant, count: int) -> str:
    """`count` rows of everything that is listed; the id of a webhook with deliveries."""
    now = timezone.now()
    with tenant_scope(tenant.pk):
        from apps.api.webhooks import endpoints

        endpoint, _ = endpoints.create(url="https://example.com/", events=["contact.created"], actor="system")
        staff = Staff.objects.create(name="Dr. Lee")
        Service.objects.bulk_create([Service(name=f"Service {number}") for number in range(count)])
        contacts = [Contact(given_name=f"P{number}") for number in range(count)]
        Contact.objects.bulk_create(contacts)
        Booking.objects.bulk_create(
            [
                Booking(
                    contact=contact,
                    staff=staff,
                    starts_at=now.replace(year=2000 + number % 100),
                    ends_at=now.replace(year=2000 + number % 100, microsecond=999_999),
                    reference=f"R-{number}",
                )
                for number, contact in enumerate(contacts)
            ]
        )
        for number in range(count):
            call = calls.begin(agent="front", channel="phone", carrier="t", carrier_call=str(number), now=now)
            turns.add_visitor_turn(conversation=call.conversation, text="hi", message_id="m", run="r", now=now)
        WebhookDelivery.objects.bulk_create(
            [WebhookDelivery(endpoint=endpoint, event="contact.created") for _ in range(count)]
        )
        return endpoint.pk


LISTS = ("contacts", "bookings", "services", "conversations", "calls", "webhooks/{}/deliveries", "agents", "staff")


def queries(crm: Program, path: str) -> tuple[int, int]:
    with CaptureQueriesContext(connection) as captured:
        answer: Any = crm.get(f"{path}?limit=200")
    assert answer.status_code == 200, answer.content
    return len(captured), len(answer.json()["data"])


def test_a_list_asks_the_database_as_often_for_one_row_as_for_fifty(
    crm: Program, rival: Program, clinic: Tenant, other_tenant: Tenant
) -> None:
    one, fifty = fill(clinic, 1), fill(other_tenant, 50)
    for each, key in ((crm, one), (rival, fifty)):
        each.get(f"webhooks/{key}")  # what a process remembers, and the note that the key was used
    for path in LISTS:
        few, many = queries(crm, path.format(one)), queries(rival, path.format(fifty))
        assert few[0] == many[0] <= 6 + 2 * (connection.vendor == "postgresql") * 4, path
        if path not in ("agents", "staff"):
            assert (few[1], many[1]) == (1, 50), path


def test_turns_come_with_their_tool_calls_in_a_constant_number_of_queries(crm: Program, clinic: Tenant) -> None:
    now = timezone.now()
    made = []
    with tenant_scope(clinic.pk):
        for count in (1, 50):
            conversation = turns.start(agent="front", channel="chat", now=now)
            for number in range(count):
                asked = [turns.AskedCall(f"1:{number}", "find", "{}")]
                turns.add_agent_turn(
                    conversation=conversation,
                    text="One moment",
                    run=f"run_{number}",
                    agent="front",
                    agent_version=1,
                    ended="",
                    now=now,
                    calls=asked,
                )
            made.append(conversation.pk)
    crm.get("agents")
    few, many = (queries(crm, f"conversations/{key}/turns") for key in made)
    assert few[0] == many[0]
    assert (few[1], many[1]) == (1, 50)
    first = crm.get(f"conversations/{made[1]}/turns?limit=10").json()
    assert [turn["number"] for turn in first["data"]] == list(range(1, 11))
    assert first["data"][0]["tool_calls"][0]["name"] == "find"
    second = crm.get(f"conversations/{made[1]}/turns?limit=10&cursor={first['next']}").json()
    assert second["data"][0]["number"] == 11


def test_a_change_to_what_was_not_read_is_refused(crm: Program) -> None:
    made = crm.post("contacts", {"given_name": "Ada"})
    path, seen = f"contacts/{made.json()['id']}", made["ETag"]
    assert crm.get(path)["ETag"] == seen
    assert crm.get(path, If_None_Match=seen).status_code == 304
    changed = crm.patch(path, {"given_name": "Ida"}, If_Match=seen)
    assert changed.status_code == 200
    late = crm.patch(path, {"given_name": "Eda"}, If_Match=seen)
    assert late.status_code == 412
    assert late.json()["error"]["code"] == "outdated"
    assert crm.delete(path, If_Match=seen).status_code == 412
    assert crm.get(path).json()["given_name"] == "Ida"
    assert crm.delete(path, If_Match=changed["ETag"]).status_code == 204
