"""All tabs of a browser hold one stream, and each shows the whole conversation once and in order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.widget_stub.browser import until_true
from tests.e2e.widget_stub.scenes import SHOWN
from tests.e2e.widget_stub.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once]

RUNS = r"/api/chat/runs/\w+/stream"
HELD_BY_A_TAB_THAT_HANGS = """() => navigator.locks.request("callsphere:wk_stub:stream", () => {
    window.held = true;
    return new Promise(() => {});
})"""


@pytest.fixture
def context(still: BrowserContext) -> BrowserContext:
    return still


@pytest.fixture
def other(visitor: Visitor) -> Iterator[Visitor]:
    """The same page in a second tab."""
    tab = visitor.another_tab()
    yield tab
    assert tab.errors == []


def assert_exchange(tab: Visitor, *asked: str, answers: int = 1) -> None:
    """The tab shows these questions, and `answers` whole answers after the greeting."""
    for number in range(1, answers + 1):
        expect(tab.answers.nth(number)).to_have_text(SHOWN)
    expect(tab.answers).to_have_count(answers + 1)
    expect(tab.frame.locator(".turn.user .bubble")).to_have_text(list(asked))
    tab.expect_idle()


def test_answer_shows_in_every_tab_over_one_stream(visitor: Visitor, other: Visitor) -> None:
    visitor.say("/gate")
    for tab in (visitor, other):
        expect(tab.answers.nth(1)).to_contain_text("three times")
        expect(tab.frame.get_by_role("button", name="Stop the answer")).to_be_visible()
    assert visitor.streams() == {"open": 1, "most": 1}
    visitor.open_gate()
    for tab in (visitor, other):
        assert_exchange(tab, "/gate")
    other.say("hello")
    for tab in (visitor, other):
        assert_exchange(tab, "/gate", "hello", answers=2)
    assert visitor.log("/api/chat/stream")[1]["body"]["conversation"]
    assert len(visitor.log("/api/chat/sessions")) == 1, "two tabs are one visitor"
    assert visitor.streams() == {"open": 0, "most": 1}


def test_tab_opened_during_an_answer_shows_it_from_its_start(visitor: Visitor, other: Visitor) -> None:
    visitor.say("/gate")
    expect(other.answers.nth(1)).to_contain_text("three times")
    third = visitor.another_tab()
    expect(third.answers.nth(1)).to_contain_text("Of course. We have three times")
    expect(third.frame.locator(".turn.user .bubble")).to_have_text(["/gate"])
    assert visitor.streams() == {"open": 1, "most": 1}
    visitor.open_gate()
    for tab in (visitor, other, third):
        assert_exchange(tab, "/gate")
    assert visitor.streams()["most"] == 1


def test_closing_the_tab_that_reads_loses_nothing(visitor: Visitor, other: Visitor) -> None:
    visitor.say("/gate")
    expect(other.answers.nth(1)).to_contain_text("three times")
    visitor.page.close()
    (resumed,) = other.wait_for_log(RUNS)
    assert int(resumed["last_event_id"].split(":")[1]) >= 7, "and asks for no more than what is missing"
    assert other.streams()["open"] == 1
    other.open_gate()
    assert_exchange(other, "/gate")


def test_message_of_a_tab_that_is_closed_before_it_was_taken_in_is_sent_by_the_other(
    visitor: Visitor, other: Visitor
) -> None:
    visitor.page.route("**/api/chat/stream", lambda route: None)  # on its way for ever
    with visitor.page.expect_request("**/api/chat/stream") as posted:
        visitor.say("hello")
    expect(other.frame.locator(".turn.user .bubble")).to_have_text(["hello"])
    visitor.page.close()
    assert_exchange(other, "hello")
    held = posted.value.post_data_json
    assert held is not None
    # The browser may let the held request go as it closes the tab; it is the same message.
    assert {post["body"]["message_id"] for post in other.log("/api/chat/stream")} == {held["message_id"]}


def test_tab_that_hangs_with_the_lock_keeps_nobody_waiting(visitor: Visitor) -> None:
    hanging = visitor.context.new_page()
    hanging.goto(visitor.stub["product"] + "/page/404")
    hanging.evaluate(f"() => void ({HELD_BY_A_TAB_THAT_HANGS})()")
    until_true(hanging, "window.held")
    visitor.say("hello")
    assert_exchange(visitor, "hello")


def test_tab_that_only_listens_is_not_robbed_of_a_slow_answer(visitor: Visitor, other: Visitor) -> None:
    visitor.say("/gate")
    expect(other.answers.nth(1)).to_contain_text("three times")
    other.page.wait_for_timeout(5_000)  # longer than it takes to give a tab up for frozen
    assert other.streams() == {"open": 1, "most": 1}
    assert other.log(RUNS) == []
    other.open_gate()
    assert_exchange(other, "/gate")


def test_stop_in_any_tab_ends_it_in_all(visitor: Visitor, other: Visitor) -> None:
    visitor.say("/gate")
    expect(other.answers.nth(1)).to_contain_text("three times")
    other.frame.get_by_role("button", name="Stop the answer").click()
    for tab in (visitor, other):
        expect(tab.frame.get_by_text("Stopped", exact=True)).to_be_visible()
        tab.expect_idle()
    assert len(visitor.log(r"/api/chat/runs/\w+/stop")) == 1


def test_new_conversation_begins_in_all(visitor: Visitor, other: Visitor) -> None:
    visitor.say("hello")
    assert_exchange(other, "hello")
    visitor.new_conversation()
    for tab in (visitor, other):
        expect(tab.answers).to_have_count(1)
        expect(tab.frame.locator(".turn.user")).to_have_count(0)
    other.say("afresh")
    for tab in (visitor, other):
        assert_exchange(tab, "afresh")
    assert "conversation" not in other.log("/api/chat/stream")[-1]["body"]
    assert len(other.log("/api/chat/sessions")) == 2


def test_messages_sent_at_once_are_answered_one_after_the_other(visitor: Visitor, other: Visitor) -> None:
    # The lock is held by a page that hangs, so both messages wait for it, as if they were sent in one instant.
    hanging = visitor.context.new_page()
    hanging.goto(visitor.stub["product"] + "/page/404")
    hanging.evaluate(f"() => void ({HELD_BY_A_TAB_THAT_HANGS})()")
    until_true(hanging, "window.held")
    visitor.say("first")
    other.say("second")
    hanging.close()
    for tab in (visitor, other):
        expect(tab.answers).to_have_count(3)
        tab.expect_idle()
    shown = [tab.frame.locator(".turn.user .bubble").all_text_contents() for tab in (visitor, other)]
    sent = [entry["body"]["message"] for entry in visitor.log("/api/chat/stream")]
    assert sorted(sent) == ["first", "second"]
    assert shown == [sent, sent]
    assert visitor.streams()["most"] == 1


def test_failure_is_shown_in_all_and_tried_again_from_any(visitor: Visitor, other: Visitor) -> None:
    visitor.say("/429")
    for tab in (visitor, other):
        expect(tab.frame.get_by_role("alert")).to_contain_text("That was a lot of messages.")
        expect(tab.frame.locator(".turn.user .bubble")).to_have_text(["/429"])
    assert len(visitor.log("/api/chat/stream")) == 1
    other.frame.get_by_role("button", name="Try again", exact=True).click()
    for tab in (visitor, other):
        assert_exchange(tab, "/429")
        expect(tab.frame.get_by_role("alert")).to_have_count(0)


def test_a_failure_is_heard_before_another_tab_tries(visitor: Visitor) -> None:
    """Where the channel between tabs is slower than their lock."""
    visitor.context.add_init_script("""(() => {
        const listen = BroadcastChannel.prototype.addEventListener;
        BroadcastChannel.prototype.addEventListener = function (type, hear) {
            listen.call(this, type, (event) => setTimeout(() => hear(event), 150));
        };
    })()""")
    other = visitor.another_tab()
    visitor.say("/429")
    for tab in (visitor, other):
        expect(tab.frame.get_by_role("alert")).to_contain_text("That was a lot of messages.")
    assert len(visitor.log("/api/chat/stream")) == 1


def test_tab_opened_later_goes_on_and_the_last_one_takes_the_conversation_along(visitor: Visitor) -> None:
    visitor.say("hello")
    assert_exchange(visitor, "hello")
    other = visitor.another_tab()
    assert_exchange(other, "hello")
    visitor.page.close()
    other.page.reload()
    assert_exchange(other, "hello")
    other.page.close()
    afresh = visitor.another_tab()
    expect(afresh.frame.locator(".turn.user")).to_have_count(0)
    afresh.say("somebody else")
    assert_exchange(afresh, "somebody else")


@pytest.mark.parametrize("missing", ["locks", "BroadcastChannel", "localStorage"])
def test_where_tabs_cannot_see_each_other_each_streams_for_itself(
    context: BrowserContext, stub: dict[str, str], missing: str
) -> None:
    # As over plain http, in an old browser, and where storage is blocked.
    gone = {
        "locks": "delete Navigator.prototype.locks",
        "BroadcastChannel": "delete window.BroadcastChannel",
        "localStorage": "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked') }})",
    }
    context.add_init_script(gone[missing])
    first, second = (Visitor(context, stub).open() for _ in range(2))
    first.say("/gate")
    second.say("/gate")
    for tab in (first, second):
        expect(tab.answers.nth(1)).to_contain_text("three times")
    assert first.streams()["open"] == 2
    first.open_gate()
    for tab in (first, second):
        assert_exchange(tab, "/gate")
        assert tab.errors == []
