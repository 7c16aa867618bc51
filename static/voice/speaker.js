/** The agent's voice: plays frames, answers marks once they have been heard, and forgets at once what is cleared. */
import { Level } from "./level.js";

const WORKLET = new URL("./playback_worklet.js", import.meta.url);
const FADE_OUT_MS = 60; // until the fade of the last `clear` has left the device

export class Speaker {
  #context;
  #node;
  #level;

  /** @param {AudioContext} context made in a click, or browsers keep it silent @param played (name) */
  static async open(context, played) {
    await context.audioWorklet.addModule(WORKLET);
    return new Speaker(context, played);
  }

  constructor(context, played) {
    this.#context = context;
    this.#node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#node.port.onmessage = ({ data }) => played(data.played);
    this.#node.connect(context.destination);
    this.#level = new Level(this.#node);
  }

  /** 0 to 1 */
  get level() {
    return this.#level.now;
  }

  /** @param {ArrayBuffer} frame PCM16 mono 24 kHz; it is given away */
  play(frame) {
    this.#node.port.postMessage(frame, [frame]);
  }

  /** `played` is called with the name when all before it was heard, or dropped by `clear`. */
  mark(name) {
    this.#node.port.postMessage({ mark: name, latency: this.#context.outputLatency || this.#context.baseLatency || 0 });
  }

  clear() {
    this.#node.port.postMessage({ clear: true });
  }

  close() {
    this.clear();
    this.#node.port.onmessage = null;
    setTimeout(() => this.#context.close(), FADE_OUT_MS);
  }
}
