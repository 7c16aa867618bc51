"""The owner's way in Chromium: trial, Growth at the simulated payment page, invoice, another plan, the end, and on."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from apps.plans import subscriptions
from apps.plans.models import PaymentNotice
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD
from tests.e2e.widget_stub.browser import launched_browser
from tests.plans.billing.conftest import stored
from tests.plans.billing.provider import DECLINED, GOOD, Provider, running

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def posting(settings: Settings) -> Iterator[Provider]:
    """A provider of today, which posts its webhooks to the server."""
    with running(datetime.now(UTC)) as provider:
        provider.post_webhooks()
        settings.STRIPE_API_BASE = provider.till.url
        yield provider


@pytest.fixture
def on_trial(clinic: Tenant, alice: User) -> Tenant:
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=datetime.now(UTC))
    return clinic


def pay(page: Page, card: str) -> None:
    expect(page.get_by_text("Simulated payment provider")).to_be_visible()
    page.get_by_label("Card number").fill(card)
    page.get_by_role("button", name="Subscribe").click()


def fits(page: Page) -> bool:
    """Nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("width", [1280, 390])
def test_from_trial_to_a_plan_and_on(server: str, posting: Provider, on_trial: Tenant, width: int) -> None:
    with launched_browser() as browser:
        page = browser.new_page(viewport={"width": width, "height": 844})
        page.goto(f"{server}/admin/login/?next=/admin/plans/subscription/")
        page.fill("[name=login]", "alice@riverside.example")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text("14 days left.")).to_be_visible()
        expect(page.get_by_text("No invoices yet")).to_be_visible()
        assert fits(page)

        page.get_by_role("button", name="Choose Growth").click()
        pay(page, DECLINED)
        expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
        pay(page, GOOD)
        expect(page.get_by_text("The Growth plan is on, your agents answer.")).to_be_visible()
        invoices = page.get_by_role("region", name="Invoices")
        expect(invoices.get_by_text("$499")).to_have_count(2)  # the one that was declined is void
        expect(invoices.get_by_text("Paid", exact=True)).to_have_count(1)
        assert fits(page)

        page.get_by_role("button", name="Upgrade to Scale").click()
        expect(page.get_by_text("Unused time on CallSphere Growth")).to_be_visible()
        assert fits(page)
        page.get_by_role("button", name="and change").click()
        expect(page.get_by_text("The Scale plan holds from now on.")).to_be_visible()
        expect(invoices.get_by_text("Change of plan")).to_be_visible()

        page.get_by_role("button", name="End the plan").click()
        expect(page.get_by_text("It ends on")).to_be_visible()
        page.get_by_role("button", name="Go on with Scale").click()
        expect(page.get_by_text("It renews on")).to_be_visible()

        page.get_by_label("Go on, $0.03 each").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Go on, $0.03 each")).to_be_checked()
    held = stored(on_trial)
    assert (held.plan, held.status, held.overage) == ("scale", "active", "bill")
    assert PaymentNotice.objects.filter(handled_at__isnull=False).exists()  # its webhooks have come, too
