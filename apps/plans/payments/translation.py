"""Stripe's objects in our words. https://docs.stripe.com/api/subscriptions/object, …/invoices/object"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from apps.plans.core.mirror import Interval, RemoteInvoice, RemoteSubscription
from apps.plans.payments.catalogue import Prices, noted

_REASONS = {
    "subscription_create": "Start of the plan",
    "subscription_cycle": "The plan",
    "subscription_update": "Change of plan",
}


def key_of(reference: Any) -> str:
    """The id of what is given as an id or as the object itself; "" for nothing."""
    return reference if isinstance(reference, str) else getattr(reference, "id", "") or ""


def item_of(subscription: Any) -> Any:
    """Its one item. By key: `items` is a method of the package's objects."""
    return subscription["items"].data[0]


def subscription(row: Any, prices: Prices) -> RemoteSubscription:
    """`row.schedule` is expanded."""
    item = item_of(row)
    next_plan, next_interval = _next(row, item, prices)
    return RemoteSubscription(
        id=row.id,
        status=row.status,
        plan=prices.plan_of(item.price.id),
        interval=_interval(item.price.recurring.interval),
        created_at=_at(row.created),
        renews_at=_at(item.current_period_end),
        cancels_at=_at(row.cancel_at or item.current_period_end) if row.cancel_at_period_end or row.cancel_at else None,
        schedule=key_of(row.schedule),
        next_plan=next_plan,
        next_interval=next_interval,
    )


def _next(row: Any, item: Any, prices: Prices) -> tuple[str, str]:
    """Plan and interval that a schedule brings at the renewal."""
    phases = getattr(row.schedule, "phases", None) or []
    for phase in phases:
        if phase.start_date >= item.current_period_end:
            price = key_of(phase["items"][0].price)
            for (plan, interval), key in prices.ids.items():
                if key == price:
                    return plan, interval
    return "", ""


def invoice(row: Any, refunded: Mapping[Any, int]) -> RemoteInvoice:
    """`row.payments` is expanded; `refunded` is what of each payment intent the customer has again."""
    intents = {key_of(payment.payment.payment_intent) for payment in row.payments.data if payment.status == "paid"}
    details = getattr(row.parent, "subscription_details", None) if row.parent else None
    usage = sum(line.amount for line in row.lines.data if noted(line, "usage_bill"))
    return RemoteInvoice(
        id=row.id,
        number=row.number or "",
        status=row.status,
        reason=_REASONS.get(row.billing_reason) or (row.description or "Other")[:160],
        currency=row.currency,
        total=row.total,
        tax=sum(tax.amount for tax in row.total_taxes or []),
        due=row.amount_due,
        paid=row.amount_paid,
        refunded=sum(refunded.get(intent, 0) for intent in intents),
        usage=usage,
        subscription=key_of(details.subscription) if details else "",
        issued_at=_at(row.status_transitions.finalized_at or row.created),
        paid_at=_at(row.status_transitions.paid_at) if row.status_transitions.paid_at else None,
        page_url=row.hosted_invoice_url or "",
        pdf_url=row.invoice_pdf or "",
    )


def _interval(name: str) -> Interval:
    return "year" if name == "year" else "month"


def _at(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
