"""The first steps tick themselves off, from what happened and from nothing else."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts import checklist
from apps.accounts.models import FirstSteps
from apps.agents.knowledge import sources
from apps.conversations import turns
from apps.telephony import numbers
from apps.tenants.models import AuditEntry, Role, Tenant, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.accounts.conftest import Visitor
from tests.conftest import make_member


@pytest.fixture
def salon(visitor: Visitor) -> Tenant:
    checklist._known.clear()
    return visitor.sign_up()


def done(visitor: Visitor) -> set[str]:
    steps = visitor.client.get("/admin/").context["today"]["checklist"].steps
    return {step.slug for step in steps if step.is_done}


def test_a_new_business_has_proven_its_address_and_done_nothing_else(visitor: Visitor, salon: Tenant) -> None:
    steps = visitor.client.get("/admin/").context["today"]["checklist"].steps
    assert [step.slug for step in steps] == ["try", "hours", "knowledge", "embed", "phone", "address"]
    assert done(visitor) == {"address"}


def test_each_step_is_done_by_what_it_is_about(visitor: Visitor, salon: Tenant) -> None:
    with tenant_scope(salon.pk):
        conversation = turns.start(agent="triage", channel="chat", now=timezone.now())
        assert done(visitor) == {"address"}  # greeted, and not spoken to
        turns.add_visitor_turn(conversation=conversation, text="hi", message_id="m", run="r", now=timezone.now())
    assert done(visitor) == {"address", "try"}
    with tenant_scope(salon.pk):
        sources.add(title="Prices", data=b"A cut is $40.", actor="system")
    assert done(visitor) == {"address", "try", "knowledge"}
    with tenant_scope(salon.pk):
        numbers.assign(number="+12125550100")
    assert done(visitor) == {"address", "try", "knowledge", "phone"}


def test_hours_are_set_when_a_person_saved_them(visitor: Visitor, salon: Tenant) -> None:
    page = "/admin/business/weeklyhours/add/"
    values = {"weekday": 0, "opens": "10:00", "closes": "12:00"}
    assert visitor.client.post(page, values).status_code == 302
    assert "hours" in done(visitor)


def test_or_when_a_person_says_that_they_are_right(visitor: Visitor, salon: Tenant) -> None:
    for _ in range(2):
        assert visitor.client.post("/account/first-steps/hours/")["Location"] == "/admin/"
    assert "hours" in done(visitor)
    with tenant_scope(salon.pk):
        assert AuditEntry.objects.filter(action="hours.confirmed").count() == 1


@pytest.mark.parametrize(
    ("headers", "embedded_on"),
    [
        ({"Referer": "https://salon.example/prices"}, "https://salon.example"),
        ({"Referer": "https://salon.example/", "Sec-Fetch-Dest": "iframe"}, "https://salon.example"),
        ({"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}, ""),
        ({"Referer": "http://testserver/admin/"}, None),
        ({"Referer": "https://salon.example/", "Sec-Fetch-Dest": "document"}, None),
        ({"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"}, None),
        ({"Referer": "javascript:alert(1)"}, None),
        ({}, None),
    ],
)
def test_the_chat_stands_on_a_website_once_a_foreign_page_has_shown_it(
    visitor: Visitor, salon: Tenant, headers: dict[str, str], embedded_on: str | None
) -> None:
    with tenant_scope(salon.pk):
        key = WidgetKey.objects.get().key
    assert Client().get(f"/widget/frame/{key}", headers=headers).status_code == 200
    with tenant_scope(salon.pk):
        steps = FirstSteps.objects.get()
    assert (steps.embedded_at is not None) == (embedded_on is not None)
    assert steps.embedded_on == (embedded_on or "")
    assert ("embed" in done(visitor)) == (embedded_on is not None)
    if embedded_on:
        assert f"Seen on {embedded_on}." in visitor.client.get("/admin/").content.decode()


def test_the_first_website_stays_the_one_that_is_named(visitor: Visitor, salon: Tenant) -> None:
    with tenant_scope(salon.pk):
        key = WidgetKey.objects.get().key
    for origin in ("https://one.example", "https://two.example"):
        checklist._known.clear()  # as in another process
        Client().get(f"/widget/frame/{key}", headers={"Referer": f"{origin}/"})
    with tenant_scope(salon.pk):
        assert FirstSteps.objects.get().embedded_on == "https://one.example"


def test_a_finished_list_can_be_put_away_for_the_whole_business(visitor: Visitor, salon: Tenant) -> None:
    assert "Put this list away" not in visitor.client.get("/admin/").content.decode()
    with tenant_scope(salon.pk):
        conversation = turns.start(agent="triage", channel="chat", now=timezone.now())
        turns.add_visitor_turn(conversation=conversation, text="hi", message_id="m", run="r", now=timezone.now())
        sources.add(title="Prices", data=b"A cut is $40.", actor="system")
        numbers.assign(number="+12125550100")
        checklist.confirm_hours(actor="user:1", now=timezone.now())
        checklist.note_embedded("https://salon.example")
    assert "Put this list away" in visitor.client.get("/admin/").content.decode()
    assert visitor.client.post("/account/first-steps/hide/")["Location"] == "/admin/"
    assert visitor.client.get("/admin/").context["today"]["checklist"] is None


def test_staff_do_not_see_what_they_may_not_do(visitor: Visitor, salon: Tenant) -> None:
    client = Client()
    client.force_login(make_member("stan@salon.example", salon, Role.STAFF))
    assert client.get("/admin/").context["today"]["checklist"] is None
    for name in ("hide", "hours"):
        assert client.post(f"/account/first-steps/{name}/").status_code == 403


def test_a_foreign_owner_marks_only_their_own_and_a_stranger_nothing(
    visitor: Visitor, salon: Tenant, other_tenant: Tenant
) -> None:
    """The twins of first-steps-hide and first-steps-hours: they name no tenant, so there is none to forge."""
    bob = Client()
    bob.force_login(make_member("bob@harbor.example", other_tenant))
    for name in ("hide", "hours"):
        assert bob.post(f"/account/first-steps/{name}/", {"tenant": salon.pk}).status_code == 302
        assert Client().post(f"/account/first-steps/{name}/").status_code == 404
        assert bob.get(f"/account/first-steps/{name}/").status_code == 405
    with tenant_scope(salon.pk):
        steps = FirstSteps.objects.get()
    assert steps.hidden_at is None
    assert steps.hours_confirmed_at is None


def test_the_page_costs_the_same_however_much_there_is(visitor: Visitor, salon: Tenant) -> None:
    def cost(conversations: int) -> int:
        with tenant_scope(salon.pk):
            for number in range(conversations):
                now = timezone.now()
                conversation = turns.start(agent="triage", channel="chat", now=now)
                turns.add_visitor_turn(conversation=conversation, text="hi", message_id=str(number), run="r", now=now)
        with CaptureQueriesContext(connection) as queries:
            visitor.client.get("/admin/")
        return len(queries)

    assert cost(1) == cost(7)
