"""The parts of the sound that need no device, run where they run: in the browser."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.voice.browser.conftest import opened
from tests.voice.browser.stub import Stub

pytestmark = [pytest.mark.browser, pytest.mark.once]

RESAMPLED = """async ([from, to, samples]) => {
    const { Resampler } = await import("/static/voice/resampler.js");
    const resampler = new Resampler(from, to);
    const out = [];
    for (const sample of samples) {
        resampler.push(sample);
        while (resampler.ready) out.push(resampler.next());
    }
    return out;
}"""
QUEUE = """async (steps) => {
    const { PlaybackQueue } = await import("/static/voice/playback_queue.js");
    const queue = new PlaybackQueue();
    const out = [], marks = [];
    for (const [what, value] of steps) {
        if (what === "push") queue.push(new Int16Array(value[0]).fill(value[1]));
        if (what === "mark") queue.mark(value);
        if (what === "clear") marks.push(...queue.clear().map((name) => [name, out.length]));
        if (what === "play") for (let i = 0; i < value; i += 1) {
            out.push(queue.next());
            marks.push(...queue.takeDue().map((name) => [name, out.length]));
        }
    }
    return { out, marks };
}"""
BUFFER = 1_440
LOUD = 20_000
STEP = 2 / 120
"""More than a fade's step at full level; a click is far more."""


@pytest.fixture(scope="module")
def page(browser: Browser, stub_process: Stub) -> Iterator[Page]:
    """One for all: nothing here leaves a trace in it."""
    stub_process.begin()
    with opened(browser, stub_process) as page:
        yield page


def resampled(page: Page, start: int, goal: int, hertz: float) -> np.ndarray:
    time = np.arange(start // 4) / start
    return np.array(page.evaluate(RESAMPLED, [start, goal, np.sin(2 * np.pi * hertz * time).tolist()]))


@pytest.mark.parametrize(("start", "goal"), [(48_000, 24_000), (44_100, 24_000), (24_000, 48_000), (24_000, 44_100)])
@pytest.mark.parametrize("hertz", [300, 1_000, 3_400, 7_000])
def test_a_tone_keeps_its_shape(page: Page, start: int, goal: int, hertz: float) -> None:
    out = resampled(page, start, goal, hertz)
    assert abs(out.size - goal / 4) <= 1
    steady = out[goal // 50 :]
    time = np.arange(steady.size) / goal
    basis = np.stack([np.sin(2 * np.pi * hertz * time), np.cos(2 * np.pi * hertz * time)], axis=1)
    weights = np.linalg.lstsq(basis, steady, rcond=None)[0]
    rest = steady - basis @ weights
    assert abs(20 * math.log10(np.linalg.norm(weights))) < 0.1
    assert 10 * math.log10(np.mean((steady - rest) ** 2) / np.mean(rest**2)) > 70


@pytest.mark.parametrize("start", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("hertz", [12_100, 16_000, 20_000])
def test_what_does_not_fit_is_gone(page: Page, start: int, hertz: float) -> None:
    steady = resampled(page, start, 24_000, hertz)[480:]
    assert 20 * math.log10(np.sqrt(2 * np.mean(steady**2))) < -70


def played(page: Page, *steps: tuple[str, Any]) -> tuple[np.ndarray, list[list[Any]]]:
    result = page.evaluate(QUEUE, [list(step) for step in steps])
    return np.array(result["out"]), result["marks"]


def test_marks_are_due_at_their_sample(page: Page) -> None:
    steps = [
        ("push", [2_000, LOUD]),
        ("mark", "a"),
        ("push", [480, LOUD]),
        ("mark", "b"),
        ("mark", "c"),
        ("play", 4_000),
    ]
    out, marks = played(page, *steps)
    assert marks == [["a", 2_000], ["b", 2_480], ["c", 2_480]]
    assert np.abs(np.diff(out)).max() < STEP


def test_speech_waits_for_the_buffer_or_its_time(page: Page) -> None:
    out, _ = played(page, ("push", [480, LOUD]), ("play", 480), ("push", [480, LOUD]), ("play", 3_000))
    begins = int(np.flatnonzero(out)[0])
    assert BUFFER - 1 <= begins <= BUFFER + 1
    out, _ = played(page, ("push", [BUFFER, LOUD]), ("play", 10))
    assert out[1] > 0


def test_a_gap_is_silence_without_a_click(page: Page) -> None:
    out, marks = played(
        page,
        ("push", [2_000, LOUD]),
        ("play", 2_500),
        ("push", [2_000, LOUD]),
        ("mark", "end"),
        ("play", 2_500),
    )
    assert np.abs(np.diff(out)).max() < STEP
    assert not out[2_000:2_500].any()
    assert marks == [["end", 4_500]]


def test_more_in_time_lifts_the_fade_again(page: Page) -> None:
    out, _ = played(page, ("push", [1_500, LOUD]), ("play", 1_440), ("push", [1_500, LOUD]), ("play", 1_000))
    assert np.abs(np.diff(out)).max() < STEP
    assert out[1_430:1_450].min() > 0.1
    assert out[1_600] == pytest.approx(LOUD / 32_768, abs=0.001)


@pytest.mark.parametrize("at", [0, 60, 1_990, 2_000, 3_000])
def test_clear_drops_marks_and_never_clicks(page: Page, at: int) -> None:
    out, marks = played(
        page,
        ("push", [2_000, LOUD]),
        ("mark", "a"),
        ("push", [3_000, LOUD]),
        ("mark", "b"),
        ("play", at),
        ("clear", None),
        ("play", 1_000),
        ("push", [2_000, -LOUD]),
        ("mark", "c"),
        ("play", 3_000),
    )
    assert np.abs(np.diff(out)).max() < STEP
    assert not out[at + 120 : at + 1_000].any()
    assert [name for name, _ in marks] == ["a", "b", "c"]
    assert marks[1] == ["b", at]
    assert marks[2] == ["c", at + 1_000 + 2_000]
