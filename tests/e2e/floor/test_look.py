"""The floor's page on any screen: themes, a phone, and how little of it a frame touches."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.floor.conftest import PHONE, talking, tile
from tests.e2e.floor.stub import Line, Stub, busy_line

pytestmark = [pytest.mark.browser, pytest.mark.once]


def test_the_theme_is_the_viewers_choice(page: Page, line: Line) -> None:
    button = page.locator("#theme")
    seen = []
    for _ in range(3):
        button.click()
        seen.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert seen[0] == seen[2] != seen[1]
    expect(button).to_have_attribute("aria-label", "Theme: as the system")
    button.click()
    button.click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_phone_shows_everything(open_page: Callable[..., Page], stub: Stub) -> None:
    page = open_page(viewport=PHONE, reduced_motion="reduce", color_scheme="dark")
    line = busy_line(stub)
    expect(page.locator("#badge")).to_be_in_viewport(ratio=1)
    call = talking(line)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Calls", exact=True).click()
    expect(page.locator("#calls-title")).to_be_in_viewport()
    page.locator("#live-calls .call-row", has_text=call["lead"]["name"]).first.click()
    for name in ("Listen", "Take over", "End call"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    expect(page.locator("#badge")).to_be_in_viewport(ratio=1)
    expect(page.locator("#drawer-close")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_delta_touches_no_other_tile(page: Page, line: Line) -> None:
    """A floor of 37 is cheap to watch because a frame changes what it is about; its cost is in bench/floor_page.py."""
    page.evaluate("""() => {
        window.touched = new Set();
        new MutationObserver((changes) => {
            for (const { target } of changes) {
                const el = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
                if (el?.closest(".timer")) continue; // the clocks go on
                const name = el?.closest(".tile")?.querySelector(".name").textContent;
                if (name) window.touched.add(name);
            }
        }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    }""")
    agent = next(one for one in line.state["agents"].values() if one["state"] == "free")
    line.delta([{"type": "AgentChanged", "agent": agent | {"state": "paused"}}])
    expect(tile(page, agent["name"])).to_contain_text("Paused")
    assert page.evaluate("[...window.touched]") == [agent["name"]]
