"""A call from within the chat frame, and the way back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.voice.browser.conftest import opened
from tests.voice.browser.stub import Line, Stub, eventually

pytestmark = [pytest.mark.browser, pytest.mark.once]

FRAME = "/widget/frame/wk_stub"


@pytest.fixture
def frame(browser: Browser, stub: Stub) -> Iterator[Page]:
    with opened(browser, stub, path=FRAME, viewport={"width": 390, "height": 700}) as page:
        yield page


def chat(page: Page) -> Locator:
    return page.get_by_role("log", name="Messages")


def start(page: Page, stub: Stub) -> Line:
    page.get_by_role("button", name="Call instead").click()
    page.get_by_role("button", name="Start the call").click()
    line = stub.answer().ready(limit_s=None)
    expect(page.get_by_role("status").get_by_text("On the call")).to_be_visible()
    return line


def speak(line: Line) -> None:
    """A greeting that is cut short, and a question."""
    line.send("transcript", who="agent", text="Hello, this is Ava.", final=False, id="i1")
    line.send("transcript", who="agent", text="Hello,", final=True, id="i1")
    line.send("transcript", who="visitor", text="Are you open?", final=True, id="i2")


def test_what_was_said_is_in_the_conversation_afterwards(frame: Page, stub: Stub) -> None:
    line = start(frame, stub)
    [asked] = stub.asked
    assert asked["widget"] == "wk_stub"
    assert re.fullmatch(r"Bearer tok_\d+", asked["authorization"])
    expect(chat(frame)).to_be_hidden()
    speak(line)
    expect(frame.get_by_text("Are you open?")).to_be_visible()
    line.send("ended", reason="goodbye")
    expect(chat(frame).locator(".prose")).to_have_text([re.compile("I am Ava"), "Hello, …"])
    expect(chat(frame).locator(".turn.user .bubble")).to_have_text(["Are you open?"])
    expect(chat(frame).locator(".called")).to_have_text([re.compile(r"Call, 0:\d\d"), "The agent said goodbye."])
    expect(frame.get_by_label("Your message")).to_be_focused()
    expect(frame.locator("#announcer")).to_have_text("The agent said goodbye.")  # and not all that was said, again
    before = chat(frame).inner_text()
    frame.reload()
    expect(chat(frame)).to_have_text(re.compile("Are you open"))
    assert chat(frame).inner_text() == before


def test_the_conversation_can_be_read_during_a_call(frame: Page, stub: Stub) -> None:
    line = start(frame, stub)
    frame.keyboard.press("Escape")
    expect(chat(frame)).to_be_visible()
    speak(line)
    frame.get_by_role("button", name="On call").click()
    expect(frame.get_by_text("Are you open?")).to_be_visible()
    expect(frame.get_by_role("button", name="Hang up")).to_be_focused()
    frame.get_by_placeholder("Type instead").press("m")  # a letter of a word
    assert line.of("mute") == []
    frame.get_by_role("button", name="Mute").focus()
    frame.keyboard.press("m")
    eventually(lambda: line.of("mute"), "the word of it")
    frame.get_by_role("button", name="Back to chat").click()
    line.send("ended", reason="limit")
    expect(chat(frame).get_by_text("The time of this call is over.")).to_be_visible()
    expect(frame.get_by_role("button", name="Call instead")).to_be_visible()


def test_a_call_that_does_not_come_about_says_why(frame: Page, stub: Stub) -> None:
    stub.refusal = (429, {"error": {"code": "too_many_calls", "message": ""}}, {"Retry-After": "600"})
    frame.get_by_role("button", name="Call instead").click()
    frame.get_by_role("button", name="Start the call").click()
    expect(frame.get_by_text("You can call again in 10 minutes.").last).to_be_visible()
    expect(frame.get_by_role("button", name="Call again")).to_be_visible()
    frame.get_by_role("button", name="Back to chat").click()
    expect(chat(frame).locator(".called")).to_have_count(0)
    expect(frame.get_by_label("Your message")).to_be_focused()


def test_a_new_conversation_has_no_old_calls(frame: Page, stub: Stub) -> None:
    speak(start(frame, stub))
    frame.get_by_text("Are you open?").wait_for()
    frame.get_by_role("button", name="Hang up").click()
    expect(chat(frame).locator(".called")).to_have_count(2)
    frame.get_by_role("button", name="More").click()
    frame.get_by_role("menuitem", name="New conversation").click()
    expect(chat(frame).locator(".called")).to_have_count(0)


def test_a_page_that_keeps_the_microphone_to_itself(browser: Browser, stub: Stub) -> None:
    with opened(browser, stub, path="/stingy") as page:
        inner = page.frame_locator("iframe")
        inner.get_by_role("button", name="Call instead").click()
        inner.get_by_role("button", name="Start the call").click()
        stub.answer().ready(limit_s=None)
        expect(inner.get_by_role("alert")).to_contain_text("This site does not pass your microphone on to this chat.")
        expect(inner.get_by_placeholder("Type instead of speaking")).to_be_enabled()


def test_the_call_is_as_dark_as_the_page_around_it(frame: Page) -> None:
    frame.get_by_role("button", name="Call instead").click()
    call = frame.get_by_role("region", name="Call", exact=True)
    expect(call).to_have_css("background-color", "rgb(255, 255, 255)")
    frame.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(call).to_have_css("background-color", "rgb(22, 23, 28)")
    expect(frame.locator("body")).to_have_css("background-color", "rgb(22, 23, 28)")
