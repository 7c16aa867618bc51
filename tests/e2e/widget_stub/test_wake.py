"""Pages that stop and come back: frozen, put aside for the back button, offline, asked to come back later."""

import json
import re
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.e2e.widget_stub.raw_tab import PATIENCE, RawBrowser, RawTab
from tests.e2e.widget_stub.scenes import RETRY_MS, SHOWN
from tests.e2e.widget_stub.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once]

RUNS = r"/api/chat/runs/\w+/stream"
STREAM_LOCKS = """navigator.locks.query().then(({held, pending}) =>
    [...held, ...pending].filter(({name}) => name.endsWith(":stream")).length)"""
SHOWN_JS = json.dumps(SHOWN)


class Tabs:
    """Tabs that can be hidden and frozen, each with the widget's frame."""

    def __init__(self, browser: Browser, context: BrowserContext, stub: dict[str, str]) -> None:
        self.raw = RawBrowser(browser)
        self.context = context
        self.stub = stub

    def open(self) -> RawTab:
        tab = self.raw.open(self.stub["product"] + "/widget/frame/wk_stub")
        tab.wait_for("document.querySelector('.prose')?.textContent.includes('I am Ava')")
        return tab

    def get(self, path: str) -> Any:
        return self.context.request.get(self.stub["product"] + path).json()

    def wait_for_streams(self, count: int) -> None:
        """Until so many were asked for since the test began."""
        deadline = monotonic() + PATIENCE
        while sum(entry["path"].endswith("/stream") for entry in self.get("/stub/log")) < count:
            assert monotonic() < deadline, f"there were never {count} streams"
            sleep(0.05)

    def open_gate(self) -> None:
        self.context.request.post(self.stub["product"] + "/stub/gate")


@pytest.fixture
def tabs(browser: Browser, still: BrowserContext, stub: dict[str, str]) -> Iterator[Tabs]:
    tabs = Tabs(browser, still, stub)
    yield tabs
    tabs.raw.close()


def begun(tab: RawTab) -> None:
    tab.wait_for("document.querySelectorAll('.prose')[1]?.textContent.includes('three times')")


def assert_asked_and_answered(tab: RawTab, *asked: str) -> None:
    tab.wait_for(f"document.querySelectorAll('.prose').length === {len(asked) + 1}")
    tab.wait_for(f"[...document.querySelectorAll('.prose')].slice(1).every((el) => el.textContent === {SHOWN_JS})")
    assert tab.texts(".turn.user .bubble") == list(asked)


def test_frozen_tab_hands_over_and_catches_up(tabs: Tabs) -> None:
    reading, other = tabs.open(), tabs.open()
    reading.say("/gate")
    begun(other)
    reading.freeze()
    tabs.wait_for_streams(2)
    assert tabs.get("/stub/streams")["open"] == 1, "the frozen tab let go of its connection"
    tabs.open_gate()
    assert_asked_and_answered(other, "/gate")
    other.say("while you slept")
    assert_asked_and_answered(other, "/gate", "while you slept")
    reading.thaw()
    assert_asked_and_answered(reading, "/gate", "while you slept")


def test_frozen_listener_is_in_nobodys_way(tabs: Tabs) -> None:
    listening, reading = tabs.open(), tabs.open()
    reading.say("/gate")
    begun(listening)
    listening.freeze()
    tabs.open_gate()
    assert_asked_and_answered(reading, "/gate")
    reading.wait_for("!document.querySelector('.send').hidden")
    assert reading.evaluate(STREAM_LOCKS) == 0, "or the next message would wait for it"
    listening.thaw()
    assert_asked_and_answered(listening, "/gate")


def leave(tab: RawTab, tabs: Tabs) -> None:
    tab.evaluate("void addEventListener('pageshow', (event) => { window.persisted = event.persisted })")
    tab.evaluate(f"location.href = '{tabs.stub['customer']}/page/404'")
    tab.wait_for("location.pathname === '/page/404' && document.readyState === 'complete'")


def come_back(tab: RawTab) -> None:
    tab.evaluate("history.back()")
    tab.wait_for("location.pathname.startsWith('/widget/frame/')")
    assert tab.evaluate("window.persisted") is True, "the page was loaded anew, so this shows nothing"


def test_back_button_goes_on_in_the_same_bubble(tabs: Tabs) -> None:
    tab = tabs.open()
    tab.say("/gate")
    begun(tab)
    leave(tab, tabs)
    come_back(tab)
    begun(tab)
    tabs.open_gate()
    assert_asked_and_answered(tab, "/gate")


def test_back_button_shows_what_another_tab_did_meanwhile(tabs: Tabs) -> None:
    other, tab = tabs.open(), tabs.open()
    tab.say("hello")
    assert_asked_and_answered(tab, "hello")
    leave(tab, tabs)
    other.say("are you still there?")
    assert_asked_and_answered(other, "hello", "are you still there?")
    come_back(tab)
    assert_asked_and_answered(tab, "hello", "are you still there?")
    other.say("/gate")
    tab.wait_for("document.querySelectorAll('.prose')[3]?.textContent.includes('three times')")


def test_offline_during_an_answer(visitor: Visitor) -> None:
    visitor.say("/gate")
    expect(visitor.answers.nth(1)).to_contain_text("three times")
    visitor.context.set_offline(True)
    expect(visitor.frame.locator("#banner")).to_contain_text("You are offline")
    visitor.context.set_offline(False)
    visitor.wait_for_log(RUNS)
    visitor.open_gate()
    expect(visitor.answers.nth(1)).to_have_text(SHOWN)
    expect(visitor.frame.locator("#banner")).to_be_hidden()
    visitor.expect_idle()
    expect(visitor.answers).to_have_count(2)


def test_server_that_asks_to_come_back_is_given_its_time_without_a_word(visitor: Visitor) -> None:
    visitor.frame.locator("#banner").evaluate(
        """(banner) => {
            banner.said = [];
            new MutationObserver(() => banner.said.push(banner.textContent)).observe(banner, {childList: true});
        }"""
    )
    visitor.say("/drain")
    expect(visitor.answers.nth(1)).to_have_text(SHOWN)
    (post,) = visitor.log("/api/chat/stream")
    (resumed,) = visitor.log(RUNS)
    assert resumed["at"] - post["at"] >= RETRY_MS / 1000
    assert resumed["last_event_id"].endswith(":6")
    assert [said for said in visitor.frame.locator("#banner").evaluate("(banner) => banner.said") if said] == []


def test_long_break_is_mentioned_and_heals(visitor: Visitor) -> None:
    sent = iter([True])

    def only_the_first_post(route: Route) -> None:
        # A cut may lose even the run's name, and then the widget comes back by posting its message again.
        if route.request.method == "POST" and next(sent, False):
            route.continue_()
        else:
            route.abort()

    roads = re.compile(r"/api/chat/(runs/|stream$)")
    visitor.context.route(roads, only_the_first_post)
    visitor.say("/cut")
    banner = visitor.frame.locator("#banner")
    expect(banner).to_have_text("Reconnecting…")
    visitor.context.unroute(roads)
    expect(visitor.answers.nth(1)).to_have_text(SHOWN, timeout=15_000)
    expect(banner).to_be_hidden()


def test_token_that_ran_out_over_night_is_renewed_and_the_conversation_goes_on(visitor: Visitor) -> None:
    visitor.say("hello")
    expect(visitor.answers.nth(1)).to_have_text(SHOWN)
    visitor.expire_tokens()
    visitor.say("good morning")
    expect(visitor.answers.nth(2)).to_have_text(SHOWN)
    visitor.expire_tokens()
    visitor.page.reload()
    expect(visitor.frame.locator(".turn.user .bubble")).to_have_text(["hello", "good morning"])
    assert len({entry["body"].get("conversation") for entry in visitor.log("/api/chat/stream")[1:]}) == 1


def test_second_device_with_the_visitors_token_shows_the_same_bubble(
    visitor: Visitor, browser: Browser, stub: dict[str, str]
) -> None:
    visitor.say("/gate")
    expect(visitor.answers.nth(1)).to_contain_text("three times")
    state = visitor.frame.locator("html").evaluate("() => sessionStorage.getItem('callsphere:wk_stub')")
    device = browser.new_context(reduced_motion="reduce")
    device.add_init_script(f"sessionStorage.setItem('callsphere:wk_stub', {json.dumps(state)})")
    second = Visitor(device, stub).open()
    expect(second.answers.nth(1)).to_contain_text("Of course. We have three times")
    assert visitor.streams()["open"] == 2, "each device has its own"
    visitor.open_gate()
    for each in (visitor, second):
        expect(each.answers.nth(1)).to_have_text(SHOWN)
        expect(each.frame.locator(".turn.user .bubble")).to_have_text(["/gate"])
        expect(each.answers).to_have_count(2)
    assert second.errors == []
    device.close()
