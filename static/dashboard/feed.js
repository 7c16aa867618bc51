/** The floor's state as one connection tells it, and up to which position it is whole. No socket, no clock. */
import { reduce } from "./reducer.js";

export class Feed {
  state = null;
  epoch = "";
  seq = 0;
  #waiting = true; // for a snapshot: what comes before it belongs to nothing

  /** What to ask the server for. */
  get position() {
    return this.epoch ? { epoch: this.epoch, seq: this.seq } : {};
  }

  /**
   * @param message a frame of the server
   * @returns {"whole" | "gap" | ""} whole: the state has all up to now; gap: something is missing; "": says neither
   */
  take(message) {
    if (message.type === "hello") return this.#greet(message);
    if (message.type === "snapshot") return this.#replace(message);
    if (this.#waiting) return "";
    switch (message.type) {
      case "delta": return this.#advance(message);
      case "fresh": return message.seq === this.seq ? "whole" : "gap";
      case "ping": return message.seq > this.seq ? "gap" : "";
    }
    return "";
  }

  /** A server that recovers sends what is missing after this; another epoch is another story from its beginning. */
  #greet({ epoch, seq, recovered }) {
    this.#waiting = !recovered;
    if (!recovered) return "";
    if (epoch !== this.epoch || !this.state) {
      this.epoch = ""; // only the whole helps
      this.#waiting = true;
      return "gap";
    }
    return seq === this.seq ? "whole" : "";
  }

  #replace({ epoch, seq, state }) {
    Object.assign(this, { epoch, seq, state });
    this.#waiting = false;
    return "whole";
  }

  #advance({ from, to, events }) {
    if (from > this.seq || (from < this.seq && to > this.seq)) return "gap";
    if (to <= this.seq) return to === this.seq ? "whole" : ""; // told twice
    this.state = reduce(this.state, events);
    this.seq = to;
    return "whole";
  }
}
