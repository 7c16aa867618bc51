/** The caller's voice in frames of 20 ms. */
import { Level } from "./level.js";

const WORKLET = new URL("./capture_worklet.js", import.meta.url);
const CLEAN = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

export class Microphone {
  #track;
  #source;
  #node;
  #level;

  /** Whether the page around this frame lets it ask; true where the browser does not say. */
  static get passed() {
    return document.featurePolicy?.allowsFeature("microphone") ?? true;
  }

  /**
   * Asks the visitor; rejects with a DOMException whose name says why not.
   * @param on {frame(ArrayBuffer), lost()}: lost when the device is gone, or was forbidden after all
   */
  static async open(context, on) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: CLEAN });
    try {
      await context.audioWorklet.addModule(WORKLET);
      return new Microphone(context, stream, on);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw error;
    }
  }

  constructor(context, stream, on) {
    [this.#track] = stream.getAudioTracks();
    this.#track.addEventListener("ended", () => on.lost());
    this.#source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    this.#node = new AudioWorkletNode(context, "capture");
    this.#node.port.onmessage = ({ data }) => on.frame(data);
    // Its output is silence: a node that leads nowhere is not run everywhere.
    this.#source.connect(this.#node).connect(context.destination);
    this.#level = new Level(this.#source);
  }

  /** 0 to 1 */
  get level() {
    return this.#level.now;
  }

  /** Frames of silence go on: who listens for the end of a sentence must hear it end. */
  set muted(muted) {
    this.#track.enabled = !muted;
  }

  close() {
    this.#node.port.onmessage = null;
    this.#source.disconnect();
    this.#track.stop(); // which does not fire "ended"
  }
}
