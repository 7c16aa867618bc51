/** How long to wait before the next try: 1 s, doubled up to 30 s, each 20 % more or less so that pages spread out. */
const FIRST_MS = 1_000;
const LAST_MS = 30_000;
const SPREAD = 0.2;

export class Backoff {
  #random;
  #next = FIRST_MS;

  constructor(random = Math.random) {
    this.#random = random;
  }

  /** Milliseconds; the one after it is twice as long. */
  next() {
    const wait = this.#next * (1 - SPREAD + 2 * SPREAD * this.#random());
    this.#next = Math.min(LAST_MS, this.#next * 2);
    return wait;
  }

  reset() {
    this.#next = FIRST_MS;
  }
}
