"""The owner's page “Usage”: who used what in the current period, and whom the limits refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from redis.exceptions import RedisError

from apps.plans import refusals
from apps.plans.allowance import plan_in_force
from apps.plans.core.budget import DAY, HOUR, MINUTE, Limit, limits_of
from apps.plans.core.period import Period
from apps.plans.models import Subscription
from apps.plans.report import Report, report
from apps.tenants.models import Tenant

_SCOPES = {
    "visitor": "one visitor",
    "address": "one internet address",
    "widget": "one website chat",
    "tenant": "the whole business",
}
_WINDOWS = {MINUTE: "a minute", HOUR: "an hour", DAY: "a day"}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit in words, what the plan sets, and how many messages it refused in the period."""

    name: str
    amount: int
    refused: int


def usage_context(tenant: Tenant) -> dict[str, Any]:
    """What the page shows, in the tenant's scope. `limits` is None while Redis is away: they are counted there."""
    now = timezone.now()
    subscription = Subscription.objects.select_related("tenant").first()
    if subscription is None:
        return {"period": None, "report": Report(), "limits": None, "zone": tenant.time_zone}
    period = subscription.period(now=now)
    return {
        "period": period,
        "report": report(period=period, zone=tenant.zone, now=now),
        "limits": _limits(tenant, period, now),
        "zone": tenant.time_zone,
    }


def _limits(tenant: Tenant, period: Period, now: datetime) -> list[LimitRow] | None:
    try:
        counted = refusals.refused(tenant_id=tenant.pk, since=period.started_at, until=now)
    except RedisError:
        return None
    limits = limits_of(plan_in_force())
    return [LimitRow(_worded(limit), limit.amount, counted.get(limit.name, 0)) for limit in limits]


def _worded(limit: Limit) -> str:
    return f"{limit.measure.capitalize()} {_WINDOWS[limit.seconds]}, {_SCOPES[limit.scope]}"
