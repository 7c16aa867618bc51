"""What the visitor sees and hears of an answer."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.widget_stub.scenes import SHOWN
from tests.e2e.widget_stub.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_tool_activity_is_told_in_words(visitor: Visitor) -> None:
    visitor.say("/tools")
    activity = visitor.frame.locator(".activity")
    expect(activity).to_have_text(["Checking free times…"])
    expect(activity.first).to_have_attribute("data-status", "started")
    visitor.open_gate()
    expect(activity).to_have_text(["Checking free times", "Looking up the office hours: no result"])
    expect(activity.first).to_have_attribute("data-status", "done")
    expect(visitor.answers.last).to_have_text(SHOWN)


def test_handoff_names_the_next_agent(visitor: Visitor) -> None:
    visitor.say("/handoff")
    expect(visitor.frame.locator(".handoff")).to_have_text("You are now talking to Noah")
    expect(visitor.frame.locator(".turn.agent .who").last).to_have_text("Noah")
    expect(visitor.frame.get_by_role("heading")).to_contain_text("Noah")


def test_markdown_subset_is_drawn(visitor: Visitor) -> None:
    visitor.say("/markdown")
    answer = visitor.answers.nth(1)
    expect(answer).to_contain_text("More at https://example.com/help.")
    expect(answer.locator("ul > li")).to_have_text(["Knee check: 99213", "Follow-up with Dr. Lee", "See our page"])
    expect(answer.locator("ol > li")).to_have_count(2)
    expect(answer.locator("pre")).to_have_text("plain **not bold** <b>tag</b>")
    links = answer.locator("a").evaluate_all("all => all.map(a => [a.getAttribute('href'), a.rel, a.target])")
    assert [href for href, _, _ in links] == [
        "https://example.com/a_(b)?q=1",
        "tel:+15550100",
        "mailto:desk@example.com",
        "https://example.com/help",
    ]
    assert {(rel, target) for _, rel, target in links} == {("noopener noreferrer nofollow", "_blank")}


def test_model_text_is_never_html(visitor: Visitor) -> None:
    outside: list[str] = []
    visitor.page.on("request", lambda request: outside.append(request.url) if "evil" in request.url else None)
    visitor.say("/hostile")
    visitor.expect_idle()
    answer = visitor.answers.nth(1)
    expect(answer).to_contain_text('<img src=x onerror="parent.hacked=1"><script>')
    expect(answer.locator("img, script, iframe, [onerror], [onmouseover]")).to_have_count(0)
    expect(answer.locator("a")).to_have_count(1)  # only the https one, its quote escaped
    assert answer.locator("a").get_attribute("href") == "https://example.com/%22onmouseover=%22window.hacked=1"
    assert outside == []
    assert answer.evaluate("() => window.hacked") is None
    assert visitor.page.evaluate("() => window.hacked") is None


def test_enter_that_ends_a_composition_sends_nothing(visitor: Visitor) -> None:
    visitor.field.fill("にほん")
    visitor.field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    expect(visitor.field).to_have_value("にほん")
    visitor.field.press("Enter")
    expect(visitor.frame.locator(".turn.user .bubble")).to_have_text("にほん")


def test_screen_reader_hears_sentences(visitor: Visitor) -> None:
    expect(visitor.frame.get_by_role("log")).to_have_attribute("aria-live", "polite")
    visitor.say("hello")
    announcer = visitor.frame.locator("#announcer")
    expect(announcer).to_contain_text("I will book it for you right away.")
    spoken = announcer.locator("p").all_inner_texts()
    assert all(text in SHOWN and text.endswith((".", "🩺")) for text in spoken)
    expect(announcer).to_be_empty(timeout=9_000)  # or who browses the page would find everything twice


def test_reader_who_scrolled_up_is_not_pulled_down(visitor: Visitor) -> None:
    for _ in range(2):
        visitor.say("/markdown")
        visitor.expect_idle()
    visitor.say("/gate")
    expect(visitor.answers.last).to_contain_text("three times")
    scroller = visitor.frame.get_by_label("Conversation", exact=True)
    scroller.evaluate("el => { el.scrollTop = 40; }")
    visitor.open_gate()
    pill = visitor.frame.get_by_role("button", name="New messages")
    expect(pill).to_be_visible()
    assert scroller.evaluate("el => el.scrollTop") == 40
    pill.click()
    expect(pill).to_be_hidden()
    assert scroller.evaluate("el => el.scrollHeight - el.scrollTop - el.clientHeight") < 60


def test_person_who_takes_over_is_announced_quietly(visitor: Visitor) -> None:
    visitor.say("/person")
    expect(visitor.answers.nth(1)).to_have_text("I will get somebody who can help.")
    expect(visitor.frame.locator(".note")).to_have_text("A person from the team is taking over")
    expect(visitor.frame.get_by_role("alert")).to_have_count(0)
    visitor.expect_idle()


def test_spent_budget_says_when_and_keeps_the_message(visitor: Visitor) -> None:
    visitor.say("/spent")
    for _ in ("at once", "after a reload"):
        alert = visitor.frame.get_by_role("alert")
        expect(alert).to_contain_text("than we can answer. Please try again in 2 hours.")
        expect(alert.get_by_role("button")).to_be_disabled()
        expect(alert.get_by_role("button")).to_have_text(re.compile(r"^Try again \(1:06:\d\d\)$"))
        expect(visitor.frame.locator(".turn.user .bubble")).to_have_text(["/spent"])
        visitor.expect_idle()
        visitor.page.reload()
