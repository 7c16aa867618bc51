/**
 * Whether what the page shows is true right now. The one place that may say "live".
 *
 * The server says up to which moment the state is known to equal the database. Two clocks measure what has gone by
 * since: the steady one, which nobody can set, and the wall clock, which goes on while a laptop sleeps. The longer of
 * the two counts, so neither sleep nor a set clock can make an old state look new.
 */

export const QUIET_MS = 3_000; // nothing heard for so long: not live
const SLEPT_MS = 1_000; // the wall clock is ahead of the steady one by more: the machine slept, or was set

/** @returns {{steady: number, wall: number}} milliseconds */
export const readClocks = () => ({ steady: performance.now(), wall: Date.now() });

/** Milliseconds from one reading to a later one. */
const between = (from, to) => Math.max(to.steady - from.steady, to.wall - from.wall, 0);

export class Freshness {
  #read;
  #base = null; // {server: its clock in seconds, at: our reading then}
  #heard = null; // our reading when the server last said that the state is true
  #verified = 0; // up to then, on the server's clock in seconds
  #whole = false; // every change up to now is in the state
  #link = "down"; // "down" | "opening" | "open"
  #unwatched = false; // the server itself says that it does not know

  constructor(read = readClocks) {
    this.#read = read;
  }

  /** The link is being made, stands, or is gone. Only one that stands can be live. */
  set link(link) {
    this.#link = link;
    this.#unwatched = false;
    if (link !== "open") this.#whole = false;
  }

  /**
   * The server's clock.
   * @param {number} now unix seconds, as it wrote them @param {number} tripMs at most so long ago
   */
  setClock(now, tripMs = 0) {
    this.#base = { server: now + tripMs / 1_000, at: this.#read() };
  }

  /** The state is whole, and equals the database up to `verified` (unix seconds of the server). */
  hear(verified) {
    this.#whole = true;
    this.#unwatched = false;
    this.#heard = this.#read();
    this.#verified = Math.max(this.#verified, verified);
    if (this.now < verified) this.setClock(verified); // the server's clock is at least there
  }

  /** A change is missing: no matter what is heard, the state is not whole. */
  lose() {
    this.#whole = false;
  }

  /** The server itself says that nobody has looked since (unix seconds). */
  expire(since) {
    this.#unwatched = true;
    this.#verified = Math.max(this.#verified, since || 0);
  }

  /** Whether the server itself said that it does not know. */
  get unwatched() {
    return this.#unwatched;
  }

  /** Whether the machine slept since its clock was compared with the server's. The comparison is void then. */
  get slept() {
    if (!this.#base) return false;
    const now = this.#read();
    return now.wall - this.#base.at.wall - (now.steady - this.#base.at.steady) > SLEPT_MS;
  }

  /** The server's clock now, in unix seconds. */
  get now() {
    if (!this.#base) return this.#read().wall / 1_000;
    return this.#base.server + between(this.#base.at, this.#read()) / 1_000;
  }

  /** Milliseconds since the state was last said to be true; Infinity when it never was. */
  get silence() {
    return this.#heard ? between(this.#heard, this.#read()) : Infinity;
  }

  /** @returns {{state: "connecting" | "live" | "catching_up" | "stale", age: number, since: number}} seconds */
  view() {
    const age = Math.max(0, this.now - this.#verified);
    const fresh = this.silence < QUIET_MS && age * 1_000 < QUIET_MS;
    const told = { age, since: this.#verified };
    if (this.#unwatched) return { state: "stale", ...told };
    if (this.#link === "open" && this.#whole) return { state: fresh ? "live" : "stale", ...told };
    if (!this.#verified) return { state: "connecting", ...told };
    return { state: fresh || this.#link === "open" ? "catching_up" : "stale", ...told };
  }
}
