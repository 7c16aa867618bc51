"""An owner changes an agent without fear, and sees what came of its conversations: in Chromium, wide and on a phone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.agents import model
from apps.agents.models import AgentVersion
from apps.analysis import work
from apps.chat import examiner
from apps.common import duties
from apps.common.duties import Duty, Worker
from apps.conversations.models import Conversation
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.analysis.conftest import talk
from tests.chat.conftest import open_for_business
from tests.conftest import PASSWORD, make_member, make_tenant
from tests.e2e.widget_stub.browser import launched_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
OWNER = "alice@riverside.example"
WIDTHS = pytest.mark.parametrize("width", [1280, 390])
SLOW = 30_000


@pytest.fixture
def widget(transactional_db: None) -> WidgetKey:
    tenant = make_tenant("riverside", "Riverside Clinic")
    make_member(OWNER, tenant)
    return open_for_business(tenant, key="wk_riverside")


@pytest.fixture
def worker() -> Iterator[None]:
    """Asks saved questions, as the worker of a deployment does."""
    running = Worker([Duty("examinations", 0.2, examiner.perform)])
    running.start()
    yield
    assert running.stop(within=20)
    duties.complete(model.close())


@contextmanager
def admin(server: str, width: int) -> Iterator[Page]:
    """The admin as the owner sees it; nothing on the way may fail in the browser."""
    errors: list[str] = []
    with launched_browser() as browser:
        page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
        page.set_default_timeout(SLOW)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server}/admin/login/")
        page.fill("[name=login]", OWNER)
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/admin/")
        yield page
    assert errors == []


def assert_it_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]


def open_agent(page: Page, server: str) -> None:
    page.goto(f"{server}/admin/agents/agent/")
    page.locator("#result_list a[href*='/change/']").first.click()
    expect(page.get_by_role("heading", name=re.compile("What visitors meet"))).to_be_visible()


def save(page: Page, button: str = "Save and continue editing") -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


@WIDTHS
def test_a_draft_is_changed_tried_asked_and_published(server: str, widget: WidgetKey, worker: None, width: int) -> None:
    with admin(server, width) as page:
        open_agent(page, server)
        save(page, "Start a draft")
        page.fill("#id_greeting", "Good day! How can we help?")
        page.fill("#id_suggestions", "What are your opening hours?")
        save(page)
        expect(page.get_by_text("as saved: 2 parts")).to_be_visible()
        assert_it_fits(page)

        chat = page.frame_locator("#cs-try-chat iframe")
        expect(chat.locator(".log")).to_contain_text("Good day!")
        chat.get_by_role("button", name="What are your opening hours?").click()
        expect(chat.locator(".prose").last).to_contain_text(re.compile("open|closed"), timeout=SLOW)
        expect(chat.locator("#suggestions")).to_be_hidden()
        form, beside = page.locator("#agent_form").bounding_box(), page.locator(".cs-try").bounding_box()
        assert form is not None
        assert beside is not None
        if width > 1_000:
            assert beside["x"] >= form["x"] + form["width"], "beside the form"
        else:
            assert beside["y"] >= form["y"] + form["height"], "below it"

        page.get_by_role("link", name="Add a question").click()
        page.fill("#id_question", "What are your opening hours?")
        page.fill("#id_says", "open")
        save(page, "Save")
        save(page, "Save and publish")
        expect(page.get_by_role("alert").first).to_contain_text("have not been put to exactly this draft")
        save(page, "Save and ask them")
        expect(page.get_by_text("1 saved question passed for exactly this draft")).to_be_visible(timeout=SLOW)
        save(page, "Save and publish")
        expect(page.get_by_text("is what visitors meet from now on")).to_be_visible()
        assert_it_fits(page)
        with page.expect_navigation():
            page.get_by_role("button", name="Go back to version 1").click()
        expect(page.get_by_role("heading", name="What visitors meet: version 3")).to_be_visible()
    with tenant_scope(widget.tenant_id):
        assert dict(AgentVersion.objects.values_list("number", "status")) == {
            1: "retired", 2: "retired", 3: "published",
        }  # fmt: skip
        assert set(Conversation.objects.values_list("purpose", flat=True)) == {"test", "check"}


@WIDTHS
def test_a_conflict_is_shown_and_merged(server: str, widget: WidgetKey, width: int) -> None:
    with admin(server, width) as page:
        open_agent(page, server)
        save(page, "Start a draft")
        other = page.context.new_page()
        other.goto(page.url)
        other.fill("#id_greeting", "Their greeting")
        other.fill("#id_instructions", "Their instructions.")
        save(other)
        page.fill("#id_instructions", "My instructions.")
        save(page)
        expect(page.get_by_role("heading", name="Two people edited this draft")).to_be_visible()
        expect(page.locator("#id_greeting")).to_have_value("Their greeting")
        expect(page.locator("#id_instructions")).to_have_value("My instructions.")
        assert_it_fits(page)
        page.get_by_text("What they saved, to copy from").click()
        page.get_by_role("button", name="Put theirs into the form").click()
        expect(page.locator("#id_instructions")).to_have_value("Their instructions.")
        page.fill("#id_instructions", "Their instructions. My instructions.")
        save(page)
        expect(page.get_by_role("heading", name="Two people edited this draft")).to_have_count(0)
    with tenant_scope(widget.tenant_id):
        draft = AgentVersion.objects.get(status="draft")
        assert (draft.greeting, draft.instructions) == ("Their greeting", "Their instructions. My instructions.")


@WIDTHS
def test_the_analysis_is_drawn_and_told_in_numbers(server: str, widget: WidgetKey, width: int) -> None:
    now = timezone.now()
    with tenant_scope(widget.tenant_id):
        tenant = widget.tenant
    for _ in range(3):
        talk(tenant, "I want to book an appointment", "Done.", "Perfect, thank you!", "Bye.", at=now - work.IDLE)
    assert work.perform(now) == 3
    with admin(server, width) as page:
        page.goto(f"{server}/admin/analysis/analysis/report/")
        expect(page.get_by_role("img", name=re.compile("Answered and resolved"))).to_be_visible()
        assert page.locator(".cs-chart rect.is-answered").count() == 30
        assert_it_fits(page)
        page.get_by_text("The numbers").click()
        expect(page.get_by_role("rowheader", name=re.compile(r"\w+, \w+ \d+")).last).to_be_visible()
        assert_it_fits(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Conversations as CSV").click()
        assert download.value.suggested_filename.endswith(".csv")
        page.get_by_role("link", name="7 days").click()
        assert page.locator(".cs-chart rect.is-answered").count() == 7
        page.get_by_role("link", name="All analyses").click()
        page.get_by_role("link", name="Book an appointment").first.click()
        expect(page.get_by_role("region", name="Analysis")).to_contain_text("Simulated")
        assert_it_fits(page)
