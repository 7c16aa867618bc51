/** Plays the queue at the device's rate. In: ArrayBuffer (PCM16 24 kHz), {mark, latency}, {clear}. Out: {played}. */
import { PlaybackQueue } from "./playback_queue.js";
import { Resampler } from "./resampler.js";

class Playback extends AudioWorkletProcessor {
  #queue = new PlaybackQueue();
  #resampler = new Resampler(24_000, sampleRate);
  #latencies = new Map(); // by mark: frames until the device makes what was played a sound
  #leaving = []; // marks on their way through the device

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.#queue.push(new Int16Array(data, 0, data.byteLength >> 1));
      else if (data.clear) this.#clear();
      else this.#mark(data);
    };
  }

  process(_, [[channel]]) {
    for (let i = 0; i < channel.length; i += 1) {
      while (!this.#resampler.ready) this.#resampler.push(this.#queue.next());
      channel[i] = this.#resampler.next();
    }
    for (const name of this.#queue.takeDue()) {
      this.#leaving.push({ name, at: currentFrame + this.#latencies.get(name) });
      this.#latencies.delete(name);
    }
    while (this.#leaving.length && this.#leaving[0].at <= currentFrame) this.#played(this.#leaving.shift().name);
    return true;
  }

  #mark({ mark, latency }) {
    this.#latencies.set(mark, Math.round(latency * sampleRate));
    this.#queue.mark(mark);
  }

  #clear() {
    const dropped = this.#queue.clear();
    for (const { name } of this.#leaving.splice(0)) this.#played(name);
    for (const name of dropped) this.#played(name);
    this.#latencies.clear();
  }

  #played(name) {
    this.port.postMessage({ played: name });
  }
}

registerProcessor("playback", Playback);
