/** How long the call lasts, or how long it still may: counts down when there is a limit, else up. */
import { clockText } from "../widget/times.js";

const WARN_S = 10;
const LOOK_MS = 200;

export class Clock {
  #show;
  #warn;
  #timer = 0;

  /** @param show (text, short: bool) @param warn (seconds), once, shortly before the end */
  constructor(show, warn) {
    this.#show = show;
    this.#warn = warn;
  }

  /** @param {number | null} limit seconds */
  start(limit) {
    const began = performance.now();
    let warned = false;
    const look = () => {
      const gone = (performance.now() - began) / 1_000;
      const left = limit === null ? Infinity : Math.max(0, Math.ceil(limit - gone));
      this.#show(clockText(limit === null ? Math.floor(gone) : left), left <= WARN_S);
      if (left > WARN_S || warned) return;
      warned = true;
      this.#warn(left);
    };
    this.stop();
    this.#timer = setInterval(look, LOOK_MS);
    look();
  }

  stop() {
    clearInterval(this.#timer);
  }
}
