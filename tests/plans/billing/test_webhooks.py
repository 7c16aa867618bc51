"""What the provider tells: who may tell it, twice, late, in any order or not at all, and whose it is."""

import time
from datetime import timedelta

import pytest
from django.test import Client

from apps.plans import reconciliation
from apps.plans.models import Invoice, PaymentNotice
from apps.plans.payments import notices, sync
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from tests.plans.billing.conftest import START, Subscribe, stored
from tests.plans.billing.provider import Provider, signed

URL = "/webhooks/stripe"
pytestmark = pytest.mark.django_db(transaction=True)


def tell(provider: Provider, number: int = -1, **signing: object) -> int:
    """Sends one of the events that the provider had; the status of our answer."""
    return Client().post(URL, **signed(provider.events[number], **signing)).status_code  # type: ignore[arg-type]


def count() -> int:
    return PaymentNotice.objects.count()


def test_only_the_provider_is_heard(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    subscribe()
    event = signed(provider.events[-1])
    forged = signed(provider.events[-1], secret="whsec_another")
    old = signed(provider.events[-1], at=time.time() - 301)
    changed = event | {"data": event["data"].replace(b"evt_", b"evt-")}
    for bad in (forged, old, changed, event | {"headers": {}}, event | {"headers": {"Stripe-Signature": "t=x,v1="}}):
        assert Client().post(URL, **bad).status_code == 400
    assert Client().get(URL).status_code == 405
    assert count() == 0
    assert Client().post(URL, **event).status_code == 200
    assert count() == 1


def test_an_event_changes_what_we_hold(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    held = subscribe("growth")
    provider.wait(days=31)
    assert stored(trying).renews_at == held.renews_at
    assert tell(provider) == 200
    assert stored(trying).renews_at != held.renews_at
    with tenant_scope(trying.pk):
        assert Invoice.objects.filter(status="paid").count() == 2


def test_the_same_event_again_does_nothing(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    subscribe()
    assert [tell(provider) for _ in range(3)] == [200, 200, 200]
    assert count() == 1
    assert stored(trying).looks_taken == 2  # Checkout's own, and one


def test_an_old_event_is_not_believed(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    """The oldest comes last: its snapshot is of a subscription that has ended meanwhile."""
    held = subscribe()
    number = next(n for n, e in enumerate(provider.events) if e["type"] == "customer.subscription.created")
    provider.do(lambda: provider.till.resources.cancel_subscription({}, {"id": held.provider_id}))
    assert tell(provider) == 200
    assert stored(trying).status == "canceled"
    assert tell(provider, number) == 200
    assert stored(trying).status == "canceled"


def test_what_nobody_told_is_found_at_night(
    provider: Provider, trying: Tenant, subscribe: Subscribe, caplog: pytest.LogCaptureFixture
) -> None:
    subscribe()
    provider.wait(days=1)
    assert reconciliation.nightly(provider.at) == 0
    held = stored(trying)
    provider.do(lambda: provider.till.resources.cancel_subscription({}, {"id": held.provider_id}))
    provider.wait(hours=1)
    assert reconciliation.nightly(provider.at) == 0  # was compared this night
    assert stored(trying).status == "active"
    provider.wait(days=1)
    assert reconciliation.nightly(provider.at) == 1
    assert stored(trying).status == "canceled"
    assert "An account differed from the provider's and was mended" in caplog.messages
    assert reconciliation.reconcile(now=provider.at).mended == []


def test_while_the_provider_is_away_a_notice_waits(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    held = subscribe()
    provider.do(lambda: provider.till.resources.cancel_subscription({}, {"id": held.provider_id}))
    provider.stop()
    try:
        assert tell(provider) == 503
    finally:
        provider.start()
    assert stored(trying).status == "active"
    later = provider.at + timedelta(minutes=1)
    # It listens elsewhere now, so this test asks there.
    from django.test import override_settings

    with override_settings(STRIPE_API_BASE=provider.till.url):
        assert notices.catch_up(later) == 1
        assert notices.catch_up(later) == 0
    assert stored(trying).status == "canceled"


def test_notices_of_nobody_we_know_are_taken_and_left(provider: Provider, trying: Tenant) -> None:
    provider.do(lambda: provider.till.resources.create_customer({"email": "x@example.com"}, {}))
    assert tell(provider) == 200
    assert PaymentNotice.objects.get().handled_at is not None
    assert sync.tenant_of("cus_unknown") is None


def test_anothers_event_touches_only_the_other(
    provider: Provider, trying: Tenant, other_tenant: Tenant, subscribe: Subscribe
) -> None:
    from apps.plans import subscriptions

    with tenant_scope(other_tenant.pk):
        subscriptions.start_trial(now=START)
    subscribe()
    before = stored(trying)
    assert tell(provider) == 200
    assert stored(other_tenant).status == "trial"
    with all_tenants(reason="test"):
        assert set(Invoice.objects.values_list("tenant_id", flat=True)) == {before.tenant_id}
    with tenant_scope(other_tenant.pk):
        assert not Invoice.objects.exists()


def test_old_notices_are_forgotten(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    subscribe()
    tell(provider)
    PaymentNotice.objects.update(handled_at=START)
    notices.catch_up(START + timedelta(days=89))
    assert count() == 1
    notices.catch_up(START + timedelta(days=91))
    assert count() == 0
