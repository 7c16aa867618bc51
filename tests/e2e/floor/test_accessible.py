"""axe-core, from npm, finds no serious violation on the floor: both themes, both widths, and all that can be open."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.floor.conftest import PHONE, WIDE
from tests.e2e.floor.stub import Stub, busy_line
from tests.ui import node

pytestmark = [pytest.mark.browser, pytest.mark.once]
PACKAGES = {"axe-core": "4.14.1"}
GRAVE = ("serious", "critical")


@pytest.fixture(scope="session")
def axe(pytestconfig: pytest.Config) -> str:
    """The source of axe-core."""
    modules: Path = node.installed(pytestconfig.cache.mkdir("axe"), PACKAGES)
    return (modules / "axe-core" / "axe.min.js").read_text()


def violations(page: Page, where: str = "document") -> list[str]:
    results: dict[str, Any] = page.evaluate(f"axe.run({where}, {{ resultTypes: ['violations'] }})")
    return [
        f"{found['id']} ({found['impact']}): {place['html'][:160]} {place.get('failureSummary', '')[:300]}"
        for found in results["violations"]
        for place in found["nodes"][:3]
        if found["impact"] in GRAVE
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["1280", "390"])
def test_nothing_stands_in_anybodys_way(
    open_page: Callable[..., Page], stub: Stub, axe: str, theme: str, size: dict[str, int]
) -> None:
    page = open_page(viewport=size, color_scheme=theme, reduced_motion="reduce")
    line = busy_line(stub)
    expect(page.locator(".tile")).to_have_count(37)
    page.evaluate(axe)
    assert violations(page) == []
    page.locator(".watchers").click()
    page.locator("#show-help").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".tile[data-state=talking]").nth(2).click()
    page.locator("[data-command='call.whisper']").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("[data-command='agent.pause']").click()
    line.send("ack", id=line.heard("command")["id"], ok=False, code="conflict", message="No.", version=9)
    expect(page.locator(".outcome[data-status=refused]")).to_be_visible()
    assert violations(page) == []
    page.locator("#drawer-close").click()
    page.locator(".tile[data-state=free]").first.click()
    page.locator("[data-command='agent.assign_lead']").click()
    expect(page.locator("#lead-list li")).to_have_count(2)
    assert violations(page) == []


def test_an_old_floor_can_still_be_read(open_page: Callable[..., Page], stub: Stub, axe: str) -> None:
    """What is dimmed while stale is meant to be faint; the words that say so are not."""
    page = open_page(reduced_motion="reduce")
    line = busy_line(stub)
    expect(page.locator(".tile")).to_have_count(37)
    line.silent()
    line.send("stale", since=time.time())
    expect(page.locator("#stale")).to_be_visible()
    page.evaluate(axe)
    grave = [found for found in violations(page) if not found.startswith("color-contrast")]
    assert grave == []
    assert violations(page, "{ include: [['.bar'], ['#stale']] }") == []
