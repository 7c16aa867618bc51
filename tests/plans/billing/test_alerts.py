"""E-mails at 80 and 100 % of a month's interactions, and when a payment fails: each once, in words that fit."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from apps.plans import alerts, subscriptions, unpaid
from apps.plans.core.catalogue import STARTER
from apps.plans.models import Subscription, UsageEntry, UsageKind
from apps.tenants.models import AuditEntry, Tenant, User
from apps.tenants.scope import tenant_scope

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def growing(clinic: Tenant, alice: User) -> Tenant:
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=START)
        subscriptions.subscribe(plan="starter", now=START)
    return clinic


def use(tenant: Tenant, count: int, at: datetime) -> None:
    with tenant_scope(tenant.pk):
        UsageEntry.objects.bulk_create(
            UsageEntry(kind=UsageKind.INTERACTION, conversation_id=f"conv_{at:%j%H}_{number}", at=at)
            for number in range(count)
        )


def test_each_mark_is_told_once_a_month(growing: Tenant, mailoutbox: list[EmailMessage]) -> None:
    use(growing, 1_599, START + DAY)
    assert alerts.send_due(START + DAY) == 0
    use(growing, 1, START + 2 * DAY)
    assert [alerts.send_due(START + 2 * DAY) for _ in range(3)] == [1, 0, 0]
    use(growing, 400, START + 3 * DAY)
    assert [alerts.send_due(START + 3 * DAY) for _ in range(3)] == [1, 0, 0]
    assert [message.subject for message in mailoutbox] == [
        "Riverside Clinic has used 80 % of its interactions",
        "Riverside Clinic has used all interactions of its month",
    ]
    assert mailoutbox[0].to == ["alice@riverside.example"]
    assert "your agents stop answering until then" in mailoutbox[1].body
    july = START + 31 * DAY
    use(growing, STARTER.interactions, july)
    assert [alerts.send_due(july) for _ in range(2)] == [1, 0]
    with tenant_scope(growing.pk):
        told = AuditEntry.objects.filter(action="usage.alerted").order_by("at")
        assert [entry.details["percent"] for entry in told] == [80, 100, 100]


def test_who_goes_on_is_told_the_price(growing: Tenant, mailoutbox: list[EmailMessage]) -> None:
    with tenant_scope(growing.pk):
        subscriptions.choose_overage(choice="bill", now=START, actor="user:1")
    use(growing, 2_000, START + DAY)
    alerts.send_due(START + DAY)
    assert "each interaction then costs $0.075" in mailoutbox[0].body


def test_an_alert_that_cannot_be_sent_is_tried_again(
    growing: Tenant, mailoutbox: list[EmailMessage], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    use(growing, 1_700, START + DAY)
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "tests.plans.test_trials.MailServerDown"
    assert alerts.send_due(START + DAY) == 0
    assert "alert not sent, to be tried again" in caplog.messages
    assert "riverside.example" not in str([vars(record) for record in caplog.records])
    settings.EMAIL_BACKEND = working
    assert [alerts.send_due(START + DAY) for _ in range(2)] == [1, 0]


def test_the_others_use_is_not_theirs(growing: Tenant, other_tenant: Tenant, mailoutbox: list[EmailMessage]) -> None:
    with tenant_scope(other_tenant.pk):
        subscriptions.start_trial(now=START)
    use(other_tenant, 1_700, START + DAY)
    assert alerts.send_due(START + DAY) == 1
    assert mailoutbox == []  # Harbor has no owner here


def test_a_failed_payment_is_told_once_each_time(
    growing: Tenant, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    def fail(since: datetime | None) -> None:
        with tenant_scope(growing.pk):
            Subscription.objects.update(unpaid_since=since)

    assert unpaid.warn(START) == 0
    fail(START)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.plans.test_trials.MailServerDown"
    assert unpaid.warn(START) == 0
    settings.EMAIL_BACKEND = working
    assert [unpaid.warn(START) for _ in range(3)] == [1, 0, 0]
    fail(None)
    assert unpaid.warn(START + DAY) == 0
    fail(START + 31 * DAY)
    assert [unpaid.warn(START + 31 * DAY) for _ in range(2)] == [1, 0]
    assert [message.subject for message in mailoutbox] == ["We could not collect the payment of Riverside Clinic"] * 2
    assert "go on answering until Monday, June 8 at 08:00 (America/New_York)" in mailoutbox[0].body
