"""Sound in both directions: exact frames out, exact marks back."""

from time import monotonic

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.voice.browser.conftest import MICROPHONE_HZ
from tests.voice.browser.stub import RATE, Line, Stub, eventually, tone

pytestmark = [pytest.mark.browser, pytest.mark.once]


def called(page: Page, stub: Stub) -> Line:
    page.get_by_role("button", name="Start the call").click()
    line = stub.answer().ready()
    expect(page.get_by_role("status")).to_have_text("On the call")
    return line


def power(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0


def test_the_microphone_arrives_in_frames_of_20_ms(page: Page, stub: Stub) -> None:
    line = called(page, stub)
    eventually(lambda: len(line.frames) >= 50, "the first second")
    begun, first = monotonic(), len(line.frames)
    eventually(lambda: len(line.frames) >= first + 150, "three seconds of frames")
    assert 40 < 150 / (monotonic() - begun) < 62
    assert {len(frame) for _, frame in line.frames} == {960}
    samples = line.samples()
    assert power(samples) > 0.03
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    assert abs(np.argmax(spectrum) * RATE / samples.size - MICROPHONE_HZ) < 5


def test_mute_is_silence_and_unmute_speech(page: Page, stub: Stub) -> None:
    line = called(page, stub)
    eventually(lambda: power(line.samples()) > 0.03, "speech")
    page.get_by_role("button", name="Mute", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("You are muted")
    eventually(lambda: line.of("mute") == [{"type": "mute", "muted": True}], "the word of it")
    eventually(lambda: power(line.samples(monotonic() - 0.4)) == 0, "silence")
    quiet = monotonic()
    eventually(lambda: line.samples(quiet).size > RATE / 2, "frames of it")
    assert power(line.samples(quiet)) == 0
    page.keyboard.press("m")
    eventually(lambda: power(line.samples(quiet)) > 0.03, "speech again")
    assert line.of("mute")[-1]["muted"] is False


def test_the_agent_is_heard_and_marks_come_back_in_time(page: Page, stub: Stub) -> None:
    line = called(page, stub)
    begun = monotonic()
    for n in range(1, 6):
        line.speak(tone(0.2))
        line.send("mark", name=f"g0:{n}")
    eventually(
        lambda: page.evaluate("+document.getElementById('call').style.getPropertyValue('--agent')") > 0.5, "level"
    )
    eventually(lambda: len(line.played) == 5, "all marks")
    assert line.played == [f"g0:{n}" for n in range(1, 6)]
    for n in range(1, 6):
        late = line.played_at(f"g0:{n}") - begun - 0.2 * n
        assert 0 <= late < 0.6, f"mark {n} came {late:.3f} s after its audio's length"


def test_clear_answers_marks_and_silences(page: Page, stub: Stub) -> None:
    line = called(page, stub)
    line.speak(tone(6))
    line.send("mark", name="g0:1")
    line.speak(tone(1))
    line.send("mark", name="g0:2")
    agent = "+document.getElementById('call').style.getPropertyValue('--agent')"
    eventually(lambda: page.evaluate(agent) > 0.5, "the agent speaks")
    assert line.played == []
    cleared = monotonic()
    line.send("clear", generation=1)
    eventually(lambda: line.played == ["g0:1", "g0:2"], "dropped marks")
    assert line.played_at("g0:2") - cleared < 1
    eventually(lambda: page.evaluate(agent) == 0, "silence")
    begun = monotonic()
    line.speak(tone(0.3))
    line.send("mark", name="g1:1")
    eventually(lambda: line.played[-1] == "g1:1", "the new generation")
    assert 0.3 <= line.played_at("g1:1") - begun < 1.5


def test_less_than_the_buffer_is_played_too(page: Page, stub: Stub) -> None:
    line = called(page, stub)
    line.send("mark", name="g0:0")
    line.speak(tone(0.02))
    line.send("mark", name="g0:1")
    eventually(lambda: line.played == ["g0:0", "g0:1"], "both marks")


def test_another_rate_of_the_device(page: Page, stub: Stub) -> None:
    """44.1 kHz has no whole ratio to 24 kHz."""
    page.evaluate("""() => {
        const Device = AudioContext;
        window.AudioContext = class extends Device { constructor(o) { super({ ...o, sampleRate: 44_100 }); } };
    }""")
    line = called(page, stub)
    eventually(lambda: len(line.frames) >= 100, "two seconds")
    samples = line.samples()
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    assert abs(np.argmax(spectrum) * RATE / samples.size - MICROPHONE_HZ) < 5
    begun = monotonic()
    line.speak(tone(0.5))
    line.send("mark", name="g0:1")
    eventually(lambda: line.played, "the mark")
    assert 0.5 <= line.played_at("g0:1") - begun < 1.5
