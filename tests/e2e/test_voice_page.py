"""The demo page in a real browser, with a microphone that plays a file, against the whole product."""

import wave
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from apps.conversations.models import Call, ToolCall, Turn
from apps.sandbox.core.tonespeech import speak
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

RATE = 48_000
LINES = ((1.0, "What are your opening hours?"), (16.0, "Which doctors do you have for knees?"))
"""When they are said, in seconds of the microphone."""


@pytest.fixture
def microphone(tmp_path: Path) -> Path:
    samples = np.zeros(40 * RATE, "<i2")
    for at, text in LINES:
        # Twice in a breath: on a busy machine Chromium's microphone of files drops a tenth of a second now and then.
        speech = np.frombuffer(speak(text, RATE) * 2, "<i2")
        samples[int(at * RATE) : int(at * RATE) + len(speech)] = speech
    path = tmp_path / "microphone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_somebody_talks_to_the_demo(server: str, clinic_demo: Tenant, microphone: Path, width: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}%noloop",
            ],
        )
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(f"{server}/demo/voice/{clinic_demo.slug}/")
        page.get_by_role("button", name="Start").click()
        log = page.get_by_role("log")
        log.get_by_text(LINES[0][1]).wait_for(timeout=30_000)
        log.get_by_text("AM").first.wait_for(timeout=30_000)
        log.get_by_text(LINES[1][1]).wait_for(timeout=30_000)
        page.get_by_role("button", name="Hang up").click()
        page.get_by_role("button", name="Call again").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()
    with tenant_scope(clinic_demo.pk):
        assert Call.objects.get().carrier == "browser"
        assert "get_office_hours" in ToolCall.objects.values_list("name", flat=True)
        assert Turn.objects.filter(role="visitor", text=LINES[0][1]).exists()
