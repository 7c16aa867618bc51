"""The first quarter of an hour: a salon signs up, looks at its checklist, and its agent answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.plans.models import Subscription
from apps.tenants.models import Membership, Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from tests.accounts.conftest import PASSWORD, code_in
from tests.e2e.widget_stub.browser import launched_browser

pytestmark = pytest.mark.browser


WIDTHS = pytest.mark.parametrize("width", [390, 1280])


@contextmanager
def browser_in_berlin(width: int) -> Iterator[Page]:
    """A browser that has never been here. The database is asked after it: Playwright keeps an event loop running."""
    errors: list[str] = []
    cache.clear()
    with launched_browser() as browser:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, timezone_id="Europe/Berlin", locale="de-DE"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []


def fill_in(page: Page) -> None:
    page.get_by_label("Name of your business").fill("Nina’s Salon")
    page.get_by_role("radio", name="Salon").check(force=True)
    page.get_by_label("Phone of the business").fill("030 901820")
    page.get_by_label("Your name").fill("Nina Novak")
    page.get_by_label("Your e-mail address").fill("nina@salon.example")
    page.get_by_label("Password").fill(PASSWORD)


@WIDTHS
def test_a_salon_signs_up_and_its_agent_answers(
    server: str, transactional_db: None, stand_in: None, width: int, tmp_path: Path
) -> None:
    with browser_in_berlin(width) as page:
        page.goto(f"{server}/")
        page.get_by_role("main").get_by_role("link", name="Start free").click()
        expect(page.get_by_label("Time zone")).to_have_value("Europe/Berlin")
        expect(page.get_by_label("Country")).to_have_value("DE")
        fill_in(page)
        page.get_by_role("main").get_by_role("button", name="Start free").click()

        expect(page.get_by_text("nina@salon.example")).to_be_visible()
        page.get_by_label("Code").fill(code_in(mail.outbox[-1]))
        page.get_by_role("button", name="Go on").click()

        page.wait_for_url("**/admin/")
        expect(page.get_by_text("14 days left in your trial.")).to_be_visible()
        steps = page.get_by_role("region", name="Getting started")
        expect(steps.get_by_text("1 of 6 done")).to_be_visible()

        with page.context.expect_page() as opened:
            steps.get_by_role("link", name="Try your agent").click()
        chat = opened.value
        expect(chat.locator(".prose").last).to_contain_text("welcome")
        chat.get_by_label("Your message").fill("How much is balayage?")
        chat.get_by_label("Your message").press("Enter")
        expect(chat.locator(".prose").last).to_contain_text("210", timeout=40_000)
        chat.close()

        page.reload()
        expect(steps.get_by_text("2 of 6 done")).to_be_visible()
        steps.get_by_role("button", name="They are right as they are").click()
        expect(steps.get_by_text("3 of 6 done")).to_be_visible()
        page.screenshot(path=str(tmp_path / "checklist.png"))

    with all_tenants(reason="test"):
        tenant = Tenant.objects.get(name="Nina’s Salon")
        assert Membership.objects.get().user.email == "nina@salon.example"
    assert tenant.time_zone == "Europe/Berlin"
    with tenant_scope(tenant.pk):
        assert Subscription.objects.get().trial_ends_at > timezone.now() + timedelta(days=13)


@WIDTHS
def test_what_is_wrong_is_said_beside_the_field(server: str, transactional_db: None, width: int) -> None:
    with browser_in_berlin(width) as page:
        page.goto(f"{server}/signup/?vertical=salon")
        fill_in(page)
        page.get_by_label("Your e-mail address").fill("nina")
        page.get_by_role("main").get_by_role("button", name="Start free").click()
        field = page.get_by_label("Your e-mail address")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value("nina")
        assert "id_email_error" in (field.get_attribute("aria-describedby") or "")
        expect(page.locator("#id_email_error")).to_contain_text("valid email")
        assert fits(page)


@WIDTHS
def test_the_price_by_the_year_is_chosen_by_keyboard(server: str, transactional_db: None, width: int) -> None:
    with browser_in_berlin(width) as page:
        page.goto(f"{server}/pricing/")
        expect(page.get_by_text("$499")).to_be_visible()
        page.get_by_label("Monthly").focus()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("$499")).not_to_be_visible()
        expect(page.get_by_text("$424.15")).to_be_visible()
        expect(page.get_by_text("$5,089.80")).to_be_visible()
        assert fits(page)


def fits(page: Page) -> bool:
    """Whether nothing makes the page wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
