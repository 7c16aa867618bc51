/**
 * One answer, followed to its end: read by this tab, or heard from the tab that reads it. Events are numbered, each is
 * taken once and in order wherever it comes from, so a lost connection or tab never loses or repeats text; and a
 * message carries an id of its own, so it is never sent twice.
 *
 *   waiting ──lock granted──▶ reading ──▶ over
 *      ▲  hears the others       │
 *      └── frozen, or the lock ◀─┘ was taken by a tab to which we did not answer
 */
import { watchLifecycle } from "./lifecycle.js";
import { Reader } from "./reader.js";

const ANSWER_MS = 1_500; // a tab that does not answer for so long is frozen, or hangs
const QUIET_MS = 2_000; // after so long without a word, ask whether the reading tab is still there

export class RunStream {
  #api;
  #tabs;
  #on;
  #events = []; // all of the run, so that whichever tab reads can tell any other
  #reader = null;
  #turn = null; // ends the present wait or reading
  #awake = Promise.resolve();
  #rise = null;
  #timer = 0;
  #asking = false;
  #steal = false;
  #renewed = false;

  /**
   * @param message {text, messageId} to post, or that was posted; null if unknown
   * @param run the id of the run, null until the server has named it
   * @param on {event(name, data, seq), state("reading" | "waiting" | "offline"), renew(error) → Promise<bool>,
   *   failed(error)}: failed gets an ApiError, or null when the server could not be reached
   */
  constructor({ api, tabs, message = null, run = null, on }) {
    this.#api = api;
    this.#tabs = tabs;
    this.#on = on;
    this.message = message;
    this.run = run;
    this.over = false;
  }

  get seq() {
    return this.#events.length;
  }

  /** Whether this tab is the one that posts or reads. */
  get reading() {
    return this.#reader !== null;
  }

  /** Resolves when the answer has ended, failed or was closed; after a failure it can be called again. */
  async follow() {
    this.over = false;
    const life = new AbortController();
    watchLifecycle({ sleep: () => this.#sleep(), wake: () => this.#wake() }, life.signal);
    while (!this.over) {
      await this.#awake;
      if (!this.over) await this.#takeTurn();
    }
    life.abort();
  }

  /** Stop following (the server goes on; stopping the answer is another request). */
  close() {
    this.over = true;
    this.#turn?.abort();
    this.#rise?.();
  }

  /** Whether another tab speaks of this run. */
  matches({ run, message }) {
    if (this.run && run) return this.run === run;
    return Boolean(message) && this.message?.messageId === message.messageId;
  }

  /** The reading tab has spoken, of this run or of another. */
  heard() {
    if (!this.reading && !this.over) this.#askLater();
  }

  /** What the reading tab has read. */
  hear(events) {
    if (!events.length || events[0].seq <= this.seq + 1) this.#asking = false;
    const complete = this.#takeAll(events);
    if (!complete && !this.#asking && !this.reading && !this.over) this.#ask();
  }

  /** Another tab wants to know what it missed. */
  answer(need) {
    if (this.reading) this.#tell(this.#events.slice(this.matches(need) ? need.after : 0));
  }

  fail(error) {
    this.close();
    this.#on.failed(error);
  }

  // what the reader asks and tells

  /** @returns {boolean} whether to read on */
  take(events) {
    const from = this.seq;
    const complete = this.#takeAll(events);
    if (this.seq > from) this.#tell(this.#events.slice(from));
    return complete && !this.over;
  }

  /** The server has nothing more to say. */
  finish() {
    this.close();
    this.#on.event("done", { reason: "stop" }, this.seq);
    return {};
  }

  async renew(error) {
    if (this.#renewed) return false;
    this.#renewed = await this.#on.renew(error);
    return this.#renewed;
  }

  async #takeTurn() {
    const turn = (this.#turn = new AbortController());
    const steal = this.#steal;
    this.#steal = false;
    if (this.#tabs.shared && !steal) this.#ask();
    await this.#tabs.alone((lost) => this.#read(turn, lost), { signal: turn.signal, steal });
    clearTimeout(this.#timer);
  }

  /** @returns {boolean} whether it failed, and the other tabs were told */
  async #read(turn, lost) {
    clearTimeout(this.#timer);
    lost.addEventListener("abort", () => turn.abort());
    if (turn.signal.aborted) return false;
    this.#reader = new Reader({ api: this.#api, source: this, signal: turn.signal, state: this.#on.state });
    this.#tell([]);
    try {
      await this.#reader.read();
    } catch (error) {
      const { run, message } = this;
      // Each tab would run into the same wall, one after the other.
      this.#tabs.send("failed", { run, message, error: error && { ...error, message: error.message } });
      this.fail(error);
      return true;
    } finally {
      this.#reader = null;
    }
    return false;
  }

  /** @returns {boolean} false when something is missing before the next event */
  #takeAll(events) {
    for (const event of events) {
      if (this.over || event.seq > this.seq + 1) return false;
      if (event.seq <= this.seq) continue; // seen before
      this.run ??= event.run;
      this.#events.push(event);
      if (event.name === "done") this.close();
      this.#on.event(event.name, event.data, event.seq);
    }
    return true;
  }

  #tell(events) {
    const { run, message } = this;
    this.#tabs.send("tell", { run, message, events });
  }

  #ask() {
    const { run, message, seq } = this;
    this.#asking = true;
    this.#tabs.send("need", { run, message, after: seq });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#unanswered(), ANSWER_MS);
  }

  #askLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), QUIET_MS);
  }

  #unanswered() {
    if (document.hidden) return this.#askLater(); // a tab that somebody looks at shall read
    this.#steal = true;
    this.#turn.abort();
  }

  /** A page that stops must not keep the others waiting. */
  #sleep() {
    if (!this.#rise) this.#awake = new Promise((resolve) => (this.#rise = resolve));
    this.#turn?.abort();
  }

  #wake() {
    if (this.#rise) {
      this.#rise();
      this.#rise = null;
    } else if (this.#reader) this.#reader.reconnect();
    else if (this.#tabs.shared) this.#ask();
  }
}
