/** Texts that count up. They stand still while the floor is not live: nobody knows whether the call still goes on. */
import { setText } from "./keyed.js";
import { durationText } from "./words.js";

export class Timers {
  #running = new Map(); // element → unix seconds
  #now;

  /** @param now () => the server's clock in unix seconds */
  constructor(now) {
    this.#now = now;
  }

  /** Counts from `since` (unix seconds) in `el`; 0 empties it. */
  set(el, since) {
    if (this.#running.get(el) === since) return;
    if (since) this.#running.set(el, since);
    else this.#running.delete(el);
    setText(el, since ? durationText(this.#now() - since) : "");
  }

  tick() {
    const now = this.#now();
    for (const [el, since] of this.#running) {
      if (el.isConnected) setText(el, durationText(now - since));
      else this.#running.delete(el);
    }
  }
}
