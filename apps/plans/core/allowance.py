"""Whether the agents may answer one more conversation."""

from dataclasses import dataclass
from typing import Final, Literal

from apps.plans.core.catalogue import Plan
from apps.plans.core.trial import Status

Overage = Literal["stop", "bill"]
ALERT_PERCENTS: Final = (80, 100)


@dataclass(frozen=True, slots=True)
class Allowed:
    pass


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` says why. What a visitor is told is the owner's closing message, so there are no words here."""

    code: Literal["trial_expired", "payment_overdue", "limit_reached", "no_subscription"]


def decide(*, status: Status, plan: Plan, used: int, overage: Overage, is_unpaid: bool = False) -> Allowed | Refused:
    """For a conversation that is not counted yet.

    Args:
        status: as of now, that is, after a tick.
        used: interactions counted in the current period.
        overage: what the owner chose for the limit. A trial has no card to bill, so it always stops there.
        is_unpaid: an invoice of the plan is; that is why a paused account is.
    """
    if status == "paused":
        return Refused("payment_overdue" if is_unpaid else "trial_expired")
    if status == "canceled":
        return Refused("no_subscription")
    return Allowed() if bills(status=status, overage=overage) or used < plan.interactions else Refused("limit_reached")


def bills(*, status: Status, overage: Overage) -> bool:
    """Whether interactions beyond the plan's are billed instead of refused; then `used` decides nothing."""
    return status == "active" and overage == "bill"


def alerts(*, plan: Plan, used: int) -> tuple[int, ...]:
    """Of ALERT_PERCENTS, those that this period's usage has reached; exact at the threshold."""
    return tuple(percent for percent in ALERT_PERCENTS if used * 100 >= plan.interactions * percent)
