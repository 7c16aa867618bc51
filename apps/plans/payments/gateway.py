"""The gateway to the payment provider: every call to Stripe's API is here. https://docs.stripe.com/api

All of it is sync and is called in a thread (pages, webhooks, duties have one). The API version is the one that the
translation was written for, whatever the account's default is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from logging import getLogger
from typing import Any
from urllib.parse import urljoin

import stripe
from django.conf import settings
from opentelemetry.trace import SpanKind

from apps.common import telemetry
from apps.common.errors import AppError
from apps.plans.core.mirror import Account, Interval
from apps.plans.payments import catalogue, translation
from apps.plans.payments.account import address, configured
from apps.plans.payments.catalogue import Prices, noted, priced

logger = getLogger(__name__)

API_VERSION = "2026-10-28.endive"
SECONDS = (5.0, 20.0)
"""How long a connection, and an answer, are waited for."""


class PaymentUnavailable(AppError):
    """The provider is down or cannot be reached; the same may succeed later."""

    code = "payment_unavailable"
    status = 503
    retryable = True


class PaymentDeclined(AppError):
    """The bank declined the card."""

    code = "payment_declined"
    status = 402


class PaymentRefused(AppError):
    """The provider does not take the request as such."""

    code = "payment_refused"
    status = 502


class UnknownCustomer(PaymentRefused):
    """The provider has no such customer (any more)."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change costs now: the lines in words with their whole cents, and the moment they were made for."""

    due_cents: int
    lines: tuple[tuple[str, int], ...]
    at: int


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turns the package's errors into ours."""
    try:
        with telemetry.span(f"payment {what}", kind=SpanKind.CLIENT):
            yield
    except stripe.CardError as error:
        raise PaymentDeclined(error.user_message or "The card was declined.") from error
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        logger.warning("The payment provider cannot be reached", extra={"what": what, "error": type(error).__name__})
        raise PaymentUnavailable("The payment provider does not answer. Please try again in a minute.") from error
    except stripe.StripeError as error:
        said = {"what": what, "error": type(error).__name__, "error_code": error.code, "request": error.request_id}
        logger.error("The payment provider refused a request", extra=said)
        kind = UnknownCustomer if error.code == "resource_missing" and _param(error) == "customer" else PaymentRefused
        raise kind("The payment provider did not accept this. Please try again, or write to us.") from error


def _param(error: stripe.StripeError) -> Any:
    return getattr(error, "param", None)


def client() -> stripe.StripeClient:
    """The client of the configured account."""
    account = configured()
    return _client(account.key, address(account))


@cache
def _client(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base},
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=SECONDS),
    )


def prices() -> Prices:
    """The prices of our plans at the provider; a simulated one is set up when they are missing."""
    with _asking("prices"):
        return priced(client(), make_missing=configured().simulated)


def set_up(*, webhook: str) -> tuple[list[str], str]:
    """Makes what is missing in the account: what it made, and the webhooks' secret if their address is new."""
    with _asking("setup"):
        made = catalogue.make_prices(client()) + catalogue.make_portal(client())
        endpoint, secret = catalogue.make_endpoint(client(), url=webhook, version=API_VERSION)
    return made + endpoint, secret


def _listen(url: str) -> None:
    """Tells the simulated provider where webhooks go: where the browser is. A real one is told by `stripe_setup`."""
    if configured().simulated:
        with _asking("listen"):
            catalogue.move_endpoint(client(), url=urljoin(url, "/webhooks/stripe"), version=API_VERSION)


def create_customer(*, tenant_id: str, name: str, email: str) -> str:
    """The id of the tenant's customer. The same tenant within a day gets the same."""
    with _asking("customer"):
        made = client().v1.customers.create(
            {"name": name, "email": email, "metadata": {"tenant": tenant_id}},
            # A header: names are of all the world's letters.
            {"idempotency_key": f"customer-{tenant_id}-{sha256(f'{email} {name}'.encode()).hexdigest()}"},
        )
    return made.id


def checkout(*, customer: str, plan: str, interval: Interval, tenant_id: str, success_url: str, cancel_url: str) -> str:
    """The address of a page where the customer pays for a plan. Those that are still open end: nobody pays twice.

    Raises:
        UnknownCustomer: the account has changed since the customer was made.
    """
    price = prices().id_of(plan, interval)
    _listen(success_url)
    with _asking("checkout"):
        sessions = client().v1.checkout.sessions
        for other in sessions.list({"customer": customer, "status": "open"}).auto_paging_iter():
            sessions.expire(other.id)
        session = sessions.create(_session(customer, price, success_url, cancel_url, tenant_id, plan))
    return session.url or cancel_url


def _session(customer: str, price: str, success_url: str, cancel_url: str, tenant_id: str, plan: str) -> Any:
    asked: dict[str, Any] = {
        "mode": "subscription",
        "customer": customer,
        "line_items": [{"price": price, "quantity": 1}],
        "subscription_data": {"metadata": {"tenant": tenant_id, "plan": plan}},
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    if settings.STRIPE_TAX:  # is reckoned by the customer's address, which Checkout then asks for
        asked |= {"automatic_tax": {"enabled": True}, "customer_update": {"address": "auto"}}
    return asked


def portal(*, customer: str, return_url: str) -> str:
    """The address of the page where the customer changes the card and finds old invoices."""
    _listen(return_url)
    with _asking("portal"):
        return client().v1.billing_portal.sessions.create({"customer": customer, "return_url": return_url}).url


def account(*, customer: str) -> Account:
    """All that the provider has of the customer, as it is now."""
    known = prices()
    with _asking("account"):
        v1 = client().v1
        subscriptions = v1.subscriptions.list(
            {"customer": customer, "status": "all", "limit": 100, "expand": ["data.schedule"]}
        )
        invoices = v1.invoices.list({"customer": customer, "limit": 100, "expand": ["data.payments"]})
        charges = v1.charges.list({"customer": customer, "limit": 100})
        refunded = {charge.payment_intent: _given_back(v1, charge) for charge in charges.auto_paging_iter()}
        return Account(
            tuple(translation.subscription(row, known) for row in subscriptions.auto_paging_iter()),
            tuple(translation.invoice(row, refunded) for row in invoices.auto_paging_iter() if row.status != "draft"),
        )


def _given_back(v1: Any, charge: Any) -> int:
    """Cents of a charge that the customer has again: refunds, and disputes that the bank decided for them."""
    if not charge.disputed:
        return int(charge.amount_refunded)
    disputes = v1.disputes.list({"charge": charge.id, "limit": 100}).auto_paging_iter()
    lost = sum(dispute.amount for dispute in disputes if dispute.status == "lost")
    return int(min(charge.amount, charge.amount_refunded + lost))


def preview(*, customer: str, subscription: str, plan: str, interval: Interval, now: datetime) -> Preview:
    """What a change that takes effect at once would cost."""
    price, at = prices().id_of(plan, interval), int(now.timestamp())
    with _asking("preview"):
        v1 = client().v1
        item = translation.item_of(v1.subscriptions.retrieve(subscription))
        invoice = v1.invoices.create_preview(
            {
                "customer": customer,
                "subscription": subscription,
                "subscription_details": {
                    "items": [{"id": item.id, "price": price}],
                    "proration_behavior": "always_invoice",
                    "proration_date": at,
                },
            }
        )
        lines = tuple((line.description or "", line.amount) for line in invoice.lines.data)
    return Preview(invoice.amount_due, lines, at)


def change_now(*, subscription: str, plan: str, interval: Interval, at: int) -> None:
    """Another price from now on; the difference, as previewed for the moment `at`, is charged at once.

    Raises:
        PaymentDeclined: nothing was changed.
    """
    price = prices().id_of(plan, interval)
    with _asking("change"):
        v1 = client().v1
        item = translation.item_of(v1.subscriptions.retrieve(subscription))
        v1.subscriptions.update(
            subscription,
            {
                "items": [{"id": item.id, "price": price}],
                "proration_behavior": "always_invoice",
                "proration_date": at,
                "payment_behavior": "error_if_incomplete",
            },
        )


def change_at_renewal(*, subscription: str, plan: str, interval: Interval) -> None:
    """Another price from the next period on."""
    price = prices().id_of(plan, interval)
    with _asking("schedule"):
        schedules = client().v1.subscription_schedules
        schedule = schedules.create({"from_subscription": subscription})
        now = schedule.phases[0]
        current = translation.key_of(now.items[0].price)
        schedules.update(
            schedule.id,
            {
                "end_behavior": "release",
                "phases": [
                    {
                        "items": [{"price": current, "quantity": 1}],
                        "start_date": now.start_date,
                        "end_date": now.end_date,
                    },
                    {
                        "items": [{"price": price, "quantity": 1}],
                        "duration": {"interval": interval, "interval_count": 1},
                        "proration_behavior": "none",
                    },
                ],
            },
        )


def keep_price(*, schedule: str) -> None:
    """Takes back a change that was to come at the renewal."""
    with _asking("release"):
        client().v1.subscription_schedules.release(schedule)


def end_at_renewal(*, subscription: str, ends: bool) -> None:
    """Lets the subscription end with its period, or go on after all."""
    with _asking("cancel"):
        client().v1.subscriptions.update(subscription, {"cancel_at_period_end": ends})


def bill_usage(*, customer: str, key: str, words: str, cents: int, started_at: datetime, ends_at: datetime) -> str:
    """Puts a month's usage on an invoice of its own and has it paid; the invoice's id. The same `key` again adds
    nothing, however far the attempt before had come."""
    with _asking("usage"):
        v1 = client().v1
        invoices = v1.invoices.list({"customer": customer, "limit": 100}).auto_paging_iter()
        invoice = next((i for i in invoices if noted(i, "usage_bill") == key), None)
        if invoice is None:
            invoice = v1.invoices.create(
                {
                    "customer": customer,
                    "auto_advance": True,
                    "automatic_tax": {"enabled": settings.STRIPE_TAX},
                    "pending_invoice_items_behavior": "exclude",
                    "description": words,
                    "metadata": {"usage_bill": key},
                },
                {"idempotency_key": f"{key}-invoice"},
            )
        if invoice.status == "draft":
            if not invoice.lines.data:
                v1.invoice_items.create(
                    {
                        "customer": customer,
                        "invoice": invoice.id,
                        "amount": cents,
                        "currency": "usd",
                        "description": words,
                        "period": {"start": _stamp(started_at), "end": _stamp(ends_at)},
                        "metadata": {"usage_bill": key},
                    },
                    {"idempotency_key": f"{key}-item"},
                )
            v1.invoices.finalize_invoice(invoice.id, {"auto_advance": True})
    return invoice.id


def _stamp(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
