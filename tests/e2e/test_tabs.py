"""Several tabs of one visitor, against the whole product: one conversation, the same in each."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from apps.conversations.models import Conversation
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.e2e.test_whole_path import WISH, say
from tests.e2e.widget_stub.browser import launched_browser

pytestmark = [pytest.mark.browser]


def opened(context: BrowserContext, server: str) -> Page:
    page = context.new_page()
    page.goto(f"{server}/demo/riverside-clinic/")
    page.locator("callsphere-widget button").first.click()
    expect(bubbles(page).first).to_contain_text("Grace")
    return page


def bubbles(page: Page) -> Locator:
    return page.frame_locator("callsphere-widget iframe").locator(".turn.user .bubble, .prose")


def settled(page: Page, count: int) -> list[str]:
    """All that is shown, once the answer is complete and there are `count` bubbles."""
    frame = page.frame_locator("callsphere-widget iframe")
    expect(bubbles(page)).to_have_count(count, timeout=20_000)
    expect(frame.get_by_role("button", name="Send")).to_be_visible(timeout=20_000)
    return bubbles(page).all_inner_texts()


def conversations(tenant: Tenant) -> int:
    with tenant_scope(tenant.pk):
        return Conversation.objects.count()


def test_every_tab_shows_the_same_conversation(server: str, clinic_demo: Tenant) -> None:
    before = conversations(clinic_demo)
    with launched_browser() as browser:
        context = browser.new_context(reduced_motion="reduce")
        first, second = opened(context, server), opened(context, server)
        say(first, WISH)
        shown = settled(first, 3)
        assert settled(second, 3) == shown
        say(second, "Maria Santos, born 4 May 1985")
        shown = settled(second, 5)
        assert settled(first, 5) == shown
        third = opened(context, server)
        assert settled(third, 5) == shown
        first.close()
        second.reload()
        assert settled(second, 5) == shown
    assert conversations(clinic_demo) == before + 1
