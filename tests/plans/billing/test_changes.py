"""An owner takes a plan, changes it, ends it and goes on: what the provider has, what we hold, what the agents may."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.plans import allowance
from apps.plans.core.catalogue import GROWTH, SCALE, STARTER
from apps.plans.models import Invoice, Subscription
from apps.plans.payments import changes, gateway, sync
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from tests.plans.billing.conftest import START, Subscribe, stored
from tests.plans.billing.provider import DECLINED, FAILS_LATER, GOOD, Provider, client_of

DAY = timedelta(days=1)


def invoices_of(tenant: Tenant) -> list[tuple[str, str, int]]:
    with tenant_scope(tenant.pk):
        rows = Invoice.objects.order_by("issued_at", "number")
        return [(row.reason, row.status, row.total_cents) for row in rows]


def actions(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return list(AuditEntry.objects.order_by("at", "id").values_list("action", flat=True))


def look(tenant: Tenant, provider: Provider) -> Subscription:
    sync.look(tenant_id=tenant.pk, now=provider.at)
    return stored(tenant)


def change(tenant: Tenant, provider: Provider, plan: str, interval: str = "month") -> Subscription:
    with tenant_scope(tenant.pk):
        changes.change(plan=plan, interval=interval, at=int(provider.now), now=provider.at, actor="user:1")
    return stored(tenant)


def test_a_trial_becomes_a_plan(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    provider.wait(days=3)
    subscription = subscribe("growth")
    assert (subscription.terms, subscription.status, subscription.interval) == (GROWTH, "active", "month")
    assert subscription.renews_at == datetime(2026, 7, 4, 12, tzinfo=UTC)
    assert subscription.period_started_at == START + 3 * DAY
    assert invoices_of(trying) == [("Start of the plan", "paid", 49_900)]
    assert actions(trying)[-2:] == ["invoice.updated", "plan.subscribed"]
    with tenant_scope(trying.pk):
        invoice = Invoice.objects.get()
    assert (invoice.amount_paid_cents, invoice.told_paid_cents, invoice.paid_at) == (49_900, 49_900, START + 3 * DAY)
    assert invoice.page_url.startswith(provider.till.url)


def test_a_paused_account_answers_again_with_one_payment(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    provider.wait(days=20)
    with tenant_scope(trying.pk), pytest.raises(allowance.TrialExpired):
        allowance.check(now=provider.at)
    subscribe("starter")
    with tenant_scope(trying.pk):
        allowance.check(now=provider.at)
    assert stored(trying).terms == STARTER


def test_a_declined_card_starts_nothing(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    with pytest.raises(AssertionError):
        subscribe(card=DECLINED)
    assert look(trying, provider).status == "trial"
    assert invoices_of(trying) == [("Start of the plan", "void", 49_900)]


def test_nobody_pays_twice(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    with tenant_scope(trying.pk):
        first, second = (
            changes.begin(
                tenant=trying,
                email="alice@riverside.example",
                plan=plan,
                interval="month",
                success_url="http://127.0.0.1:1/",
                cancel_url="http://127.0.0.1:1/",
                actor="user:1",
            )
            for plan in ("starter", "growth")
        )
    assert provider.pay(first).status_code == 404  # the second tab ended it
    assert provider.pay(second).status_code == 303
    assert look(trying, provider).terms == GROWTH
    with pytest.raises(changes.NothingToChange):
        subscribe()


def test_an_upgrade_holds_at_once_for_the_price_that_was_shown(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    subscribe("growth")
    provider.wait(days=10)
    with tenant_scope(trying.pk):
        offer = changes.offer(plan="scale", interval="month", now=provider.at)
    # 20 of 30 days are left.
    assert offer.at_once
    assert offer.due_cents == 99_933 - 33_267
    assert sum(cents for _, cents in offer.lines) == offer.due_cents
    with tenant_scope(trying.pk):
        provider.now += 300  # the owner thinks about it
        changes.change(plan="scale", interval="month", at=offer.at, now=provider.at, actor="user:1")
    assert stored(trying).terms == SCALE
    assert invoices_of(trying)[-1] == ("Change of plan", "paid", offer.due_cents)
    assert actions(trying)[-2:] == ["invoice.updated", "plan.changed"]


def test_an_upgrade_that_cannot_be_paid_changes_nothing(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    subscription = subscribe("growth", card=FAILS_LATER)
    with pytest.raises(gateway.PaymentDeclined, match="declined"):
        change(trying, provider, "scale")
    assert look(trying, provider).terms == GROWTH
    assert client_of(provider).v1.subscriptions.retrieve(subscription.provider_id).status == "active"


def test_a_smaller_plan_comes_with_the_renewal(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    subscribe("growth")
    provider.wait(days=10)
    with tenant_scope(trying.pk):
        offer = changes.offer(plan="starter", interval="month", now=provider.at)
    assert (offer.at_once, offer.due_cents, offer.from_at) == (False, 0, datetime(2026, 7, 1, 12, tzinfo=UTC))
    held = change(trying, provider, "starter")
    assert (held.terms, held.next_plan, held.next_interval) == (GROWTH, "starter", "month")
    provider.wait(days=21)
    held = look(trying, provider)
    assert (held.terms, held.next_plan, held.schedule) == (STARTER, "", "")
    assert invoices_of(trying)[-1] == ("The plan", "paid", 14_900)


def test_who_thinks_better_of_it_keeps_the_plan(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    subscribe("growth")
    change(trying, provider, "starter")
    with tenant_scope(trying.pk):
        changes.go_on(now=provider.at, actor="user:1")
        with pytest.raises(changes.NothingToChange):
            changes.go_on(now=provider.at, actor="user:1")
    provider.wait(days=31)
    assert look(trying, provider).terms == GROWTH


def test_an_upgrade_takes_the_place_of_a_smaller_plan_to_come(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    subscribe("growth")
    change(trying, provider, "starter")
    held = change(trying, provider, "scale")
    assert (held.terms, held.next_plan) == (SCALE, "")


def test_by_the_year_is_15_percent_less_and_comes_at_once(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    subscribe("starter")
    held = change(trying, provider, "starter", "year")
    assert (held.interval, held.renews_at) == ("year", datetime(2027, 6, 1, 12, tzinfo=UTC))
    assert invoices_of(trying)[-1] == ("Change of plan", "paid", 151_980 - 14_900)
    assert held.period_started_at == START  # the months of the allowance go on as they were


def test_a_plan_ends_when_it_is_used_up_and_can_be_taken_back(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    subscribe("growth")
    with tenant_scope(trying.pk):
        changes.end(now=provider.at, actor="user:1")
    assert stored(trying).cancels_at == datetime(2026, 7, 1, 12, tzinfo=UTC)
    with tenant_scope(trying.pk):
        changes.go_on(now=provider.at, actor="user:1")
    assert stored(trying).cancels_at is None
    provider.wait(days=31)
    with tenant_scope(trying.pk):
        changes.end(now=provider.at, actor="user:1")
    provider.wait(days=31)
    assert look(trying, provider).status == "canceled"
    with tenant_scope(trying.pk), pytest.raises(allowance.NoSubscription):
        allowance.check(now=provider.at)
    assert "plan.ended" in actions(trying)
    held = subscribe("starter")
    assert (held.status, held.terms) == ("active", STARTER)


def test_a_payment_that_fails_pauses_after_the_days_of_grace(
    provider: Provider, trying: Tenant, subscribe: Subscribe
) -> None:
    held = subscribe("growth", card=FAILS_LATER)
    provider.wait(days=31)
    failed_at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    held = look(trying, provider)
    assert held.status == "active"
    assert held.unpaid_since is not None
    assert timedelta(0) <= held.unpaid_since - failed_at < DAY
    with tenant_scope(trying.pk):
        allowance.check(now=held.unpaid_since + 6.9 * DAY)
        with pytest.raises(allowance.PaymentOverdue):
            allowance.check(now=held.unpaid_since + 7 * DAY)
    provider.wait(days=20)
    assert look(trying, provider).status == "paused"
    provider.use_card(held.customer, GOOD)
    held = look(trying, provider)
    assert (held.status, held.unpaid_since) == ("active", None)
    assert [name for name in actions(trying) if name.startswith(("payment", "plan.p", "plan.r"))] == [
        "payment.failed",
        "plan.paused",
        "payment.made_good",
        "plan.resumed",
    ]


def test_a_provider_that_is_away_is_said_so(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    held = subscribe("growth")
    provider.stop()
    try:
        with pytest.raises(gateway.PaymentUnavailable):
            gateway.account(customer=held.customer)
    finally:
        provider.start()


@pytest.mark.parametrize(("plan", "interval", "field"), [("gold", "month", "plan"), ("growth", "week", "interval")])
def test_bad_input_names_the_field(trying: Tenant, plan: str, interval: str, field: str) -> None:
    with pytest.raises(Exception) as refusal, tenant_scope(trying.pk):
        changes.offer(plan=plan, interval=interval, now=START)
    assert getattr(refusal.value, "field", None) == field
