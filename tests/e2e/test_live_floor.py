"""The live floor of the demo's sales team in a real browser, against the whole product."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic, sleep
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.chat import demo
from apps.dashboard import floor as floor_module
from apps.dashboard import floors
from apps.tenants.models import Membership, Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from apps.verticals.sales import team
from apps.verticals.sales.models import TeamAgent
from tests.e2e.widget_stub.browser import launched_browser

LIVE = re.compile(r"^live · [0-2]\.\d s$")
OWNER, MANAGER = "owner@summit-sales.example", "manager@summit-sales.example"


@pytest.fixture
def summit_demo(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """The demo tenants as `make run` makes them: Summit Software, with its 37 agents."""
    monkeypatch.setattr(floor_module, "LINGER", 0.1)
    demo.load(now=datetime.now(UTC))
    with all_tenants(reason="test"):
        tenant = Tenant.objects.get(slug="summit-sales")
    yield tenant
    deadline = monotonic() + 30
    while not all(each.idle for each in [*floors._floors.values()]) and monotonic() < deadline:
        sleep(0.02)


def aside(work: Callable[[], Any]) -> Any:
    """Uses the database in a thread of its own: Playwright keeps an event loop in this one."""

    def done() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result(30)


def pause(tenant: Tenant, name: str) -> None:
    with tenant_scope(tenant.pk):
        agent = TeamAgent.objects.get(name=name)
        team.set_paused(agent=agent, is_paused=True, now=timezone.now(), actor="system")


def remove(tenant: Tenant, email: str) -> None:
    with tenant_scope(tenant.pk):
        Membership.objects.get(user__email=email).delete()


def log_in(page: Page, server: str, email: str) -> None:
    page.goto(f"{server}/dashboard/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(demo.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/dashboard/")


@pytest.mark.browser
@pytest.mark.timeout(180)
def test_a_manager_watches_the_floor_until_they_are_removed(server: str, summit_demo: Tenant) -> None:
    errors: list[str] = []
    with launched_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
        log_in(page, server, MANAGER)
        badge = page.locator("#badge-words")
        expect(badge).to_have_text(LIVE, timeout=20_000)
        expect(page.locator(".tile")).to_have_count(37)
        expect(page.locator("#watcher-count")).to_have_text("1 person watches")
        expect(page.locator("#campaigns")).to_contain_text("Webinar follow-up")
        oscar = page.locator(".tile", has=page.locator(".name", has_text="Oscar"))
        expect(oscar).to_have_attribute("data-state", "free")
        aside(lambda: pause(summit_demo, "Oscar"))
        expect(oscar).to_have_attribute("data-state", "paused")

        owner = browser.new_context(locale="en-US").new_page()
        log_in(owner, server, OWNER)
        expect(page.locator("#watcher-count")).to_have_text("2 people watch")
        oscar.click()
        expect(page.locator("[data-command='agent.assign_lead']")).to_have_attribute("title", "Oscar is paused.")
        page.locator("[data-command='agent.resume']").click()
        expect(page.locator(".outcome")).to_have_text("Letting Oscar go on: done")
        expect(oscar).to_have_attribute("data-state", "free")
        expect(owner.locator(".tile", has_text="Oscar")).to_have_attribute("data-state", "free")
        page.locator("[data-command='agent.assign_lead']").click()
        page.get_by_role("combobox").last.fill("theo grant")
        expect(page.locator("#lead-list + .note")).to_have_text("No lead matches.")  # he is closed
        page.get_by_role("combobox").last.fill("whitfield")
        expect(page.locator("#lead-list li")).to_have_count(1)

        aside(lambda: remove(summit_demo, MANAGER))
        expect(page.locator("#refused")).to_be_visible()
        expect(badge).to_have_text(re.compile("^stale since"))
        expect(owner.locator("#badge-words")).to_have_text(LIVE)
        expect(owner.locator("#watcher-count")).to_have_text("1 person watches", timeout=25_000)
    assert errors == []
