"""The line between the page and the floor: tickets, recovery, reconnecting, waking up, and what the badge says."""

import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.floor import scenes
from tests.e2e.floor.stub import Stub, busy_line, eventually

pytestmark = [pytest.mark.browser, pytest.mark.once]
LIVE = re.compile(r"^live · [0-2]\.\d s$")
STALE = re.compile(r"^stale since \d{1,2}:\d\d [AP]M$")


def badge(page: Page) -> Any:
    return expect(page.locator("#badge-words"))


def lose_the_line(page: Page, stub: Stub) -> None:
    """A page that was live is offline, and what it tries is refused."""
    busy_line(stub)
    badge(page).to_have_text(LIVE)
    stub.refusal = 503
    page.evaluate("dispatchEvent(new Event('offline'))")


def test_it_asks_for_the_whole_first_and_for_the_rest_after_a_break(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    assert line.heard("subscribe") == {"type": "subscribe"}
    badge(page).to_have_text(LIVE)
    line.delta([{"type": "AgentRemoved", "id": "tag_00"}])
    expect(page.locator(".tile")).to_have_count(36)
    line.close(1012)
    again = stub.line()
    assert again.heard("subscribe") == {"type": "subscribe", "epoch": "e1", "seq": 2}
    again.hello(recovered=True, seq=3)
    again.send(
        "delta", **{"from": 2, "to": 3, "events": [{"type": "AgentRemoved", "id": "tag_01"}]}, verified=time.time()
    )
    expect(page.locator(".tile")).to_have_count(35)
    badge(page).to_have_text(LIVE)
    assert len(stub.asked) == 2
    assert stub.asked[1] - stub.asked[0] < 5


def test_a_gap_is_never_live_and_asks_again(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    badge(page).to_have_text(LIVE)
    line.silent()
    line.send("delta", **{"from": 5, "to": 6, "events": []}, verified=time.time())
    again = stub.line()  # at once, on a new socket
    badge(page).to_have_text("catching up")
    assert again.heard("subscribe") == {"type": "subscribe", "epoch": "e1", "seq": 1}
    again.epoch = "e2"
    again.snapshot(scenes.busy(time.time()), seq=9)
    badge(page).to_have_text(LIVE)


def test_a_server_that_is_ahead_is_followed(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    badge(page).to_have_text(LIVE)
    line.send("ping", seq=1)
    eventually(lambda: line.of("pong"), "a pong")
    line.send("ping", seq=2)
    assert stub.line().heard("subscribe")["seq"] == 1


def test_silence_is_stale_within_three_seconds(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    badge(page).to_have_text(LIVE)
    line.silent()
    began = time.monotonic()
    badge(page).to_have_text(STALE, timeout=4_500)
    assert time.monotonic() - began < 4
    expect(page.locator("#stale")).to_contain_text("Commands are off until it is live again.")
    expect(page.locator("body")).to_have_attribute("data-freshness", "stale")
    expect(page.get_by_role("status")).to_contain_text("The floor is stale since")
    timer = page.locator(".tile[data-state=talking] .timer").first
    stood = timer.text_content()
    page.wait_for_timeout(1_300)
    assert timer.text_content() == stood  # nobody knows whether the call still goes on
    line.fresh()
    badge(page).to_have_text(LIVE)
    expect(page.locator("#stale")).to_be_hidden()


def test_a_floor_that_nobody_looks_after_says_since_when(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    badge(page).to_have_text(LIVE)
    line.silent()
    line.send("stale", since=1_796_047_320.0)
    badge(page).to_have_text(STALE)
    line.fresh()
    badge(page).to_have_text(LIVE)


def test_old_words_are_not_live(page: Page, stub: Stub) -> None:
    line = stub.line().hello(seq=1)
    line.send("snapshot", epoch="e1", seq=1, state=scenes.busy(time.time()), verified=time.time() - 20)
    badge(page).to_have_text(STALE)


def test_tries_grow_and_being_online_again_does_not_wait(page: Page, stub: Stub) -> None:
    lose_the_line(page, stub)
    eventually(lambda: len(stub.asked) >= 3, "two tries")
    assert stub.asked[2] - stub.asked[1] > 1.5  # 2 s, less a fifth
    stub.refusal = 0
    waited = len(stub.asked)
    page.evaluate("dispatchEvent(new Event('online'))")
    eventually(lambda: len(stub.asked) > waited, "a try at once")
    assert stub.asked[-1] - stub.asked[-2] < 3.2
    busy_line(stub)
    badge(page).to_have_text(LIVE)


def test_being_online_again_counts_for_the_try_under_way(page: Page, stub: Stub) -> None:
    lose_the_line(page, stub)
    eventually(lambda: len(stub.asked) >= 2, "a try")
    stub.lets_pass.clear()
    eventually(lambda: len(stub.asked) >= 3, "a try that waits")
    page.evaluate("dispatchEvent(new Event('online'))")
    stub.lets_pass.set()
    released = time.monotonic()
    eventually(lambda: len(stub.asked) >= 4, "a try soon after it failed")
    assert stub.asked[3] - released < 2.5  # 1 s and a fifth; it would have been 4, less a fifth


def test_a_laptop_that_slept_does_not_show_the_past_as_live(open_page: Callable[..., Page], stub: Stub) -> None:
    page = open_page()
    page.evaluate("window.slept = 0; const now = Date.now; Date.now = () => now() + window.slept")
    busy_line(stub)
    badge(page).to_have_text(LIVE)
    said = page.evaluate("""() => {
        window.slept = 300_000; // five minutes that the steady clock did not see
        document.dispatchEvent(new Event("visibilitychange"));
        return document.getElementById("badge-words").textContent;
    }""")
    assert not LIVE.match(said)
    again = stub.line()  # it has connected again
    again.heard("subscribe")
    page.wait_for_timeout(1_200)  # on a slow line, until the greeting
    again.snapshot(scenes.busy(time.time())).beating()
    badge(page).to_have_text(LIVE)


def test_a_removed_member_is_told(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    badge(page).to_have_text(LIVE)
    stub.refusal = 401
    line.close(4403)
    expect(page.locator("#refused")).to_contain_text("You are logged out, or not a member any more.")
    badge(page).to_have_text(STALE, timeout=5_000)
    asked = len(stub.asked)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(300)
    assert len(stub.asked) == asked


def test_another_role_comes_with_a_new_ticket(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    badge(page).to_have_text(LIVE)
    line.close(4403)
    busy_line(stub)
    badge(page).to_have_text(LIVE)
    assert stub.asked[1] - stub.asked[0] < 3


def test_a_server_that_keeps_closing_is_not_asked_without_end(page: Page, stub: Stub) -> None:
    stub.line().close(4403)
    stub.line().close(4403)
    stub.line().hello(recovered=True)  # a position that this page never had
    waits = [later - sooner for sooner, later in pairwise(stub.asked)]
    assert len(waits) == 2
    assert waits[0] > 0.7
    assert waits[1] > 1.5
    assert stub.line().heard("subscribe") == {"type": "subscribe"}


def test_the_page_tells_what_it_looks_at(page: Page, stub: Stub) -> None:
    line = busy_line(stub)
    eventually(lambda: line.of("attention"), "the first word of it")
    assert line.of("attention")[-1] == {"type": "attention", "call": "", "asleep": False}
    tile = page.locator(".tile[data-state=talking]").first
    tile.click()
    eventually(lambda: line.of("attention")[-1]["call"].startswith(("dlc_", "rcv_")), "the call")
    page.keyboard.press("Escape")
    eventually(lambda: line.of("attention")[-1]["call"] == "", "no call any more")
