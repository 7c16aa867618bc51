"""The duty that moves trials on: what the owners get, and that nothing happens twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from apps.plans import subscriptions, trials
from apps.plans.models import Status, Subscription
from apps.tenants.models import AuditEntry, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
Outbox = list[EmailMessage]


class MailServerDown(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise ConnectionRefusedError("mail.example refuses owner@riverside.example")


def run(at: datetime) -> int:
    """How many things the duty did at that time."""
    with time_machine.travel(at, tick=False):
        return trials.move_on(at)


@pytest.fixture
def on_trial(clinic: Tenant, other_tenant: Tenant) -> Tenant:
    """The clinic on trial; the salon on a plan."""
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=START)
    with tenant_scope(other_tenant.pk):
        subscriptions.start_trial(now=START)
        subscriptions.subscribe(plan="growth", now=START)
    return clinic


def audit_of(tenant: Tenant) -> list[tuple[str, dict[str, int]]]:
    with tenant_scope(tenant.pk):
        rows = AuditEntry.objects.exclude(action="trial.started").order_by("at")
        return list(rows.values_list("action", "details"))


def test_a_whole_trial_ticked_every_hour(
    on_trial: Tenant, other_tenant: Tenant, alice: User, bob: User, mailoutbox: Outbox
) -> None:
    make_member("manager@riverside.example", on_trial, Role.MANAGER)
    former = make_member("former@riverside.example", on_trial)
    former.is_active = False
    former.save()
    sent_at: list[float] = []
    for hour in range(10 * 24, 15 * 24):
        run(START + timedelta(hours=hour))
        sent_at += [hour / 24] * (len(mailoutbox) - len(sent_at))
    assert sent_at == [11, 13]
    assert [message.to for message in mailoutbox] == [["alice@riverside.example"]] * 2
    assert mailoutbox[0].subject == "Your CallSphere trial ends on Monday, June 15"
    assert "Riverside Clinic ends on Monday, June 15 at 08:00 (America/New_York)" in mailoutbox[0].body
    assert audit_of(on_trial) == [
        ("trial.reminded", {"day": 11, "owners": 1}),
        ("trial.reminded", {"day": 13, "owners": 1}),
        ("trial.paused", {}),
    ]
    assert audit_of(other_tenant) == [("plan.subscribed", {"plan": "growth"})]


def test_it_counts_what_it_did(on_trial: Tenant, alice: User) -> None:
    assert [run(START + days * DAY) for days in (1, 11, 11.5, 14, 15)] == [0, 1, 0, 1, 0]


def test_a_reminder_that_cannot_be_sent_is_tried_again(
    on_trial: Tenant,
    alice: User,
    mailoutbox: Outbox,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.MailServerDown"
    assert run(START + 11 * DAY) == 0
    assert "reminder not sent, to be tried again" in caplog.messages
    assert "riverside.example" not in str([vars(record) for record in caplog.records])
    assert audit_of(on_trial) == []
    settings.EMAIL_BACKEND = working
    run(START + 11.5 * DAY)
    run(START + 11.6 * DAY)
    assert len(mailoutbox) == 1
    assert audit_of(on_trial) == [("trial.reminded", {"day": 11, "owners": 1})]


def test_a_tenant_without_owners_is_paused_all_the_same(on_trial: Tenant, mailoutbox: Outbox) -> None:
    assert run(START + 13 * DAY) == 1
    run(START + 14 * DAY)
    assert mailoutbox == []
    with tenant_scope(on_trial.pk):
        assert Subscription.objects.get().status == Status.PAUSED
