"""Our plans at the provider: found by lookup key, and made where they are missing (`manage.py stripe_setup`)."""

from dataclasses import dataclass
from time import monotonic
from typing import Any

import stripe

from apps.common.errors import AppError
from apps.plans.core.catalogue import PLANS, Plan
from apps.plans.core.mirror import Interval

INTERVALS: tuple[Interval, ...] = ("month", "year")
KEPT = 300.0
"""Seconds for which the prices found are not looked for again."""
EVENTS = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.updated",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "charge.refunded",
    "subscription_schedule.updated",
    "subscription_schedule.released",
)
"""What we ask to be told of."""


class PricesMissing(AppError):
    """Not all of our plans have a price at the provider."""

    code = "prices_missing"
    status = 503


@dataclass(frozen=True, slots=True)
class Prices:
    """Ids of prices at the provider, by plan and interval."""

    ids: dict[tuple[str, Interval], str]

    def id_of(self, plan: str, interval: Interval) -> str:
        return self.ids[plan, interval]

    def plan_of(self, price: str) -> str:
        """The plan's slug; "" when the price is none of ours."""
        return next((plan for (plan, _), key in self.ids.items() if key == price), "")


def noted(document: Any, name: str) -> str:
    """What we noted in an object's metadata; "" = nothing. They are no dict: https://github.com/stripe/stripe-python"""
    return str(getattr(document.metadata, name, "") or "")


def lookup_key(plan: str, interval: Interval) -> str:
    """How our prices are called at the provider."""
    return f"callsphere_{plan}_{interval}"


def amount(plan: Plan, interval: Interval) -> int:
    """Whole cents of one period."""
    return plan.annual_cents if interval == "year" else plan.monthly_cents


_found: dict[int, tuple[float, Prices]] = {}


def priced(client: stripe.StripeClient, *, make_missing: bool) -> Prices:
    """The prices of all plans.

    Raises:
        PricesMissing: some are, and nobody may make them here.
    """
    known = _found.get(id(client))
    if known is not None and known[0] > monotonic():
        return known[1]
    ids = _look(client)
    if len(ids) < len(PLANS) * len(INTERVALS):
        if not make_missing:
            raise PricesMissing("The plans have no prices at the payment provider: run `manage.py stripe_setup`.")
        make_prices(client)
        ids = _look(client)
    prices = Prices(ids)
    _found[id(client)] = monotonic() + KEPT, prices
    return prices


def _look(client: stripe.StripeClient) -> dict[tuple[str, Interval], str]:
    keys = {lookup_key(plan, interval): (plan, interval) for plan in PLANS for interval in INTERVALS}
    found = client.v1.prices.list({"lookup_keys": list(keys), "limit": 100}).auto_paging_iter()
    return {keys[price.lookup_key]: price.id for price in found if price.lookup_key in keys}


def make_prices(client: stripe.StripeClient) -> list[str]:
    """Makes what is missing, and a new price where the amount is another; says what it did."""
    keys = [lookup_key(plan, interval) for plan in PLANS for interval in INTERVALS]
    prices = client.v1.prices.list({"lookup_keys": keys, "limit": 100})
    known = {price.lookup_key: price for price in prices.auto_paging_iter()}
    products = {
        noted(product, "callsphere_plan"): product
        for product in client.v1.products.list({"limit": 100}).auto_paging_iter()
    }
    done = []
    for plan in PLANS.values():
        product = products.get(plan.slug)
        if product is None:
            name = f"CallSphere {plan.name}"
            product = client.v1.products.create({"name": name, "metadata": {"callsphere_plan": plan.slug}})
            done.append(f"product {name}")
        for interval in INTERVALS:
            price = known.get(lookup_key(plan.slug, interval))
            if price is not None and price.unit_amount == amount(plan, interval):
                continue
            client.v1.prices.create(
                {
                    "product": product.id,
                    "currency": "usd",
                    "unit_amount": amount(plan, interval),
                    "recurring": {"interval": interval},
                    "lookup_key": lookup_key(plan.slug, interval),
                    "transfer_lookup_key": True,
                }
            )
            done.append(f"price {lookup_key(plan.slug, interval)}")
    return done


def make_portal(client: stripe.StripeClient) -> list[str]:
    """The portal changes cards and shows invoices; plans are changed with us, where the terms are explained."""
    configurations = client.v1.billing_portal.configurations
    if any(noted(c, "callsphere") for c in configurations.list({"limit": 100}).auto_paging_iter()):
        return []
    configurations.create(
        {
            "features": {
                "payment_method_update": {"enabled": True},
                "invoice_history": {"enabled": True},
                "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
            },
            "metadata": {"callsphere": "1"},
        }
    )
    return ["portal configuration"]


def make_endpoint(client: stripe.StripeClient, *, url: str, version: str) -> tuple[list[str], str]:
    """What it did, and the secret that signs the webhooks: "" when the endpoint was there already."""
    wanted: Any = {"enabled_events": list(EVENTS)}
    for endpoint in client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter():
        if endpoint.url == url:
            if set(endpoint.enabled_events) == set(EVENTS):
                return [], ""
            client.v1.webhook_endpoints.update(endpoint.id, wanted)
            return [f"events of webhook {url}"], ""
    wanted |= {"url": url, "api_version": version}
    made = client.v1.webhook_endpoints.create(wanted)
    return [f"webhook {url}"], made.secret or ""


def move_endpoint(client: stripe.StripeClient, *, url: str, version: str) -> None:
    """The account's only endpoint is at this address from now on."""
    endpoints = client.v1.webhook_endpoints
    known = list(endpoints.list({"limit": 100}).auto_paging_iter())
    if not known:
        make_endpoint(client, url=url, version=version)
    elif known[0].url != url:
        endpoints.update(known[0].id, {"url": url})
