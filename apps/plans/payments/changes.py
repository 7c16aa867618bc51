"""What an owner does about their plan: take one, change it, end it, go on after all.

Each asks the provider, and then looks at what came of it; nothing is believed before. So a click that is repeated, or
that somebody else made a moment ago, finds things as they are.
"""

from dataclasses import dataclass
from datetime import datetime

from apps.common.errors import AppError
from apps.plans import subscriptions
from apps.plans.core.catalogue import PLANS, Plan
from apps.plans.core.mirror import Interval
from apps.plans.models import Subscription
from apps.plans.payments import gateway, sync
from apps.plans.payments.catalogue import INTERVALS, amount
from apps.tenants import audit
from apps.tenants.models import Tenant


class NothingToChange(AppError):
    """It is so already, or there is nothing that could be."""

    code = "nothing_to_change"
    status = 409


class UnknownInterval(AppError):
    code = "unknown_interval"
    status = 422


@dataclass(frozen=True, slots=True)
class Offer:
    """What a change comes to before it is confirmed. `at_once`: with what is charged now; else at `from_at`."""

    plan: Plan
    interval: Interval
    cents: int
    at_once: bool
    due_cents: int = 0
    lines: tuple[tuple[str, int], ...] = ()
    at: int = 0
    from_at: datetime | None = None


def asked(plan: str, interval: str) -> tuple[Plan, Interval]:
    """Raises UnknownPlan, UnknownInterval."""
    if plan not in PLANS:
        raise subscriptions.UnknownPlan(f"There is no plan “{plan}”. Plans: {', '.join(PLANS)}.", field="plan")
    if interval not in INTERVALS:
        raise UnknownInterval("Plans are paid by the month or by the year.", field="interval")
    return PLANS[plan], interval


def begin(
    *, tenant: Tenant, email: str, plan: str, interval: str, success_url: str, cancel_url: str, actor: str
) -> str:
    """The address where the owner pays for a first plan, or for one after the last has ended.

    Raises:
        NothingToChange: a plan runs; it is to be changed instead.
    """
    wanted, by = asked(plan, interval)
    subscription = _own()
    if _runs(subscription):
        raise NothingToChange(f"The {subscription.terms.name} plan runs already. Change it instead.", field="plan")
    arguments = {"plan": wanted.slug, "interval": by, "tenant_id": tenant.pk}
    urls = {"success_url": success_url, "cancel_url": cancel_url}
    try:
        customer = subscription.customer or _customer(tenant, email)
        url = gateway.checkout(customer=customer, **arguments, **urls)  # type: ignore[arg-type]
    except gateway.UnknownCustomer:  # that of another account, such as the simulated one's
        url = gateway.checkout(customer=_customer(tenant, email), **arguments, **urls)  # type: ignore[arg-type]
    details = {"plan": wanted.slug, "interval": by}
    audit.record(actor=actor, action="plan.checkout_opened", target=subscription.id, details=details)
    return url


def _customer(tenant: Tenant, email: str) -> str:
    customer = gateway.create_customer(tenant_id=tenant.pk, name=tenant.name, email=email)
    subscription = _own()
    subscription.customer = customer
    subscription.save(update_fields=["customer"])
    return customer


def offer(*, plan: str, interval: str, now: datetime) -> Offer:
    """What a change to this plan would mean. A bigger plan, or the year instead of the month, comes at once; a smaller
    one, or the month instead of the year, when what is paid for has been used up.

    Raises:
        NothingToChange: it is the plan already, or none runs.
    """
    wanted, by = asked(plan, interval)
    subscription = _running()
    if (subscription.plan, subscription.interval) == (wanted.slug, by):
        raise NothingToChange(f"{wanted.name} by the {by} is what you have.", field="plan")
    cents = amount(wanted, by)
    if not _rises(subscription, wanted, by):
        return Offer(wanted, by, cents, at_once=False, from_at=subscription.renews_at)
    shown = gateway.preview(
        customer=subscription.customer, subscription=subscription.provider_id, plan=wanted.slug, interval=by, now=now
    )
    return Offer(wanted, by, cents, at_once=True, due_cents=shown.due_cents, lines=shown.lines, at=shown.at)


def _rises(subscription: Subscription, plan: Plan, interval: Interval) -> bool:
    bigger = plan.monthly_cents >= subscription.terms.monthly_cents
    return bigger and not (subscription.interval == "year" and interval == "month")


def change(*, plan: str, interval: str, at: int, now: datetime, actor: str) -> None:
    """Takes up an offer; `at` is the moment for which it was made, and for which it is charged.

    Raises:
        NothingToChange: it is the plan already, or none runs.
        PaymentDeclined: nothing was changed.
    """
    wanted, by = asked(plan, interval)
    subscription = _running()
    if (subscription.plan, subscription.interval) == (wanted.slug, by):
        raise NothingToChange(f"{wanted.name} by the {by} is what you have.", field="plan")
    _free(subscription)
    if _rises(subscription, wanted, by):
        # An offer that has lain about is charged for now: what was used meanwhile is not given back.
        moment = at if 0 <= now.timestamp() - at <= OFFERED else int(now.timestamp())
        gateway.change_now(subscription=subscription.provider_id, plan=wanted.slug, interval=by, at=moment)
    else:
        gateway.change_at_renewal(subscription=subscription.provider_id, plan=wanted.slug, interval=by)
    _done(subscription, actor, "plan.change_asked", now, plan=wanted.slug, interval=by)


OFFERED = 900
"""Seconds for which an offer's price stands."""


def end(*, now: datetime, actor: str) -> None:
    """Lets the plan end when what is paid for has been used up."""
    subscription = _running()
    if subscription.cancels_at is not None:
        raise NothingToChange("The plan ends already.")
    _free(subscription)
    gateway.end_at_renewal(subscription=subscription.provider_id, ends=True)
    _done(subscription, actor, "plan.end_asked", now)


def go_on(*, now: datetime, actor: str) -> None:
    """Takes back what was to come at the renewal: the end, or a smaller plan."""
    subscription = _running()
    if subscription.cancels_at is None and not subscription.schedule:
        raise NothingToChange("Nothing is to change at the renewal.")
    _free(subscription)
    if subscription.cancels_at is not None:
        gateway.end_at_renewal(subscription=subscription.provider_id, ends=False)
    _done(subscription, actor, "plan.go_on_asked", now)


def portal(*, return_url: str) -> str:
    """The address where the owner changes the card.

    Raises:
        NothingToChange: there is no card, because nothing was ever paid.
    """
    subscription = _own()
    if not subscription.customer:
        raise NothingToChange("There is no card on file before the first payment.")
    return gateway.portal(customer=subscription.customer, return_url=return_url)


def _own() -> Subscription:
    return subscriptions.own()


def _runs(subscription: Subscription) -> bool:
    return subscription.provider_status in ("active", "paused")


def _running() -> Subscription:
    subscription = _own()
    if not _runs(subscription):
        raise NothingToChange("No plan runs. Choose one.")
    return subscription


def _free(subscription: Subscription) -> None:
    """A subscription that a schedule manages takes no other change."""
    if subscription.schedule:
        gateway.keep_price(schedule=subscription.schedule)


def _done(subscription: Subscription, actor: str, action: str, now: datetime, **details: str) -> None:
    audit.record(actor=actor, action=action, target=subscription.id, details=details)
    sync.look(tenant_id=subscription.tenant_id, now=now)
