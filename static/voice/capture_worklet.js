/** Turns the microphone, whatever its rate, into frames of 20 ms: ArrayBuffers of 480 samples, PCM16 24 kHz. */
import { Resampler } from "./resampler.js";

const FRAME = 480;

class Capture extends AudioWorkletProcessor {
  #resampler = new Resampler(sampleRate, 24_000);
  #frame = new Int16Array(FRAME);
  #filled = 0;

  process([[channel]]) {
    if (!channel) return true; // nothing is connected at the moment
    for (const sample of channel) {
      this.#resampler.push(sample);
      while (this.#resampler.ready) this.#add(this.#resampler.next());
    }
    return true;
  }

  #add(sample) {
    this.#frame[this.#filled] = Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767)));
    this.#filled += 1;
    if (this.#filled < FRAME) return;
    this.port.postMessage(this.#frame.buffer, [this.#frame.buffer]);
    this.#frame = new Int16Array(FRAME);
    this.#filled = 0;
  }
}

registerProcessor("capture", Capture);
