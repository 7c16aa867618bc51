"""A Chromium whose microphone plays what a caller says, line by line at its time."""

import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from apps.sandbox.core.tonespeech import speak
from tests.e2e.widget_stub.browser import ARGUMENTS, chromium

RATE = 48_000
SECONDS = 90


@contextmanager
def speaking_browser(lines: Sequence[tuple[float, str]], folder: Path) -> Iterator[Browser]:
    """The browser of somebody who says each line so many seconds after the microphone was turned on.

    Playwright keeps an event loop in this thread: leave this before a test uses the database.
    """
    path = folder / "microphone.wav"
    _record(lines, path)
    arguments = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}%noloop",
    ]
    executable = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


def _record(lines: Sequence[tuple[float, str]], path: Path) -> None:
    samples = np.zeros(SECONDS * RATE, "<i2")
    for at, text in lines:
        # Twice in a breath: on a busy machine Chromium's microphone of files drops a tenth of a second now and then.
        speech = np.frombuffer(speak(text, RATE) * 2, "<i2")
        start = int(at * RATE)
        if samples[start : start + len(speech)].any():
            raise ValueError(f"“{text}” would be said into the line before it.")
        samples[start : start + len(speech)] = speech
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
