"""The page “Usage”: the ledger by day, agent, website chat and visitor, and whom the limits refused."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisDown

from apps.agents.models import Agent
from apps.business import contacts
from apps.conversations import turns
from apps.plans import budgets, refusals, usage
from apps.plans.core.budget import Limit
from apps.plans.core.period import Period
from apps.plans.refusals import TooManyMessages
from apps.plans.report import report
from apps.plans.subscriptions import start_trial
from apps.plans.usage import Who
from apps.tenants.models import Role, Tenant, User, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 6, 1, 4, tzinfo=UTC)  # midnight in New York
PERIOD = Period(START, datetime(2026, 7, 1, 4, tzinfo=UTC))
URL = "admin:plans_subscription_usage"


def answer(conversation: str, at: datetime, tokens: int, who: Who) -> None:
    usage.count_answer(conversation_id=conversation, input_tokens=tokens - 1, output_tokens=1, now=at, who=who)


def use(share: Any) -> tuple[str, int, int, int]:
    return share.name, share.use.interactions, share.use.messages, share.use.tokens


def test_calls_and_their_cost_are_in_the_report(tenant: Tenant) -> None:
    for seconds, cost in ((90, 500_000), (30, 250_000)):
        usage.count_answer(
            conversation_id=f"conv_{seconds}",
            input_tokens=10,
            output_tokens=5,
            now=START,
            who=Who("triage"),
            call_seconds=seconds,
            cost=cost,
        )
    found = report(period=PERIOD, zone=NEW_YORK, now=START)
    assert (found.total.call_minutes, found.total.dollars, found.total.tokens) == (2.0, 0.75, 30)
    assert [share.use.call_seconds for share in found.agents] == [120]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_ledger_by_day_agent_and_widget(tenant: Tenant) -> None:
    Agent.objects.create(slug="triage", name="Tess")
    widget = WidgetKey.objects.create(name="Shop")
    evening = datetime(2026, 6, 3, 2, tzinfo=UTC)  # still June 2 in New York
    answer("conv_1", START, 100, Who("triage", widget.pk, "vis_1"))
    answer("conv_1", evening, 300, Who("triage", widget.pk, "vis_1"))
    answer("conv_2", evening, 1_000, Who("gone", "", "vis_2"))
    answer("conv_0", START - timedelta(seconds=1), 9_999, Who("triage", widget.pk, "vis_0"))
    found = report(period=PERIOD, zone=NEW_YORK, now=datetime(2026, 6, 4, 3, tzinfo=UTC))
    assert (found.total.interactions, found.total.messages, found.total.tokens) == (2, 3, 1_400)
    assert [use(day) for day in found.days] == [
        ("Mon, Jun 1", 1, 1, 100),
        ("Tue, Jun 2", 1, 2, 1_300),
        ("Wed, Jun 3", 0, 0, 0),
    ]
    assert [day.percent for day in found.days] == [50, 100, 0]
    assert [use(agent) for agent in found.agents] == [("gone (deleted)", 1, 1, 1_000), ("Tess", 1, 2, 400)]
    assert [use(share) for share in found.widgets] == [
        ("Not through a website chat", 1, 1, 1_000),
        ("Shop", 1, 2, 400),
    ]


def test_who_used_most_and_where_to_read_it(tenant: Tenant) -> None:
    contact = contacts.create_contact(given_name="Ana", family_name="Ruiz", phone="+12125550142")
    known = turns.start(agent="triage", channel="chat", now=START, visitor="vis_ana")
    turns.identify(conversation_id=known.pk, contact_id=contact.pk, now=START)
    for number in range(3):
        answer(known.pk, START, 500, Who("triage", "", "vis_ana"))
        answer(f"conv_other_{number}", START, 400, Who("triage", "", "vis_someone"))
    for number in range(20):
        answer(f"conv_small_{number:02}", START, 10, Who("triage", "", f"vis_small_{number:02}"))
    found = report(period=PERIOD, zone=NEW_YORK, now=START)
    ana, someone, *rest = found.visitors
    assert (ana.name, ana.tokens, ana.messages, ana.conversations, ana.conversation) == ("Ana Ruiz", 1_500, 3, 1, known)
    assert (someone.name, someone.tokens, someone.conversations) == ("Visitor omeone", 1_200, 3)
    assert someone.conversation is None
    assert len(rest) == 8
    assert [spender.tokens for spender in found.conversations[:3]] == [1_500, 400, 400]
    assert found.conversations[0].conversation == known


def test_the_report_takes_no_more_queries_for_more_use(tenant: Tenant) -> None:
    answer("conv_1", START, 100, Who("triage", "wid_1", "vis_1"))
    with CaptureQueriesContext(connection) as few:
        report(period=PERIOD, zone=NEW_YORK, now=START)
    for number in range(30):
        answer(f"conv_{number}", START + timedelta(days=number % 20), 10, Who(f"a{number}", f"w{number}", f"v{number}"))
    with CaptureQueriesContext(connection) as many:
        report(period=PERIOD, zone=NEW_YORK, now=START + timedelta(days=20))
    assert len(many) == len(few) <= 7


def test_the_page(clinic: Tenant, alice: User) -> None:
    now = datetime.now(UTC)
    with tenant_scope(clinic.pk):
        start_trial(now=now - timedelta(days=2))
        conversation = turns.start(agent="triage", channel="chat", now=now, visitor="vis_1")
        answer(conversation.pk, now, 1_234, Who("triage", "", "vis_1"))
    page = signed_in(alice).get(reverse(URL)).content.decode()
    assert "1,234" in page
    assert "America/New_York" in page
    assert reverse("admin:conversations_conversation_change", args=[conversation.pk]) in page
    assert page.count('aria-label="By day"') == 1
    assert "Messages a minute, one visitor" in page


def test_nothing_used_yet_says_what_to_do(clinic: Tenant, alice: User) -> None:
    without = signed_in(alice).get(reverse(URL)).content.decode()
    assert "Your business has no subscription yet" in without
    with tenant_scope(clinic.pk):
        start_trial(now=datetime.now(UTC))
    page = signed_in(alice).get(reverse(URL)).content.decode()
    assert "Nothing used yet" in page
    assert "Messages a minute, one visitor" in page


@pytest.mark.django_db(transaction=True)
async def test_refusals_are_counted_by_limit_from_the_periods_start() -> None:
    limits = (Limit("visitor", "messages", 60, 0), Limit("tenant", "tokens", 86_400, 10**6))
    noon = datetime(2026, 6, 10, 12, 30, tzinfo=UTC)
    for hours in (-30, 0, 0, 25, 60):
        at = (noon + timedelta(hours=hours)).timestamp()
        with pytest.raises(TooManyMessages):
            await budgets.reserve(
                tenant_id="ten_refused",
                widget_id="wid_1",
                visitor="vis_1",
                address="",
                estimate=1_000,
                limits=limits,
                clock=partial(float, at),
            )
    counted = refusals.refused(tenant_id="ten_refused", since=noon, until=noon + timedelta(hours=30))
    assert counted == {"visitor:messages:60": 3}
    assert refusals.refused(tenant_id="ten_other", since=noon, until=noon + timedelta(hours=30)) == {}


def test_the_page_stands_without_redis(clinic: Tenant, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_: object) -> dict[str, int]:
        raise RedisDown("away")

    monkeypatch.setattr(refusals, "refused", away)
    with tenant_scope(clinic.pk):
        start_trial(now=datetime.now(UTC))
    assert "cannot be read at the moment" in signed_in(alice).get(reverse(URL)).content.decode()


def test_who_may_see_it(clinic: Tenant, alice: User, bob: User, charlie: User) -> None:
    with tenant_scope(clinic.pk):
        answer("conv_secret", datetime.now(UTC), 7_777, Who("triage", "", "vis_secret"))
        start_trial(now=datetime.now(UTC) - timedelta(days=1))
    assert signed_in(make_member("mia@riverside.example", clinic, Role.MANAGER)).get(reverse(URL)).status_code == 200
    assert signed_in(make_member("stan@riverside.example", clinic, Role.STAFF)).get(reverse(URL)).status_code == 403
    assert signed_in(charlie).get(reverse(URL)).status_code == 404
    assert Client().get(reverse(URL)).status_code == 302
    assert "7,777" in signed_in(alice).get(reverse(URL)).content.decode()
    assert "7,777" not in signed_in(bob).get(reverse(URL)).content.decode()
    root = User.objects.create_superuser("root@callsphere.example", "callsphere-tests", name="Root")
    assert signed_in(root).get(reverse(URL)).status_code == 302


def test_the_page_is_in_the_sidebar(clinic: Tenant, alice: User) -> None:
    assert reverse(URL) in signed_in(alice).get(reverse("admin:index")).content.decode()
