"""The floor's page in a headless Chromium, before an unmarked stub of the server for each test."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.floor.stub import Line, Stub, busy_line, serving_stub
from tests.e2e.widget_stub.browser import launched_browser

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="package")
def stub_process() -> Iterator[Stub]:
    with serving_stub() as stub:
        yield stub


@pytest.fixture
def stub(stub_process: Stub) -> Stub:
    stub_process.begin()
    return stub_process


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with launched_browser() as browser:
        yield browser


@contextmanager
def opened(browser: Browser, stub: Stub, **options: Any) -> Iterator[Page]:
    """The floor's page; no error, and nothing against its Content-Security-Policy, until the end."""
    context = browser.new_context(**{"viewport": WIDE, "locale": "en-US", "timezone_id": "America/Denver"} | options)
    context.set_default_timeout(30_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(f"{stub.origin}/dashboard/")
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def open_page(browser: Browser, stub: Stub) -> Iterator[Callable[..., Page]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(opened(browser, stub, **options))


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


@pytest.fixture
def line(page: Page, stub: Stub) -> Line:
    """A busy floor that is live."""
    line = busy_line(stub)
    expect(page.locator("#badge")).to_have_attribute("data-freshness", "live")
    return line


def tile(page: Page, name: str) -> Locator:
    return page.locator(".tile", has=page.locator(".name", has_text=re.compile(f"^{name}$")))


def talking(line: Line) -> dict[str, Any]:
    """An outbound call with words in it, as it was sent."""
    calls = line.state["calls"].values()
    return next(
        call for call in calls if call["state"] == "talking" and call["direction"] == "outbound" and call["turns"]
    )


def agent_of(line: Line, call: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = line.state["agents"][call["agent"]]
    return found
