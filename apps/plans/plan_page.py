"""The owner's page “Plan & usage”: where the plan stands, what can be done about it, the month so far, and invoices."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from apps.plans import receipts, terms, usage
from apps.plans.core.catalogue import Plan, catalogue, dollars
from apps.plans.core.mirror import Interval
from apps.plans.core.money import MILLS
from apps.plans.core.rating import Rated
from apps.plans.core.trial import grace_ends_at
from apps.plans.models import (
    Invoice,
    InvoiceStatus,
    OverageChoice,
    Status,
    Subscription,
    UsageBill,
    UsageEntry,
    UsageKind,
)
from apps.plans.payments.catalogue import amount
from apps.tenants.scope import tenant_scope

SHOWN = 24
"""Invoices on the page; older ones are in the provider's portal."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Card:
    """One plan on sale. `verb` is what the button does; "" = it is the plan already."""

    plan: Plan
    price: str
    channels: str
    verb: str
    is_current: bool
    is_next: bool


def money(cents: int) -> str:
    """Such as $1,519.80, or −$3.50."""
    return f"{'−' if cents < 0 else ''}{dollars(abs(cents) * MILLS)}"


def standing(subscription: Subscription) -> dict[str, Any]:
    """The subscription as of now, for people: state, days left of a trial, use of the current month."""
    now = timezone.now()
    state = subscription.trial_state(now=now)
    period = subscription.period(now=now)
    # Its own scope: a platform administrator looks from that of every tenant.
    with tenant_scope(subscription.tenant_id):
        used = usage.used(since=period.started_at)
        kinds = (UsageKind.INPUT_TOKENS, UsageKind.OUTPUT_TOKENS)
        entries = UsageEntry.objects.filter(at__gte=period.started_at, kind__in=kinds)
        tokens = entries.aggregate(total=Sum("quantity"))["total"] or 0
    return {
        "status": state.status,
        "label": Status(state.status).label,
        "plan": subscription.terms,
        "ends_at": state.ends_at,
        "unpaid": state.unpaid_since is not None,
        # Rounded up: on its last day a trial has one day left, not none.
        "days_left": max(0, -((now - state.ends_at) // _DAY)) if state.status == "trial" else 0,
        "period": period,
        "used": used,
        "percent": min(100, used * 100 // subscription.terms.interactions),
        "tokens": tokens,
    }


def plan_context(subscription: Subscription, *, interval: Interval, now: datetime) -> dict[str, Any]:
    """What the page shows of the tenant in scope, beside `standing`."""
    runs = subscription.provider_status in ("active", "paused")
    history = terms.history(subscription)
    month = history.month(now)
    total = receipts.month_total(history, month)
    unpaid_since = subscription.unpaid_since
    return {
        "subscription": subscription,
        "runs": runs,
        "interval": interval,
        "cards": [_card(plan, subscription, interval, runs) for plan in catalogue()],
        "price": money(amount(subscription.terms, "year" if subscription.interval == "year" else "month")),
        "bills": subscription.overage == OverageChoice.BILL,
        "month": _month(month, total),
        "invoices": list(Invoice.objects.exclude(status=InvoiceStatus.DRAFT)[:SHOWN]),
        "unpaid": list(Invoice.objects.filter(status=InvoiceStatus.OPEN, amount_due_cents__gt=0)[:3]),
        "grace_ends_at": grace_ends_at(unpaid_since) if unpaid_since else None,
        "waiting": UsageBill.objects.filter(invoice="", cents__gt=0).first() if subscription.customer else None,
        "simulated": not settings.STRIPE_SECRET_KEY,
    }


def _month(month: Any, total: Rated) -> dict[str, Any]:
    return {
        "started_at": month.started_at,
        "ends_at": month.ends_at,
        "used": total.used,
        "included": total.used - total.beyond,
        "beyond": total.beyond,
        "charged": total.charged,
        "cost": money(total.cents),
    }


def _card(plan: Plan, subscription: Subscription, interval: Interval, runs: bool) -> Card:
    is_current = runs and (subscription.plan, subscription.interval) == (plan.slug, interval)
    is_next = (subscription.next_plan, subscription.next_interval) == (plan.slug, interval)
    return Card(
        plan=plan,
        price=money(amount(plan, interval)),
        channels=plan.channel_names,
        verb="" if is_current or is_next else _verb(plan, subscription, interval, runs),
        is_current=is_current,
        is_next=is_next,
    )


def _verb(plan: Plan, subscription: Subscription, interval: Interval, runs: bool) -> str:
    if not runs:
        return f"Choose {plan.name}"
    if plan.slug == subscription.plan:
        return "Pay by the year" if interval == "year" else "Pay by the month"
    bigger = plan.monthly_cents > subscription.terms.monthly_cents
    return f"Upgrade to {plan.name}" if bigger else f"Change to {plan.name}"
