"""A tenant's subscription: its trial, its pause, its return, and the check before a run."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.common.errors import NotFound
from apps.plans import allowance, subscriptions, usage
from apps.plans.core.catalogue import GROWTH, STARTER
from apps.plans.models import CLOSING_MESSAGE, OverageChoice, Status, Subscription, UsageEntry, UsageKind
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import NoTenantInScope, all_tenants, tenant_scope

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


def use(count: int, at: datetime) -> None:
    """That many answered conversations."""
    UsageEntry.objects.bulk_create(
        UsageEntry(kind=UsageKind.INTERACTION, conversation_id=f"conv_{at:%j}_{number}", at=at)
        for number in range(count)
    )


def actions_recorded() -> list[str]:
    return list(AuditEntry.objects.order_by("at").values_list("action", flat=True))


def test_a_tenant_without_a_subscription_is_refused(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        subscriptions.start_trial(now=START)
    with pytest.raises(allowance.NoSubscription) as refusal:
        allowance.check(now=START)
    assert (refusal.value.code, refusal.value.status) == ("no_subscription", 402)
    with pytest.raises(NotFound):
        subscriptions.subscribe(plan="growth", now=START)
    assert Subscription.objects.count() == 0


def test_without_one_tenant_in_scope_nothing_is_allowed(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=START)
    with pytest.raises(NoTenantInScope):
        allowance.check(now=START)
    with all_tenants(reason="test"), pytest.raises(NoTenantInScope):
        allowance.check(now=START)


@pytest.mark.parametrize(
    "began",
    [
        pytest.param(datetime(2026, 3, 1, 2, 30, tzinfo=NEW_YORK), id="clocks go forward"),
        pytest.param(datetime(2026, 10, 25, 1, 30, tzinfo=NEW_YORK), id="clocks go back"),
    ],
)
def test_a_trial_ends_by_the_clock_without_any_tick(tenant: Tenant, began: datetime) -> None:
    subscriptions.start_trial(now=began)
    began = began.astimezone(UTC)
    for day in (0, 11, 13):
        allowance.check(now=began + day * DAY)
    allowance.check(now=began + 14 * DAY - timedelta(seconds=1))
    for day in (14, 15):
        with pytest.raises(allowance.TrialExpired) as refusal:
            allowance.check(now=began + day * DAY)
    assert refusal.value.envelope() == {"error": {"code": "trial_expired", "message": CLOSING_MESSAGE}}
    assert refusal.value.status == 402
    assert Subscription.objects.get().status == Status.TRIAL  # a check only reads


def test_the_refusal_speaks_the_owners_words(tenant: Tenant) -> None:
    subscription = subscriptions.start_trial(now=START)
    subscription.closing_message = "Ring the bell at the desk."
    subscription.save()
    with pytest.raises(allowance.TrialExpired, match=r"Ring the bell at the desk\."):
        allowance.check(now=START + 15 * DAY)


def test_a_trial_starts_once(tenant: Tenant) -> None:
    first = subscriptions.start_trial(now=START)
    again = subscriptions.start_trial(now=START + 5 * DAY)
    assert (again.pk, again.trial_ends_at) == (first.pk, START + 14 * DAY)
    assert actions_recorded() == ["trial.started"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(trial_started_at=START, trial_ends_at=START, period_started_at=START)


def test_subscribing_resumes_a_paused_account_and_starts_its_months(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    subscriptions.tick(now=START + 14 * DAY)
    assert Subscription.objects.get().status == Status.PAUSED
    later = START + 20 * DAY
    subscriptions.subscribe(plan="growth", now=later, actor="user:1")
    allowance.check(now=later + 400 * DAY)
    subscription = Subscription.objects.get()
    assert (subscription.terms, subscription.status) == (GROWTH, Status.ACTIVE)
    assert subscription.period(now=later).started_at == later
    assert actions_recorded() == ["trial.started", "trial.paused", "plan.subscribed", "trial.resumed"]
    assert AuditEntry.objects.get(action="trial.resumed").actor == "user:1"


def test_subscribing_twice_changes_nothing(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    subscriptions.subscribe(plan="growth", now=START)
    subscriptions.subscribe(plan="growth", now=START + DAY)
    assert Subscription.objects.get().period_started_at == START
    with pytest.raises(subscriptions.AlreadySubscribed):
        subscriptions.subscribe(plan="scale", now=START + DAY)
    assert Subscription.objects.get().terms == GROWTH
    assert actions_recorded() == ["trial.started", "plan.subscribed"]


def test_an_unknown_plan_is_named(tenant: Tenant) -> None:
    subscription = subscriptions.start_trial(now=START)
    with pytest.raises(subscriptions.UnknownPlan) as refusal:
        subscriptions.subscribe(plan="platinum", now=START)
    assert refusal.value.field == "plan"
    subscription.plan = "platinum"
    with pytest.raises(ValidationError, match="platinum"):
        subscription.full_clean()


def test_an_extended_trial_answers_again(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    subscriptions.tick(now=START + 14 * DAY)
    subscriptions.extend_trial(until=START + 21 * DAY, now=START + 15 * DAY)
    allowance.check(now=START + 20 * DAY)
    with pytest.raises(allowance.TrialExpired):
        allowance.check(now=START + 21 * DAY)
    subscriptions.extend_trial(until=START + 20 * DAY, now=START + 16 * DAY)
    assert Subscription.objects.get().trial_ends_at == START + 21 * DAY
    assert actions_recorded() == ["trial.started", "trial.paused", "trial.resumed", "trial.extended"]


def test_at_the_limit_new_conversations_stop_and_counted_ones_go_on(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    use(STARTER.interactions - 1, START + DAY)
    allowance.check(now=START + DAY, conversation_id="conv_last")
    usage.count_answer(conversation_id="conv_last", input_tokens=0, output_tokens=0, now=START + DAY)
    allowance.check(now=START + DAY, conversation_id="conv_last")
    for conversation_id in ("", "conv_new"):
        with pytest.raises(allowance.LimitReached) as refusal:
            allowance.check(now=START + DAY, conversation_id=conversation_id)
    assert refusal.value.envelope() == {"error": {"code": "limit_reached", "message": CLOSING_MESSAGE}}
    with pytest.raises(allowance.TrialExpired):
        allowance.check(now=START + 15 * DAY, conversation_id="conv_last")


def test_the_limit_is_the_months_and_the_owner_may_pay_past_it(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    subscription = subscriptions.subscribe(plan="starter", now=START)
    use(STARTER.interactions, START + DAY)
    with pytest.raises(allowance.LimitReached):
        allowance.check(now=START + 30 * DAY - timedelta(seconds=1))
    allowance.check(now=START + 30 * DAY)  # July 1
    subscription.overage = OverageChoice.BILL
    subscription.save()
    allowance.check(now=START + DAY)


def test_another_tenants_usage_never_counts(tenant: Tenant, other_tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    with tenant_scope(other_tenant.pk):
        subscriptions.start_trial(now=START)
        use(STARTER.interactions, START)
        with pytest.raises(allowance.LimitReached):
            allowance.check(now=START)
        subscriptions.tick(now=START + 14 * DAY)
    allowance.check(now=START)
    assert usage.used(since=START) == 0
    assert Subscription.objects.get().status == Status.TRIAL


def test_the_months_follow_the_calendar_of_the_business(tenant: Tenant) -> None:
    evening = datetime(2026, 1, 31, 22, tzinfo=NEW_YORK)  # February 1 in UTC
    subscription = subscriptions.start_trial(now=evening)
    subscription.refresh_from_db()
    period = subscription.period(now=evening + 30 * DAY)
    assert period.started_at == datetime(2026, 2, 28, 22, tzinfo=NEW_YORK)
    assert period.ends_at == datetime(2026, 3, 31, 22, tzinfo=NEW_YORK)
