"""The page “Plan & usage”: what it says in each state, what its buttons do, and who may press them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.plans import usage
from apps.plans.models import Invoice
from apps.plans.payments import sync
from apps.tenants.models import Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member
from tests.plans.billing.conftest import START, Subscribe, stored
from tests.plans.billing.provider import FAILS_LATER, Provider

PAGE = "/admin/plans/subscription/plan/"


@pytest.fixture
def owner(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def page(client: Client, at: datetime, **query: str) -> str:
    with time_machine.travel(at, tick=False):
        response = client.get(PAGE, query)
    assert response.status_code == 200
    return response.content.decode()


def press(client: Client, address: str, moment: datetime, **fields: Any) -> Any:
    with time_machine.travel(moment, tick=True):
        return client.post(f"{PAGE}{address}", fields)


def test_a_trial_sees_its_plans(provider: Provider, trying: Tenant, owner: Client) -> None:
    text = page(owner, START + timedelta(days=12, hours=1))
    assert "2 days left in your trial" in text
    for words in ("Choose Starter", "Choose Growth", "$1,499", "$0.075 each", "No invoices yet", "simulated here"):
        assert words in text
    assert "$1,519.80" in page(owner, START, interval="year")


def test_choosing_leads_to_checkout_and_back(provider: Provider, trying: Tenant, owner: Client) -> None:
    answer = press(owner, "choose/", provider.at, plan="growth", interval="month")
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{provider.till.url}/c/")
    paid = provider.pay(answer["Location"])
    assert paid.headers["Location"] == "http://testserver/admin/plans/subscription/plan/paid/"
    with time_machine.travel(provider.at):
        back = owner.get("/admin/plans/subscription/plan/paid/", follow=True).content.decode()
    assert "The Growth plan is on" in back
    assert "$499" in back
    assert "Upgrade to Scale" in back
    assert "Your plan" in back
    with tenant_scope(trying.pk):
        number = Invoice.objects.get().number
    assert number in back


def test_a_paused_account_has_one_button_to_resume(provider: Provider, trying: Tenant, owner: Client) -> None:
    text = page(owner, START + timedelta(days=15))
    assert "Your agents are paused." in text
    assert "Resume with Starter" in text


def test_a_change_is_shown_with_its_price_first(
    provider: Provider, trying: Tenant, subscribe: Subscribe, owner: Client
) -> None:
    subscribe("growth")
    provider.wait(days=10)
    to = press(owner, "choose/", provider.at, plan="scale", interval="month")["Location"]
    with time_machine.travel(provider.at, tick=False):
        text = owner.get(to).content.decode()
    assert "Pay $666.66 and change" in text
    assert "−$332.67" in text
    assert stored(trying).plan == "growth"
    done = press(owner, "change/", provider.at, plan="scale", interval="month", at=int(provider.now))
    assert done["Location"] == PAGE
    assert stored(trying).plan == "scale"
    assert "The Scale plan holds from now on" in page(owner, provider.at)


def test_a_smaller_plan_is_announced(provider: Provider, trying: Tenant, subscribe: Subscribe, owner: Client) -> None:
    subscribe("growth")
    with time_machine.travel(provider.at, tick=False):
        text = owner.get(f"{PAGE}change/", {"plan": "starter", "interval": "month"}).content.decode()
    assert "Nothing is charged now" in text
    press(owner, "change/", provider.at, plan="starter", interval="month", at="")
    text = page(owner, provider.at)
    assert "Stay with Growth" in text
    assert "Your plan from July 1 on" in text
    press(owner, "act/", provider.at, act="go_on")
    assert stored(trying).next_plan == ""


def test_ending_and_going_on(provider: Provider, trying: Tenant, subscribe: Subscribe, owner: Client) -> None:
    subscribe("growth")
    press(owner, "act/", provider.at, act="end")
    assert "It ends on <strong>July 1, 2026</strong>" in page(owner, provider.at)
    press(owner, "act/", provider.at, act="end")
    assert "The plan ends already" in page(owner, provider.at)
    press(owner, "act/", provider.at, act="go_on")
    assert "It renews on July 1, 2026" in page(owner, provider.at)


def test_a_failed_payment_is_said_with_its_way_out(
    provider: Provider, trying: Tenant, subscribe: Subscribe, owner: Client
) -> None:
    held = subscribe("growth", card=FAILS_LATER)
    provider.wait(days=31)
    sync.look(tenant_id=trying.pk, now=provider.at)
    text = page(owner, provider.at)
    assert "We could not collect your last payment." in text
    assert "Your agents go on until" in text
    assert f"{provider.till.url}/i/" in text
    assert "are paused since" in page(owner, provider.at + timedelta(days=8))
    portal = press(owner, "act/", provider.at, act="card")["Location"]
    assert portal.startswith(f"{provider.till.url}/p/")
    assert held.customer


def test_the_switch_at_the_limit(provider: Provider, trying: Tenant, owner: Client) -> None:
    press(owner, "act/", START, act="overage", overage="bill")
    assert stored(trying).overage == "bill"
    press(owner, "act/", START, act="overage", overage="nonsense")
    assert stored(trying).overage == "stop"


def test_bad_input_is_explained(provider: Provider, trying: Tenant, owner: Client) -> None:
    for address, fields in (
        ("choose/", {"plan": "gold"}),
        ("choose/", {"plan": "growth", "interval": "week"}),
        ("change/", {"plan": "growth", "interval": "month", "at": "9" * 30}),
        ("change/", {}),
        ("act/", {"act": "fly"}),
        ("act/", {"act": "end"}),
        ("act/", {"act": "card"}),
    ):
        assert press(owner, address, START, **fields)["Location"] == PAGE, (address, fields)
    text = page(owner, START)
    for words in ("no plan “gold”", "by the month or by the year", "No plan runs", "no such button", "no card on file"):
        assert words in text
    assert stored(trying).status == "trial"


def test_a_provider_that_is_away_is_said(provider: Provider, trying: Tenant, owner: Client) -> None:
    provider.stop()
    try:
        assert press(owner, "choose/", START, plan="growth", interval="month")["Location"] == PAGE
    finally:
        provider.start()
    assert "does not answer" in page(owner, START)


def test_who_may_do_what(provider: Provider, trying: Tenant, subscribe: Subscribe, bob: User, charlie: User) -> None:
    subscribe("growth")
    manager = Client()
    manager.force_login(make_member("mia@riverside.example", trying, Role.MANAGER))
    text = page(manager, provider.at)
    assert "Growth" in text
    for words in ("Invoices", "Upgrade to Scale", "End the plan", "Change the card"):
        assert words not in text
    staff, foreign, stranger = Client(), Client(), Client()
    staff.force_login(make_member("stan@riverside.example", trying, Role.STAFF))
    foreign.force_login(bob)
    stranger.force_login(charlie)
    for client, status in ((manager, 403), (staff, 403), (stranger, 404)):
        for address in ("choose/", "change/", "act/"):
            assert press(client, address, START, plan="scale", act="end").status_code == status
        assert client.get(f"{PAGE}paid/").status_code == status
    assert (staff.get(PAGE).status_code, stranger.get(PAGE).status_code) == (403, 404)
    assert foreign.get(PAGE).status_code == 404  # Harbor has no subscription at all
    assert Client().get(PAGE).status_code == 302
    assert (stored(trying).plan, stored(trying).cancels_at) == ("growth", None)


def test_a_platform_administrator_opens_the_business_first(trying: Tenant) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root@callsphere.example", "callsphere-tests", name="Root"))
    assert root.get(PAGE)["Location"] == reverse("admin:tenants_tenant_changelist")


def test_the_receipt_is_on_the_conversations_page(trying: Tenant, owner: Client) -> None:
    from apps.conversations import turns

    now = datetime.now(UTC)
    with tenant_scope(trying.pk):
        conversation = turns.start(agent="triage", channel="chat", now=now, visitor="vis_1")
        address = reverse("admin:conversations_conversation_change", args=[conversation.pk])
        assert "not counted as an interaction" in owner.get(address).content.decode()
        usage.count_answer(conversation_id=conversation.pk, input_tokens=1_234, output_tokens=5, now=now)
    text = owner.get(address).content.decode()
    assert "Included in the plan" in text
    assert "1,234, 5" in text
    staff = Client()
    staff.force_login(make_member("stan@riverside.example", trying, Role.STAFF))
    assert "Receipt" not in staff.get(address).content.decode()


def test_the_page_is_constant_in_queries(
    provider: Provider, trying: Tenant, subscribe: Subscribe, owner: Client
) -> None:
    subscribe("growth")
    page(owner, provider.at)
    with CaptureQueriesContext(connection) as few:
        page(owner, provider.at)
    with tenant_scope(trying.pk):
        for number in range(40):
            Invoice.objects.create(
                provider_id=f"in_{number}", status="paid", total_cents=100, issued_at=START, number=f"N-{number:02}"
            )
    with CaptureQueriesContext(connection) as many:
        text = page(owner, provider.at)
    assert len(many) == len(few) <= 35
    assert len(set(re.findall(r"N-[0-9]{2}", text))) == 24  # the last 24 invoices; older ones are in the portal
