"""What the visitor sees and does during a call."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.voice.browser.conftest import opened
from tests.voice.browser.stub import CONFIG, Line, Stub, eventually, tone

pytestmark = [pytest.mark.browser, pytest.mark.once]


@pytest.fixture
def line(page: Page, stub: Stub) -> Line:
    page.get_by_role("button", name="Start the call").click()
    line = stub.answer().ready()
    expect(page.get_by_role("status")).to_have_text("On the call")
    return line


def say(line: Line, who: str, text: str, *, final: bool = True, key: str = "i1") -> None:
    line.send("transcript", who=who, text=text, final=final, id=key)


def test_a_call_from_start_to_hanging_up(page: Page, stub: Stub, line: Line) -> None:
    assert stub.asked == [{"tenant": "riverside-clinic", "authorization": None}]
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_role("status")).to_have_text("You ended the call.")
    eventually(line.closed.is_set, "the end of the socket")
    assert line.of("end") == [{"type": "end"}]
    page.get_by_role("button", name="Call again").click()
    stub.answer().ready()
    expect(page.get_by_role("status")).to_have_text("On the call")


def test_the_words_grow_in_place(page: Page, line: Line) -> None:
    log = page.get_by_role("log")
    say(line, "agent", "Good", final=False)
    say(line, "agent", "Good morning.", final=False)
    say(line, "visitor", "My knee", final=False, key="i2")
    say(line, "agent", "Good morning.")
    say(line, "visitor", "My knee hurts.", key="i2")
    expect(log.locator(".words")).to_have_text(["Good morning.", "My knee hurts."])
    expect(log.locator(".who")).to_have_text(["Ava", "You"])
    expect(log.locator("[aria-busy=true]")).to_have_count(0)


def test_unheard_words_are_struck_out(page: Page, line: Line) -> None:
    said = "We have three times free tomorrow."
    for n, (heard, struck) in enumerate(
        [
            ("We have three", "times free tomorrow."),
            ("We have three…", "times free tomorrow."),
            ("We  have three ", "times free tomorrow."),
            ("", said),
            (said, None),
            ("Something else altogether.", None),
        ]
    ):
        say(line, "agent", said, final=False, key=f"i{n}")
        say(line, "agent", heard, key=f"i{n}")
        turn = page.get_by_role("log").locator(".turn").nth(n)
        expect(turn.locator("s")).to_have_text([struck] if struck else [])
        if heard:
            expect(turn.locator(".words")).to_contain_text(heard)


def test_a_turn_without_words_leaves_no_bubble(page: Page, line: Line) -> None:
    say(line, "visitor", "", final=True)
    say(line, "visitor", "Hm", final=False, key="i2")
    say(line, "visitor", "", final=True, key="i2")
    say(line, "agent", "Hello.", key="i3")
    expect(page.get_by_role("log").locator(".words")).to_have_text(["Hello."])


def test_tools_and_handoffs_are_told(page: Page, line: Line) -> None:
    log = page.get_by_role("log")
    line.send("tool", name="find_slots", label="Checking free times", status="started")
    expect(log.locator(".activity[data-status=started]")).to_have_text("Checking free times")
    line.send("tool", name="find_slots", label="Checking free times", status="done")
    line.send("tool", name="book", label="Booking", status="started")
    line.send("tool", name="book", label="Booking", status="failed")
    expect(log.locator(".activity[data-status=done]")).to_have_text("Checking free times")
    expect(log.locator(".activity[data-status=failed]")).to_have_text("Booking (did not work)")
    line.send("tool", name="transfer_to_billing", label="", status="started")
    line.send("agent", slug="billing", name="Noah")
    line.send("agent", slug="billing", name="Noah")
    expect(log.locator(".handoff")).to_have_text(["Noah is on the line"])
    expect(log.locator(".activity")).to_have_count(2)
    expect(page.locator("h1")).to_contain_text("Noah")
    say(line, "agent", "This is Noah.")
    expect(log.locator(".who")).to_have_text(["Noah"])


def test_what_is_typed_arrives(page: Page, line: Line) -> None:
    page.get_by_placeholder("Type instead of speaking").fill("  My knee hurts  ")
    page.keyboard.press("Enter")
    eventually(lambda: line.of("text") == [{"type": "text", "text": "My knee hurts"}], "the words")
    page.keyboard.type("mm")  # letters of a word, no command
    assert line.of("mute") == []
    expect(page.get_by_placeholder("Type instead of speaking")).to_have_value("mm")


def test_typing_first_calls_without_a_microphone(page: Page, stub: Stub) -> None:
    page.get_by_placeholder("Type instead of speaking").fill("Are you open today?")
    page.get_by_role("button", name="Send").click()
    line = stub.answer().ready()
    eventually(lambda: line.of("text") == [{"type": "text", "text": "Are you open today?"}], "the words")
    assert line.frames == []
    page.get_by_role("button", name="Use microphone").click()
    eventually(lambda: line.frames, "the voice")
    expect(page.get_by_role("button", name="Mute")).to_be_visible()


def test_the_clock_counts_down_and_warns(page: Page, stub: Stub) -> None:
    expect(page.get_by_role("timer")).to_have_text("1:00")
    page.get_by_role("button", name="Start the call").click()
    line = stub.answer().ready(limit_s=12)
    expect(page.get_by_role("timer")).to_have_text(re.compile("0:1[012]"))
    expect(page.get_by_role("status")).to_have_text("10 seconds left")
    expect(page.get_by_role("timer")).to_have_text(re.compile("0:0[89]"))
    line.send("ended", reason="limit")
    expect(page.get_by_role("status")).to_have_text("The time of this call is over.")


def test_without_a_limit_it_counts_up(page: Page, stub: Stub) -> None:
    page.get_by_role("button", name="Start the call").click()
    stub.answer().ready(limit_s=None)
    expect(page.get_by_role("timer")).to_have_text("0:01")


def test_leaving_the_page_ends_the_call(page: Page, line: Line) -> None:
    page.goto("about:blank")
    eventually(line.closed.is_set, "the end of the socket")
    assert line.of("end") == [{"type": "end"}]


def test_a_notice_is_shown(page: Page, line: Line) -> None:
    line.send("notice", text="This call is recorded.")
    expect(page.get_by_role("alert")).to_have_text("This call is recorded.")


@pytest.fixture
def phone(browser: Browser, stub: Stub) -> Iterator[Page]:
    options: dict[str, Any] = {
        "viewport": {"width": 360, "height": 640},
        "color_scheme": "dark",
        "reduced_motion": "reduce",
    }
    with opened(browser, stub, **options) as page:
        yield page


def test_a_narrow_phone_shows_everything(phone: Page, stub: Stub) -> None:
    phone.get_by_role("button", name="Start the call").click()
    line = stub.answer().ready()
    for n in range(12):
        say(line, "agent" if n % 2 else "visitor", f"Sentence {n}, and a few more words so that it wraps.", key=f"i{n}")
    line.speak(tone(0.5))
    expect(phone.get_by_text("Sentence 11")).to_be_in_viewport()
    for name in ("Hang up", "Mute", "Send"):
        expect(phone.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    line.send("notice", text="The line is slow at the moment, and this takes two lines of a phone's screen.")
    expect(phone.get_by_role("alert")).to_be_visible()
    expect(phone.get_by_text("Sentence 11")).to_be_in_viewport(ratio=1)
    phone.get_by_role("log").evaluate("log => log.scrollTo(0, 0)")
    expect(phone.get_by_text("Sentence 0")).to_be_in_viewport()
    say(line, "agent", "This comes while the caller reads.", key="late")
    expect(phone.get_by_text("This comes while")).to_be_attached()
    expect(phone.get_by_text("Sentence 0")).to_be_in_viewport()


def test_the_keyboard_alone_is_enough(page: Page, stub: Stub) -> None:
    page.get_by_role("button", name="Start the call").focus()
    page.keyboard.press("Enter")
    line = stub.answer().ready()
    expect(page.get_by_role("button", name="Hang up")).to_be_focused()
    page.keyboard.press("m")
    eventually(lambda: line.of("mute"), "the word of it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Call again")).to_be_focused()


MOUNT = """async (config) => {
    const { mountCall } = await import("/static/voice/call.js");
    const place = document.body.appendChild(document.createElement("section"));
    window.mounted = mountCall(place, config);
    window.mounted.start();
}"""


def test_a_call_mounts_into_any_element(page: Page, stub: Stub) -> None:
    page.locator("#call").evaluate("call => call.remove()")
    config = CONFIG | {"ask": {"widget": "wk_demo"}, "token": "tok_1", "limitSeconds": None, "sandbox": False}
    page.evaluate(MOUNT, config)
    line = stub.answer().ready(limit_s=None)
    assert stub.asked == [{"widget": "wk_demo", "authorization": "Bearer tok_1"}]
    expect(page.get_by_role("status")).to_have_text("On the call")
    page.evaluate("window.mounted.destroy()")
    eventually(line.closed.is_set, "the end of the socket")
    assert line.of("end") == [{"type": "end"}]
    expect(page.get_by_role("button", name="Hang up")).to_have_count(0)
