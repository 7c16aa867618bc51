"""A business from its first page to its first invoice, as its owner lives it; a customer on the business's own page."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from apps.analysis import work
from apps.chat import examiner
from apps.common.duties import Duty, Worker
from apps.conversations.models import Conversation, Purpose
from apps.plans.models import Subscription
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope
from tests import cluster
from tests.accounts.conftest import code_in
from tests.e2e.test_releases import save
from tests.e2e.test_sign_up import browser_in_berlin, fill_in, fits
from tests.plans.billing.provider import GOOD, Provider, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
GREETING = "Servus! What may it be today?"
SLOW = 40_000


@pytest.fixture(scope="module")
def till() -> Iterator[Provider]:
    """A payment provider of today, which posts its webhooks to the server. One for all: servers remember its prices."""
    with running(datetime.now(UTC), port=cluster.PAYMENTS_PORT) as started:
        started.post_webhooks()
        yield started


@pytest.fixture
def provider(till: Provider, settings: Settings) -> Provider:
    settings.STRIPE_API_BASE = till.till.url
    return till


@pytest.fixture
def worker() -> Iterator[None]:
    """Asks saved questions, and judges conversations an hour before their time, so that nobody waits for quiet."""
    duty = Duty("analysis", 0.5, lambda now: work.perform(now + timedelta(hours=1)))
    started = Worker([Duty("examinations", 0.2, examiner.perform), duty])
    started.start()
    yield
    assert started.stop(within=30)


@contextmanager
def foreign_page(server: str, key: str) -> Iterator[str]:
    """The salon's own site, on an origin of its own; its address."""
    product = server.replace("127.0.0.1", "localhost")
    html = f'<!doctype html><title>Nina</title><script async src="{product}/widget/v1.js" data-key="{key}"></script>'

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *args: Any) -> None: ...

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{site.server_port}/"
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def signed_up(page: Page, server: str) -> None:
    page.goto(f"{server}/signup/")
    fill_in(page)
    page.get_by_role("main").get_by_role("button", name="Start free").click()
    expect(page.get_by_text("nina@salon.example")).to_be_visible()
    page.get_by_label("Code").fill(code_in(mail.outbox[-1]))
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/admin/")


def change_the_greeting(page: Page, server: str) -> None:
    """Draft, difference, saved question, test, publication."""
    page.goto(f"{server}/admin/agents/agent/")
    page.locator("#result_list a[href*='/change/']").first.click()
    save(page, "Start a draft")
    page.fill("#id_greeting", GREETING)
    save(page)
    expect(page.locator(".cs-changes")).to_contain_text("Servus!")
    expect(page.frame_locator("#cs-try-chat iframe").locator(".log")).to_contain_text("Servus!")
    page.get_by_role("link", name="Add a question").click()
    page.fill("#id_question", "How much is balayage?")
    page.fill("#id_says", "210")
    save(page, "Save")
    save(page, "Save and ask them")
    expect(page.get_by_text("1 saved question passed for exactly this draft")).to_be_visible(timeout=SLOW)
    save(page, "Save and publish")
    expect(page.get_by_text("is what visitors meet from now on")).to_be_visible()
    assert fits(page)


def ask(customer: Page, text: str) -> None:
    field = customer.frame_locator("callsphere-widget iframe").get_by_label("Your message")
    field.fill(text)
    field.press("Enter")


def talk_and_take_over(context: BrowserContext, owner: Page, server: str, shop: str) -> None:
    """A customer asks the agent, then for a person; the owner takes over, answers and hands back."""
    customer = context.browser.new_context().new_page()  # type: ignore[union-attr]
    customer.goto(shop)
    customer.locator("callsphere-widget button").first.click()
    chat = customer.frame_locator("callsphere-widget iframe")
    expect(chat.locator(".prose").last).to_contain_text("Servus!", timeout=SLOW)
    ask(customer, "How much is balayage?")
    expect(chat.locator(".prose").last).to_contain_text("210", timeout=SLOW)
    expect(chat.get_by_role("button", name="Send")).to_be_visible(timeout=SLOW)

    owner.goto(f"{server}/inbox/")
    ask(customer, "I want to talk to a real person!")
    owner.get_by_role("listitem").filter(has_text="Waits").click(timeout=SLOW)
    owner.get_by_role("button", name="Take over").click()
    owner.get_by_label("Your message").fill("Nina here. What may I do for you?")
    owner.get_by_role("button", name="Send").click()
    expect(chat.locator(".by-person .bubble")).to_have_text("Nina here. What may I do for you?", timeout=SLOW)
    owner.locator(".verbs").get_by_role("button", name="Hand back").click()
    owner.locator("#note-dialog").get_by_role("button", name="Hand back").click()
    expect(chat.locator("#standing")).to_be_hidden(timeout=SLOW)
    ask(customer, "When are you open?")
    expect(chat.locator(".prose").last).to_contain_text(re.compile("open|closed"), timeout=SLOW)
    expect(chat.get_by_role("button", name="Send")).to_be_visible(timeout=SLOW)
    assert fits(owner)


def pay_for_growth(page: Page, server: str) -> None:
    page.goto(f"{server}/admin/plans/subscription/")
    page.get_by_role("button", name="Choose Growth").click()
    expect(page.get_by_text("Simulated payment provider")).to_be_visible()
    page.get_by_label("Card number").fill(GOOD)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("The Growth plan is on, your agents answer.")).to_be_visible(timeout=SLOW)
    invoices = page.get_by_role("region", name="Invoices")
    expect(invoices.get_by_text("$499")).to_be_visible()
    expect(invoices.get_by_text("Paid", exact=True)).to_be_visible()
    assert fits(page)


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_first_page_to_the_first_invoice(
    server: str, transactional_db: None, stand_in: None, provider: Provider, worker: None, width: int
) -> None:
    keys: list[str] = []

    def read() -> None:  # Playwright keeps an event loop running in this thread
        with all_tenants(reason="test"):
            keys.append(WidgetKey.objects.get().key)

    with browser_in_berlin(width) as page:
        page.set_default_timeout(SLOW)
        signed_up(page, server)
        change_the_greeting(page, server)
        reading = threading.Thread(target=read)
        reading.start()
        reading.join()
        with foreign_page(server, keys[0]) as shop:
            talk_and_take_over(page.context, page, server, shop)
        page.goto(f"{server}/admin/conversations/conversation/")
        page.locator("#result_list a[href*='/change/']").first.click()
        analysis = page.get_by_role("region", name="Analysis")
        for _ in range(20):  # the worker is at it
            if analysis.get_by_text("Simulated").count():
                break
            page.wait_for_timeout(500)
            page.reload()
        expect(analysis).to_contain_text("Simulated")
        assert fits(page)
        pay_for_growth(page, server)
    with all_tenants(reason="test"):
        tenant = Tenant.objects.get()
    with tenant_scope(tenant.pk):
        subscription = Subscription.objects.get()
        assert (subscription.plan, subscription.status) == ("growth", "active")
        assert subscription.trial_ends_at > timezone.now()
        live = Conversation.objects.get(purpose=Purpose.LIVE)
        assert [turn.role for turn in live.turns.exclude(text="").order_by("number")][-1] == "agent"
