"""A microphone in Chromium that says what a test wants, when it wants it: what `getUserMedia` gives is played there."""

import base64

from playwright.sync_api import BrowserContext, Frame, Locator, expect

from apps.sandbox.core.tonespeech import speak

RATE = 48_000
TRIES = 4
MICROPHONE = f"""
navigator.mediaDevices.getUserMedia = async () => {{
  const voice = new AudioContext({{ sampleRate: {RATE} }});
  const microphone = new MediaStreamAudioDestinationNode(voice);
  window.say = (pcm16) => {{
    const bytes = Uint8Array.from(atob(pcm16), (character) => character.charCodeAt(0));
    const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32_768);
    const buffer = new AudioBuffer({{ length: samples.length, sampleRate: {RATE} }});
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(voice, {{ buffer }});
    source.connect(microphone);
    source.start();
  }};
  return microphone.stream;
}};
"""


def give_microphone(context: BrowserContext) -> None:
    """To all pages of `context`, and the frames in them."""
    context.add_init_script(MICROPHONE)


def say(frame: Frame, text: str) -> None:
    """After the microphone is on."""
    # Twice in a breath: on a busy machine Chromium's audio drops a tenth of a second now and then.
    frame.evaluate("(pcm16) => say(pcm16)", base64.b64encode(speak(text, RATE) * 2).decode())


def say_until(frame: Frame, text: str, heard: Locator) -> None:
    """As somebody does who is not understood: again, until `heard` is there."""
    for attempt in range(TRIES):
        say(frame, text)
        try:
            expect(heard).to_be_visible(timeout=20_000)
        except AssertionError:
            if attempt == TRIES - 1:
                raise
        else:
            return
