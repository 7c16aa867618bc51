/**
 * What the agent says and has not been played yet, as samples at 24 kHz, with the marks between them. A mark is due
 * when the last sample before it has been taken. Gaps are silence; every edge that could click is faded.
 */

const JITTER = 1_440; // 60 ms, gathered before speech begins or goes on after a gap
const FADE = 120; // 5 ms

export class PlaybackQueue {
  #chunks = [];
  #at = 0; // in the first chunk
  #length = 0;
  #written = 0;
  #marks = [];
  #playing = false;
  #waited = 0;
  #gain = 0;
  #tail = [];

  /** @param {Int16Array} samples */
  push(samples) {
    if (!samples.length) return;
    this.#chunks.push(samples);
    this.#length += samples.length;
    this.#written += samples.length;
  }

  mark(name) {
    this.#marks.push({ name, at: this.#written });
  }

  /** Marks that everything before has been played of, in order, each once. */
  takeDue() {
    const played = this.#written - this.#length;
    const pending = this.#marks.findIndex(({ at }) => at > played);
    return this.#marks.splice(0, pending < 0 ? this.#marks.length : pending).map(({ name }) => name);
  }

  /** Drops what is not played; answers the dropped marks. What can be heard at this moment fades out. */
  clear() {
    const length = this.#playing ? Math.min(FADE, this.#length) : 0;
    this.#tail = Array.from({ length }, (_, i) => this.#take() * this.#gain * (1 - i / length)).reverse();
    this.#chunks = [];
    this.#at = this.#length = this.#waited = this.#gain = 0;
    this.#playing = false;
    return this.takeDue();
  }

  /** The next sample, -1 to 1; silence when there is none. */
  next() {
    const fading = this.#tail.pop() ?? 0;
    if (!this.#playing && !this.#begins()) return fading;
    const sample = this.#take();
    // Nobody knows whether more comes in time, so the end of the queue is always a fade; more lifts it again.
    this.#gain = Math.min(this.#gain + 1 / FADE, this.#length / FADE, 1);
    this.#playing = this.#length > 0;
    return sample * this.#gain + fading;
  }

  #begins() {
    if (!this.#length) return false;
    this.#waited += 1; // a word shorter than the buffer is played, too
    if (this.#length < JITTER && this.#waited < JITTER) return false;
    this.#waited = 0;
    this.#playing = true;
    return true;
  }

  #take() {
    const [chunk] = this.#chunks;
    const sample = chunk[this.#at] / 32_768;
    this.#at += 1;
    this.#length -= 1;
    if (this.#at === chunk.length) {
      this.#chunks.shift();
      this.#at = 0;
    }
    return sample;
  }
}
