"""The check before a run: may the tenant in scope answer, and by which plan?"""

from datetime import datetime
from typing import cast

from apps.common.errors import AppError
from apps.plans import usage
from apps.plans.core.allowance import Overage, Refused, bills, decide
from apps.plans.core.catalogue import STARTER, Plan
from apps.plans.models import Subscription
from apps.tenants.memory import Memory
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id


class NotAllowed(AppError):
    """The agents may not answer. The message is meant for the visitor: the owner's closing message."""

    code = "not_allowed"
    status = 402


class TrialExpired(NotAllowed):
    code = "trial_expired"


class PaymentOverdue(NotAllowed):
    code = "payment_overdue"


class LimitReached(NotAllowed):
    code = "limit_reached"


class NoSubscription(NotAllowed):
    code = "no_subscription"


_ERRORS: dict[str, type[NotAllowed]] = {
    error.code: error for error in (TrialExpired, PaymentOverdue, LimitReached, NoSubscription)
}


def check(*, now: datetime, conversation_id: str = "") -> None:
    """Returns when the agents may answer. Reads only: a trial ends by the clock, whether or not a tick came.

    Args:
        conversation_id: the one to go on with; if it is counted already, the limit does not cut it off.

    Raises:
        TrialExpired: the trial is over and nobody subscribed.
        PaymentOverdue: an invoice stayed unpaid past the days of grace.
        LimitReached: the period's interactions are used, and the owner chose to stop there (or is on trial).
            Rivals that ask at the same moment may each be let in: runs in flight can pass the limit.
        NoSubscription: there is none, or it was canceled.
    """
    subscription = _subscriptions.recall(current_tenant_id(), _subscription)
    state = subscription.trial_state(now=now)
    status = state.status
    overage = cast(Overage, subscription.overage)
    # A conversation is an interaction once. That also spares most runs the count, the one query that grows.
    counts = not bills(status=status, overage=overage) and not (
        conversation_id and usage.is_counted(conversation_id=conversation_id)
    )
    used = _used(subscription, now) if counts else 0
    is_unpaid = state.unpaid_since is not None
    decision = decide(status=status, plan=subscription.terms, used=used, overage=overage, is_unpaid=is_unpaid)
    if isinstance(decision, Refused):
        raise _ERRORS[decision.code](subscription.closing_message)


def plan_in_force() -> Plan:
    """What the tenant's limits follow from; without a subscription the smallest plan."""
    try:
        return _subscriptions.recall(current_tenant_id(), _subscription).terms
    except NoSubscription:
        return STARTER


_NEAR = 50
"""So many interactions before the limit each is counted; further away a count may be as old as a memory lasts."""
_counts: Memory[int] = Memory()


def _used(subscription: Subscription, now: datetime) -> int:
    """Interactions of the period. The count grows with the period, so it is not made anew for each message."""
    started_at = subscription.period(now=now).started_at
    key = (subscription.tenant_id, started_at)
    known = _counts.fresh(key)
    if known is not None and known < subscription.terms.interactions - _NEAR:
        return known
    used = usage.used(since=started_at)
    _counts.keep(key, used)
    return used


_subscriptions: Memory[Subscription] = Memory(Subscription, Tenant)


def _subscription() -> Subscription:
    found = Subscription.objects.select_related("tenant").filter(tenant_id=current_tenant_id()).first()
    if found is None:
        raise NoSubscription("This business has no subscription.")
    return found
