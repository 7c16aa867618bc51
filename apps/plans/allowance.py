"""The check before a run: may the tenant in scope answer?"""

from datetime import datetime
from typing import cast

from apps.common.errors import AppError
from apps.plans import usage
from apps.plans.core.allowance import Overage, Refused, decide
from apps.plans.models import Subscription
from apps.tenants.scope import current_tenant_id


class NotAllowed(AppError):
    """The agents may not answer. The message is meant for the visitor: the owner's closing message."""

    code = "not_allowed"
    status = 402


class TrialExpired(NotAllowed):
    code = "trial_expired"


class LimitReached(NotAllowed):
    code = "limit_reached"


class NoSubscription(NotAllowed):
    code = "no_subscription"


_ERRORS: dict[str, type[NotAllowed]] = {error.code: error for error in (TrialExpired, LimitReached, NoSubscription)}


def check(*, now: datetime, conversation_id: str = "") -> None:
    """Returns when the agents may answer. Reads only: a trial ends by the clock, whether or not a tick came.

    Args:
        conversation_id: the one to go on with; if it is counted already, the limit does not cut it off.

    Raises:
        TrialExpired: the trial is over and nobody subscribed.
        LimitReached: the period's interactions are used, and the owner chose to stop there (or is on trial).
            Rivals that ask at the same moment may each be let in: runs in flight can pass the limit.
        NoSubscription: there is none, or it was canceled.
    """
    subscription = Subscription.objects.select_related("tenant").filter(tenant_id=current_tenant_id()).first()
    if subscription is None:
        raise NoSubscription("This business has no subscription.")
    # A conversation is an interaction once. That also spares most runs the count, the one query that grows.
    is_counted = bool(conversation_id) and usage.is_counted(conversation_id=conversation_id)
    decision = decide(
        status=subscription.trial_state(now=now).status,
        plan=subscription.terms,
        used=0 if is_counted else usage.used(since=subscription.period(now=now).started_at),
        overage=cast(Overage, subscription.overage),
    )
    if isinstance(decision, Refused):
        raise _ERRORS[decision.code](subscription.closing_message)
