"""A provider that is not Stripe, but cannot be told from it, and a business that pays there."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from apps.plans import subscriptions
from apps.plans.models import Subscription
from apps.plans.payments import changes, sync
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.plans.billing.provider import GOOD, Provider, running

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with running(START) as provider:
        settings.STRIPE_API_BASE = provider.till.url
        yield provider


@pytest.fixture
def trying(clinic: Tenant) -> Tenant:
    """The clinic, on trial since START; not in scope."""
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=START)
    return clinic


Subscribe = Callable[..., Subscription]


@pytest.fixture
def subscribe(provider: Provider, trying: Tenant) -> Subscribe:
    """The clinic takes a plan at the provider, now; its subscription."""

    def act(plan: str = "growth", interval: str = "month", card: str = GOOD) -> Subscription:
        with tenant_scope(trying.pk):
            url = changes.begin(
                tenant=trying,
                email="alice@riverside.example",
                plan=plan,
                interval=interval,
                success_url="http://127.0.0.1:1/paid",
                cancel_url="http://127.0.0.1:1/plan",
                actor="user:1",
            )
        assert provider.pay(url, card).status_code == 303
        sync.look(tenant_id=trying.pk, now=provider.at)
        return stored(trying)

    return act


def stored(tenant: Tenant) -> Subscription:
    with tenant_scope(tenant.pk):
        return Subscription.objects.select_related("tenant").get()
