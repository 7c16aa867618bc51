"""A headless Chromium for the browser tests, and the stub in a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.widget_stub import ROOT

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # In place of Playwright's own list, which takes from third-party frames the storage that they have with visitors.
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,OptimizationHints,PaintHolding",
]

expect.set_options(timeout=20_000)  # milliseconds; the page of a busy machine is no other page


def chromium() -> str:
    """The path of a Chromium; without one the test is left out with a reason, and fails where CI=true."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    reason = "no chromium, chromium-browser or google-chrome on PATH"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def launched_browser(**options: Any) -> Iterator[Browser]:
    """Playwright keeps an event loop in this thread: leave this before a test uses the database."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, **options)
        yield browser
        browser.close()


def until_true(page: Page, expression: str, *, within: float = 30.0) -> None:
    """As Playwright's `wait_for_function`, which asks again by `eval`: our pages' policy forbids that.

    Args:
        within: seconds.
    """
    deadline = monotonic() + within
    while not page.evaluate(expression):
        assert monotonic() < deadline, f"not in {within:g} s: {expression}"
        page.wait_for_timeout(50)


@contextmanager
def started_stub(*, pace: float) -> Iterator[dict[str, str]]:
    """{"product": origin, "customer": origin} of a running stub."""
    command = [sys.executable, "-m", "tests.e2e.widget_stub.server", "--port", "0", "--pace", str(pace)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
