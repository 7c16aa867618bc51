"""One browser and one stub for the folder; a fresh profile and an unmarked stub for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.e2e.widget_stub.browser import launched_browser, started_stub
from tests.e2e.widget_stub.visitor import Visitor


@pytest.fixture(scope="package")
def stub() -> Iterator[dict[str, str]]:
    with started_stub(pace=0.005) as origins:
        yield origins


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Playwright leaves the back-forward cache out; visitors have it.
    with launched_browser(ignore_default_args=["--disable-back-forward-cache"]) as browser:
        yield browser


@contextmanager
def opened_context(browser: Browser, stub: dict[str, str], **options: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-US", **options)
    context.set_default_timeout(30_000)
    context.request.post(stub["product"] + "/stub/begin")
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser, stub: dict[str, str]) -> Iterator[BrowserContext]:
    with opened_context(browser, stub) as context:
        yield context


@pytest.fixture
def still(browser: Browser, stub: dict[str, str]) -> Iterator[BrowserContext]:
    """Text is shown at once: where many tabs are drawn on few cores, the animation would tell the time."""
    with opened_context(browser, stub, reduced_motion="reduce") as context:
        yield context


@pytest.fixture
def visitor(context: BrowserContext, stub: dict[str, str]) -> Iterator[Visitor]:
    """With the chat open, and no error in the console until the end."""
    visitor = Visitor(context, stub)
    yield visitor.open()
    assert visitor.errors == []
