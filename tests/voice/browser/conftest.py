"""A Chromium whose microphone is a sound file, and one without; a fresh page and an unmarked stub for each test."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.e2e.widget_stub.browser import ARGUMENTS, chromium
from tests.voice.browser.stub import Stub, serving_stub

MICROPHONE_HZ = 700


@pytest.fixture(scope="package")
def stub_process() -> Iterator[Stub]:
    with serving_stub() as stub:
        yield stub


@pytest.fixture
def stub(stub_process: Stub) -> Stub:
    stub_process.begin()
    return stub_process


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short beeps rather than one tone, which noise suppression would take for noise."""
    path = tmp_path_factory.mktemp("voice") / "beeps.wav"
    time = np.arange(48_000 * 3) / 48_000
    loud = (time % 0.3 < 0.2) * 0.5
    samples = (np.sin(2 * np.pi * MICROPHONE_HZ * time) * loud * 32_767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture(scope="package")
def browser(playwright: Playwright, sound: Path) -> Iterator[Browser]:
    arguments = [
        *ARGUMENTS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
    ]
    browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def bare_browser(playwright: Playwright) -> Iterator[Browser]:
    """No microphone is connected, and nobody answers the browser's questions."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
    yield browser
    browser.close()


@contextmanager
def opened(
    browser: Browser, stub: Stub, *, path: str = "/demo/voice/riverside-clinic/", **options: Any
) -> Iterator[Page]:
    """The call page, or another; no error in the console until the end, except of requests that the test refuses."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-US"} | options)
    context.set_default_timeout(30_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    page.goto(stub.origin + path)
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def page(browser: Browser, stub: Stub) -> Iterator[Page]:
    with opened(browser, stub) as page:
        yield page
