"""What stands in the way of a call is told in words."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.voice.browser.conftest import opened
from tests.voice.browser.stub import Stub, eventually, tone

pytestmark = [pytest.mark.browser, pytest.mark.once]


USED_UP = "Your connection has used up its calls for this hour."


def start(page: Page) -> None:
    page.get_by_role("button", name="Start the call").click()


def refuse_microphone(page: Page, name: str) -> None:
    page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name); }; }", name
    )


def test_a_refused_microphone_leaves_typing(bare_browser: Browser, stub: Stub) -> None:
    """Headless, Chromium answers its own question with no."""
    with opened(bare_browser, stub) as page:
        refusals = page.evaluate("navigator.mediaDevices.getUserMedia({audio: true}).catch((error) => error.name)")
        start(page)
        line = stub.answer().ready()
        words = "was found" if refusals == "NotFoundError" else "does not allow the microphone"
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_role("alert")).to_contain_text("You can always type below.")
        page.get_by_placeholder("Type instead of speaking").fill("Hello")
        page.keyboard.press("Enter")
        eventually(lambda: line.of("text"), "the words")
        line.speak(tone(0.2))
        line.send("mark", name="g0:1")
        eventually(lambda: line.played == ["g0:1"], "the agent's voice")
        assert line.frames == []


def test_why_there_is_no_microphone(page: Page, stub: Stub) -> None:
    for name, words in [
        ("NotAllowedError", "does not allow the microphone here"),
        ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "Another program is using your microphone"),
        ("AbortError", "could not be opened"),
    ]:
        refuse_microphone(page, name)
        page.locator(".main").click()
        stub.answer().ready()
        expect(page.get_by_role("alert")).to_contain_text(words)
        expect(page.get_by_role("status")).to_have_text("On the call")
        page.get_by_role("button", name="Hang up").click()


def test_the_question_for_the_microphone_can_be_left(page: Page, stub: Stub) -> None:
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => new Promise(() => {}); }")
    start(page)
    expect(page.get_by_role("status")).to_contain_text("asking for the microphone")
    page.get_by_placeholder("Type instead of speaking").fill("Hello")
    page.keyboard.press("Enter")
    line = stub.answer().ready()
    eventually(lambda: line.of("text"), "the words")
    page.get_by_role("button", name="Hang up").click()
    start_again = page.get_by_role("button", name="Call again")
    start_again.click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_have_text("You ended the call.")
    assert stub.calls.empty()


def test_a_microphone_that_is_pulled_out(page: Page, stub: Stub) -> None:
    page.evaluate("""() => {
        const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
        devices.getUserMedia = async (what) => (window.stream = await ask(what));
    }""")
    start(page)
    line = stub.answer().ready()
    eventually(lambda: line.frames, "the voice")
    page.evaluate("stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.get_by_role("alert")).to_contain_text("Your microphone was disconnected.")
    page.get_by_role("button", name="Use microphone").click()
    expect(page.get_by_role("button", name="Mute")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_refused_ticket(page: Page, stub: Stub) -> None:
    used_up = {"code": "too_many_calls", "message": "Too many."}
    tomorrow = {"code": "closed", "message": "You can call again tomorrow."}
    for status, error, headers, words in [
        (429, {}, {"Retry-After": "40"}, "All lines are busy. You can call again in 40 seconds."),
        (429, {}, {"Retry-After": "3600"}, "All lines are busy. You can call again in 60 minutes."),
        (429, used_up, {"Retry-After": "1500"}, f"{USED_UP} You can call again in 25 minutes."),
        (429, tomorrow, {"Retry-After": "80000"}, "You can call again tomorrow."),
        (500, {}, {}, "We cannot take your call at the moment. Please try again later."),
    ]:
        stub.refusal = (status, {"error": error}, headers)
        page.locator(".main").click()
        expect(page.get_by_role("status")).to_have_text(words)
    stub.refusal = None
    page.get_by_role("button", name="Call again").click()
    stub.answer().ready()
    expect(page.get_by_role("status")).to_have_text("On the call")


def test_a_server_that_cannot_be_reached(page: Page, stub: Stub) -> None:
    page.route("**/api/voice/tickets", lambda route: route.abort())
    start(page)
    expect(page.get_by_role("status")).to_contain_text("We could not be reached.")


def test_a_socket_that_is_refused(page: Page, stub: Stub) -> None:
    page.route("**/api/voice/tickets", lambda route: route.fulfill(json={"ticket": "forged"}))
    start(page)
    expect(page.get_by_role("status")).to_contain_text("We could not be reached.")


def test_a_socket_that_closes(page: Page, stub: Stub) -> None:
    for code, words in [
        (1011, "The connection was lost"),
        (1012, "We are updating our service"),
        (1013, "All lines are busy"),
    ]:
        page.locator(".main").click()
        line = stub.answer().ready()
        expect(page.get_by_role("status")).to_have_text("On the call")
        line.close(code)
        expect(page.get_by_role("status")).to_contain_text(words)
        expect(page.get_by_role("button", name="Call again")).to_be_visible()


def test_why_a_call_ended(page: Page, stub: Stub) -> None:
    for reason, words in [
        ("goodbye", "The agent said goodbye."),
        ("silence", "It was quiet for a while"),
        ("drain", "You can call again right away."),
        ("no_model", "The agent is not available"),
        ("something_new", "The call is over."),
    ]:
        page.locator(".main").click()
        line = stub.answer().ready()
        line.send("ended", reason=reason)
        expect(page.get_by_role("status")).to_contain_text(words)
        eventually(line.closed.is_set, "the end of the socket")


def test_a_call_that_is_turned_away_at_once(page: Page, stub: Stub) -> None:
    start(page)
    stub.answer().send("ended", reason="busy")
    expect(page.get_by_role("status")).to_contain_text("All lines are busy.")


def test_a_page_without_https(browser: Browser, stub: Stub) -> None:
    """A name that is not the loopback's, over plain http."""
    browser_of_a_stranger = {"base_url": stub.origin.replace("127.0.0.1", "shop.example")}
    with opened(browser, stub, **browser_of_a_stranger) as page:
        page.route(
            "http://shop.example/**",
            lambda route: route.fulfill(
                response=route.fetch(url=route.request.url.replace("http://shop.example", stub.origin))
            ),
        )
        page.goto("http://shop.example/demo/voice/riverside-clinic/")
        expect(page.get_by_role("alert")).to_contain_text("https://")
        expect(page.get_by_role("button", name="Start the call")).to_be_disabled()
