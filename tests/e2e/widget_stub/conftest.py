"""One browser and one stub for the folder; a fresh profile and an unmarked stub for each test."""

from collections.abc import Iterator

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
    with launched_browser() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser, stub: dict[str, str]) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en-US")
    context.set_default_timeout(10_000)
    context.request.post(stub["product"] + "/stub/begin")
    yield context
    context.close()


@pytest.fixture
def visitor(context: BrowserContext, stub: dict[str, str]) -> Iterator[Visitor]:
    """With the chat open, and no error in the console until the end."""
    visitor = Visitor(context, stub)
    yield visitor.open()
    assert visitor.errors == []
