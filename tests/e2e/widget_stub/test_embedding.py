"""The loader and the page around it: one line of script on somebody else's site."""

import gzip

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.widget_stub import ROOT
from tests.e2e.widget_stub.scenes import SHOWN
from tests.e2e.widget_stub.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_loader_stays_small() -> None:
    assert len(gzip.compress((ROOT / "static/widget/v1.js").read_bytes(), 9)) <= 6 * 1024


def test_script_included_twice_makes_one_widget(visitor: Visitor) -> None:
    expect(visitor.page.locator("callsphere-widget")).to_have_count(1)


def test_tenant_closed_from_the_start(context: BrowserContext, stub: dict[str, str]) -> None:
    visitor = Visitor(context, stub, "?key=wk_closed")
    visitor.launcher.click()
    expect(visitor.answers).to_have_text("We are closed for the holidays.")
    expect(visitor.field).to_be_disabled()


def test_keyboard_alone_is_enough(context: BrowserContext, stub: dict[str, str]) -> None:
    visitor = Visitor(context, stub)
    keyboard = visitor.page.keyboard
    visitor.page.get_by_role("button", name="Buy").focus()
    keyboard.press("Tab")
    expect(visitor.launcher).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")
    keyboard.press("Enter")
    expect(visitor.launcher).to_have_attribute("aria-expanded", "true")
    expect(visitor.field).to_be_focused()
    keyboard.type("first line")
    keyboard.press("Shift+Enter")
    keyboard.type("second line")
    keyboard.press("Enter")
    expect(visitor.frame.locator(".turn.user .bubble")).to_have_text("first line\nsecond line")
    expect(visitor.answers.nth(1)).to_have_text(SHOWN)
    for name in ("Conversation", "Close chat", "More"):  # backwards from the field
        keyboard.press("Shift+Tab")
        expect(visitor.frame.get_by_label(name, exact=True)).to_be_focused()
    keyboard.press("Enter")
    expect(visitor.frame.get_by_role("menuitem", name="New conversation")).to_be_focused()
    keyboard.press("Escape")
    expect(visitor.frame.get_by_role("menu")).to_be_hidden()
    expect(visitor.frame.get_by_role("button", name="More")).to_be_focused()
    keyboard.press("Escape")
    expect(visitor.launcher).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")


def test_unread_answer_is_counted_on_the_button(visitor: Visitor) -> None:
    visitor.say("/gate")
    visitor.frame.get_by_role("button", name="Close chat").click()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")
    visitor.open_gate()
    expect(visitor.launcher).to_have_accessible_name("Open chat, 1 unread")
    expect(visitor.launcher.locator(".badge")).to_have_text("1")
    visitor.launcher.click()
    expect(visitor.answers.nth(1)).to_have_text(SHOWN)
    expect(visitor.launcher.locator(".badge")).to_be_hidden()


def test_a_call_is_seen_on_the_button(visitor: Visitor) -> None:
    frame = visitor.page.locator("callsphere-widget iframe")
    expect(frame).to_have_attribute("allow", "microphone; screen-wake-lock")
    visitor.frame.get_by_role("button", name="Close chat").click()
    for on, name in ((True, "Open chat, on a call"), (False, "Open chat")):
        visitor.frame.locator("html").evaluate(
            "(_, on) => parent.postMessage({callsphere: 1, type: 'call', on}, '*')", on
        )
        expect(visitor.launcher).to_have_accessible_name(name)


def test_phone_fills_the_screen(browser: Browser, context: BrowserContext, stub: dict[str, str]) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    visitor = Visitor(phone, stub).open()
    panel = visitor.page.locator("callsphere-widget .panel")
    expect(panel).to_have_css("top", "0px")
    box = panel.bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    assert visitor.page.evaluate("getComputedStyle(document.documentElement).overflow") == "hidden"
    visitor.frame.get_by_role("button", name="Close chat").click()
    expect(visitor.launcher).to_be_visible()
    assert visitor.page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"
    phone.close()


def test_narrowest_phone_scrolls_nowhere_sideways(
    browser: Browser, context: BrowserContext, stub: dict[str, str]
) -> None:
    phone = browser.new_context(viewport={"width": 320, "height": 568})
    page = phone.new_page()
    for path in ("/", "/demo/riverside-clinic/", "/widget/frame/wk_stub"):
        page.goto(stub["product"] + path)
        assert page.evaluate("document.scrollingElement.scrollWidth") == 320, path
    phone.close()


def test_messages_from_other_windows_move_nothing(visitor: Visitor) -> None:
    # The page itself, and any frame in it, can post to the page; only the widget's frame may be obeyed.
    visitor.page.evaluate(
        "for (const type of ['close', 'size']) postMessage({callsphere: 1, type, expanded: true}, '*')"
    )
    visitor.page.evaluate("new Promise(done => { addEventListener('message', done); postMessage(0, '*') })")
    expect(visitor.launcher).to_have_attribute("aria-expanded", "true")
    expect(visitor.page.locator("callsphere-widget .wide")).to_have_count(0)


def test_page_that_is_not_allowed_is_not_heard(context: BrowserContext, stub: dict[str, str]) -> None:
    page = context.new_page()
    page.goto(stub["customer"].replace("127.0.0.1", "localhost") + "/stranger")
    inner = page.frame_locator("iframe")
    expect(inner.locator(".prose")).to_contain_text("I am Ava")
    page.evaluate(
        """() => frames[0].postMessage(
             {callsphere: 1, type: "host", lang: "en", theme: "dark", page: "x", open: true}, "*")"""
    )
    inner.locator("html").evaluate("() => new Promise(done => { addEventListener('message', done); postMessage(0) })")
    assert inner.locator("html").get_attribute("data-theme") is None
    assert inner.locator("html").get_attribute("data-mode") is None


def test_page_script_api_and_attributes(context: BrowserContext, stub: dict[str, str]) -> None:
    visitor = Visitor(context, stub, "?position=left&accent=%23ffd400&label=Ask%20us")
    expect(visitor.launcher).to_have_text("Ask us")
    expect(visitor.launcher).to_have_css("color", "rgb(17, 18, 23)")  # dark words on a light accent
    box = visitor.launcher.bounding_box()
    assert box is not None
    assert box["x"] == 20
    expect(visitor.page.locator("callsphere-widget iframe")).to_have_count(0)  # loaded when it is needed
    visitor.page.evaluate("CallSphere.open()")
    expect(visitor.frame.get_by_role("log")).to_be_visible()
    visitor.page.evaluate("CallSphere.toggle()")
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")


def test_inline_widget_fills_its_element(context: BrowserContext, stub: dict[str, str]) -> None:
    page = context.new_page()
    page.goto(stub["product"] + "/")
    expect(page.locator("callsphere-widget button")).to_have_count(0)
    frame = page.frame_locator("callsphere-widget iframe")
    expect(frame.get_by_role("button", name="Close chat")).to_be_hidden()
    page.get_by_role("button", name="Ask the agent").click()
    expect(page.locator("callsphere-widget")).to_be_focused()
    outer, inner = (
        page.locator(".stage").bounding_box(),
        page.locator("callsphere-widget iframe").bounding_box(),
    )
    assert outer is not None
    assert inner is not None
    assert (inner["width"], inner["height"]) == (outer["width"], outer["height"])
