"""The subscription of the tenant in scope: its start, changes, ticks. Each change leaves an audit entry."""

from datetime import datetime
from typing import assert_never

from django.db import transaction

from apps.common.errors import AppError, NotFound
from apps.plans.core import trial
from apps.plans.core.catalogue import PLANS
from apps.plans.models import Status, Subscription
from apps.tenants import audit
from apps.tenants.scope import current_tenant_id

SYSTEM = "system"


class UnknownPlan(AppError):
    code = "unknown_plan"
    status = 422


class AlreadySubscribed(AppError):
    code = "already_subscribed"
    status = 409


@transaction.atomic
def start_trial(*, now: datetime) -> Subscription:
    """The tenant's subscription, begun as a trial unless there is one already. For sign-up and demo data."""
    subscription, created = Subscription.objects.get_or_create(
        tenant_id=current_tenant_id(),
        defaults={
            "trial_started_at": now,
            "trial_ends_at": trial.start(now).ends_at,
            "period_started_at": now,
        },
    )
    if created:
        audit.record(actor=SYSTEM, action="trial.started", target=subscription.id)
    return subscription


@transaction.atomic
def subscribe(*, plan: str, now: datetime, actor: str = SYSTEM) -> Subscription:
    """Takes a plan, which resumes a paused account. Its monthly periods are counted from now.

    Raises:
        UnknownPlan: no plan has this slug.
        AlreadySubscribed: another plan is active. The same plan again changes nothing.
        NotFound: the tenant never had a subscription.
    """
    if plan not in PLANS:
        raise UnknownPlan(f"There is no plan “{plan}”. Plans: {', '.join(PLANS)}.", field="plan")
    subscription = _locked()
    if subscription.status == Status.ACTIVE:
        if subscription.plan != plan:
            raise AlreadySubscribed(f"The {subscription.terms.name} plan is active.", field="plan")
        return subscription
    subscription.plan = plan
    subscription.period_started_at = now
    audit.record(actor=actor, action="plan.subscribed", target=subscription.id, details={"plan": plan})
    _apply(subscription, trial.Subscribed(), now=now, actor=actor)
    return subscription


@transaction.atomic
def extend_trial(*, until: datetime, now: datetime, actor: str = SYSTEM) -> Subscription:
    """Moves the trial's end to `until`, if that is later; an account whose trial ran out answers again.

    Raises:
        NotFound: the tenant never had a subscription.
    """
    subscription = _locked()
    ended_at = subscription.trial_ends_at
    _apply(subscription, trial.Extended(until), now=now, actor=actor)
    if subscription.trial_ends_at != ended_at:
        details = {"until": subscription.trial_ends_at.isoformat()}
        audit.record(actor=actor, action="trial.extended", target=subscription.id, details=details)
    return subscription


@transaction.atomic
def tick(*, now: datetime) -> tuple[Subscription, list[trial.Action]]:
    """Stores what time has done to the trial. A reminder among the actions is claimed: no other tick sees it.

    Raises:
        NotFound: the tenant never had a subscription.
    """
    subscription = _locked()
    return subscription, _apply(subscription, trial.Tick(), now=now, actor=SYSTEM)


@transaction.atomic
def release_reminder(*, day: int, now: datetime) -> None:
    """Gives a claimed reminder back after a failure, so that the next tick tries again."""
    _apply(_locked(), trial.ReminderFailed(day), now=now, actor=SYSTEM)


def _locked() -> Subscription:
    # SQLite has no row locks and needs none: its transactions begin with the write lock (settings).
    rows = Subscription.objects.select_for_update(of=("self",)).select_related("tenant")
    subscription = rows.filter(tenant_id=current_tenant_id()).first()
    if subscription is None:
        raise NotFound("This business has no subscription.")
    return subscription


def _apply(subscription: Subscription, event: trial.Event, *, now: datetime, actor: str) -> list[trial.Action]:
    state, actions = trial.handle(subscription.stored_state, event, now)
    subscription.status = state.status
    subscription.trial_ends_at = state.ends_at
    subscription.reminded_day = state.reminded_day
    subscription.save()
    for action in actions:
        match action:
            case trial.Pause():
                audit.record(actor=actor, action="trial.paused", target=subscription.id)
            case trial.Resume():
                audit.record(actor=actor, action="trial.resumed", target=subscription.id)
            case trial.SendReminder():
                pass  # recorded once it is sent
            case _:
                assert_never(action)
    return actions
