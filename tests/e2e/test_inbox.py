"""A visitor's page and the team's inbox, side by side in Chromium: asked for, taken over, answered, handed back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect

from apps.chat.demo import PASSWORD
from apps.conversations.models import Turn
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.e2e.widget_stub.browser import launched_browser

WISH = "I want to talk to a real person!"


def say(page: Page, text: str) -> None:
    field = page.get_by_label("Your message")
    field.fill(text)
    field.press("Enter")


def logged_in(page: Page, server: str) -> Page:
    page.goto(f"{server}/inbox/")
    page.fill("[name=login]", "owner@riverside-clinic.example")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    return page


@pytest.mark.browser
@pytest.mark.timeout(180)
@pytest.mark.parametrize("width", [390, 1280])
def test_a_person_takes_over_and_hands_back(server: str, clinic_demo: Tenant, width: int, tmp_path: Path) -> None:
    errors: list[str] = []
    with launched_browser() as browser:
        inbox = browser.new_page(viewport={"width": width, "height": 844})
        visitor = browser.new_page(viewport={"width": 480, "height": 760})
        for page in (inbox, visitor):
            page.on("pageerror", lambda error: errors.append(str(error)))
        logged_in(inbox, server)
        visitor.goto(f"{server}/widget/frame/wk_demo_healthcare")
        say(visitor, WISH)
        # Somebody looks at the inbox, so a person is promised.
        expect(visitor.locator("#standing")).to_contain_text("a person joins us here", timeout=20_000)

        row = inbox.get_by_role("listitem").filter(has_text="Waits")
        expect(row).to_be_visible(timeout=20_000)
        expect(inbox).to_have_title(re.compile(r"^\(1\) Inbox"))
        inbox.keyboard.press("j")
        inbox.keyboard.press("Enter")
        expect(inbox.locator(".log")).to_contain_text(WISH)
        inbox.keyboard.press("t")
        answer = inbox.get_by_label("Your message")
        expect(answer).to_be_focused()
        answer.press_sequentially("I am a person. ")
        expect(visitor.locator("#standing")).to_contain_text("is writing")
        answer.press_sequentially("What is it?")
        answer.press("Enter")

        expect(visitor.locator(".by-person .bubble")).to_have_text("I am a person. What is it?")
        expect(visitor.locator("#agent")).to_have_text("Olivia")
        say(visitor, "My knee hurts")
        expect(inbox.locator(".log")).to_contain_text("My knee hurts")
        visitor.reload()
        expect(visitor.locator(".by-person .bubble")).to_have_text("I am a person. What is it?")
        expect(visitor.locator("#standing")).to_contain_text("You are talking to Olivia")

        inbox.locator(".verbs").get_by_role("button", name="Hand back").click()
        inbox.get_by_label("A note for the agent").fill("A nurse calls at five.")
        inbox.locator("#note-dialog").get_by_role("button", name="Hand back").click()
        expect(visitor.locator("#standing")).to_be_hidden()
        expect(inbox.locator(".log")).to_contain_text("A nurse calls at five.")
        say(visitor, "What are your opening hours?")
        expect(visitor.locator(".prose").last).to_contain_text("open", timeout=20_000)
        expect(inbox.locator(".log")).to_contain_text("What are your opening hours?", timeout=20_000)
        inbox.screenshot(path=str(tmp_path / f"inbox-{width}.png"))
        expect(visitor.locator("body")).not_to_contain_text("A nurse calls at five.")
    assert errors == []
    with tenant_scope(clinic_demo.pk):
        texts = list(Turn.objects.filter(role="supervisor").values_list("text", "unheard"))
    assert texts == [("I am a person. What is it?", ""), ("", "A nurse calls at five.")]


def inbox_and_visitor(browser: Browser, server: str) -> tuple[Page, Page]:
    """The visitor has said hello and been answered."""
    inbox = logged_in(browser.new_page(viewport={"width": 1280, "height": 844}), server)
    visitor = browser.new_page()
    visitor.goto(f"{server}/widget/frame/wk_demo_healthcare")
    say(visitor, "hello")
    expect(visitor.get_by_role("button", name="Send")).to_be_visible()
    return inbox, visitor


def press(page: Page, button: Locator) -> None:
    """The finger is down, and stays there."""
    button.hover()
    page.mouse.down()


@pytest.mark.browser
def test_news_under_a_pressed_button_does_not_take_the_click(server: str, clinic_demo: Tenant) -> None:
    with launched_browser() as browser:
        inbox, visitor = inbox_and_visitor(browser, server)
        row = inbox.get_by_role("listitem").filter(has_text="Visitor")
        with inbox.expect_response(re.compile("[?&]ids=")):
            press(inbox, row)
            say(visitor, "Are you there?")
        inbox.mouse.up()
        expect(inbox.locator(".log")).to_contain_text("Are you there?")
        press(inbox, inbox.get_by_role("button", name="Take over"))
        say(visitor, "Still there?")
        expect(inbox.locator(".log")).to_contain_text("Still there?")
        inbox.mouse.up()
        expect(inbox.get_by_label("Your message")).to_be_focused()


@pytest.mark.browser
def test_a_slow_answer_does_not_bring_back_how_it_was(server: str, clinic_demo: Tenant) -> None:
    """The page has asked before the chat was taken over, and is told afterwards."""
    with launched_browser() as browser:
        inbox, visitor = inbox_and_visitor(browser, server)
        inbox.get_by_role("listitem").first.click()
        expect(inbox.locator(".log")).to_contain_text("hello")
        slow: list[tuple[Route, APIResponse]] = []
        inbox.route(re.compile("[?&]after="), lambda route: slow.append((route, route.fetch())), times=1)
        say(visitor, "Are you there?")
        while not slow:
            inbox.wait_for_timeout(20)
        inbox.get_by_role("button", name="Take over").click()
        expect(inbox.get_by_label("Your message")).to_be_focused()
        [(route, answer)] = slow
        with inbox.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(response=answer)
        inbox.evaluate("fetch('/healthz').then((answer) => answer.text())")
        expect(inbox.get_by_label("Your message")).to_be_focused()


@pytest.mark.browser
def test_an_idle_page_hears_a_person_who_begins(server: str, clinic_demo: Tenant) -> None:
    """No run of the visitor's is under way, and nobody was asked for."""
    with launched_browser() as browser:
        inbox, visitor = inbox_and_visitor(browser, server)
        inbox.get_by_role("listitem").first.click(timeout=20_000)
        inbox.get_by_role("button", name="Take over").click()
        inbox.get_by_label("Your message").fill("May I help?")
        inbox.get_by_role("button", name="Send").click()
        expect(visitor.locator(".by-person .bubble")).to_have_text("May I help?")
