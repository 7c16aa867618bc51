"""The subscription of the tenant in scope: its start, changes, ticks. Each change leaves an audit entry."""

from datetime import datetime
from typing import assert_never

from django.db import transaction

from apps.common.errors import AppError, NotFound
from apps.plans import terms
from apps.plans.core import trial
from apps.plans.core.catalogue import PLANS
from apps.plans.core.mirror import Held, followed
from apps.plans.models import OverageChoice, Status, Subscription
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
        terms.note(subscription, now=now)
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
    subscription = locked()
    if subscription.status == Status.ACTIVE:
        if subscription.plan != plan:
            raise AlreadySubscribed(f"The {subscription.terms.name} plan is active.", field="plan")
        return subscription
    subscription.plan = plan
    subscription.period_started_at = now
    audit.record(actor=actor, action="plan.subscribed", target=subscription.id, details={"plan": plan})
    _apply(subscription, trial.Subscribed(), now=now, actor=actor)
    terms.note(subscription, now=now)
    return subscription


@transaction.atomic
def choose_overage(*, choice: str, now: datetime, actor: str) -> Subscription:
    """What happens from now on when the month's interactions are used up.

    Raises:
        NotFound: the tenant never had a subscription.
    """
    subscription = locked()
    before, subscription.overage = subscription.overage, OverageChoice(choice)
    if subscription.overage != before:
        subscription.save()
        details = {"choice": str(subscription.overage)}
        audit.record(actor=actor, action="overage.chosen", target=subscription.id, details=details)
        terms.note(subscription, now=now)
    return subscription


def follow(subscription: Subscription, held: Held, *, now: datetime) -> None:
    """Stores what the payment provider has of the (locked) subscription. Others beside `payments.sync` never do."""
    before = subscription.held
    said = followed(held)
    if said is None or held == before:
        return
    subscription.provider_id, subscription.provider_status = held.id, held.status
    subscription.interval, subscription.schedule = held.interval, held.schedule
    subscription.renews_at, subscription.cancels_at = held.renews_at, held.cancels_at
    subscription.next_plan, subscription.next_interval = held.next_plan, held.next_interval
    if held.plan and held.plan != subscription.plan:
        subscription.plan, subscription.alerted_percent = held.plan, 0
    begins = said.status == "active" and before.status != "active" and held.id != before.id
    if begins:
        subscription.period_started_at = now
    _record(subscription, before, held, begins=begins)
    _apply(subscription, said, now=now, actor=SYSTEM)
    terms.note(subscription, now=now)


def _record(subscription: Subscription, before: Held, held: Held, *, begins: bool) -> None:
    plan = {"plan": held.plan, "interval": held.interval}
    happened = {
        "plan.subscribed": begins,
        "plan.changed": not begins and (held.plan, held.interval) != (before.plan, before.interval),
        "plan.change_scheduled": held.next_plan != "" and held.next_plan != before.next_plan,
        "plan.end_scheduled": held.cancels_at is not None and before.cancels_at is None,
        "plan.end_taken_back": held.cancels_at is None and before.cancels_at is not None and held.status == "active",
        "plan.ended": held.status == "canceled" and before.status != "canceled",
        "payment.failed": held.unpaid_since is not None and before.unpaid_since is None,
        "payment.made_good": held.unpaid_since is None and before.unpaid_since is not None,
    }
    for action in (name for name, did in happened.items() if did):
        details = {**plan, **({"to": held.next_plan} if action == "plan.change_scheduled" else {})}
        audit.record(actor=SYSTEM, action=action, target=subscription.id, details=details)


@transaction.atomic
def extend_trial(*, until: datetime, now: datetime, actor: str = SYSTEM) -> Subscription:
    """Moves the trial's end to `until`, if that is later; an account whose trial ran out answers again.

    Raises:
        NotFound: the tenant never had a subscription.
    """
    subscription = locked()
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
    subscription = locked()
    return subscription, _apply(subscription, trial.Tick(), now=now, actor=SYSTEM)


@transaction.atomic
def release_reminder(*, day: int, now: datetime) -> None:
    """Gives a claimed reminder back after a failure, so that the next tick tries again."""
    _apply(locked(), trial.ReminderFailed(day), now=now, actor=SYSTEM)


def own() -> Subscription:
    """The tenant's, to read.

    Raises:
        NotFound: the tenant never had one.
    """
    subscription = Subscription.objects.select_related("tenant").filter(tenant_id=current_tenant_id()).first()
    if subscription is None:
        raise NotFound("This business has no subscription.")
    return subscription


def locked() -> Subscription:
    """The tenant's, for a change in the transaction that is open.

    Raises:
        NotFound: the tenant never had one.
    """
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
    subscription.unpaid_since = state.unpaid_since
    subscription.save()
    what = "plan" if subscription.provider_id else "trial"
    for action in actions:
        match action:
            case trial.Pause():
                audit.record(actor=actor, action=f"{what}.paused", target=subscription.id)
            case trial.Resume():
                audit.record(actor=actor, action=f"{what}.resumed", target=subscription.id)
            case trial.SendReminder():
                pass  # recorded once it is sent
            case _:
                assert_never(action)
    return actions
