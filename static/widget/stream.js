/**
 * One answer, followed to its end: post (or attach), read, and after every break resume from the last event. A lost
 * connection never loses or repeats text, because events are numbered, and never sends the visitor's message twice,
 * because the message carries an id of its own.
 *
 *   posting ──run──▶ reading ──done / 204──▶ ended
 *      ▲               │ break, silence, wake-up
 *      └── waiting ◀───┘      (again with the same message id, or with Last-Event-ID once the run is known)
 */
import { ApiError } from "./api.js";
import { SseParser } from "./sse.js";

const SILENCE_MS = 35_000; // two heartbeats of 15 s and a little
const HIDDEN_MS = 3_000; // phones kill sockets of a page in the background without telling it
const MAX_ATTEMPTS = 8; // about 50 s of trying
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 12_000;

export class RunStream {
  #api;
  #on;
  #message;
  #base;
  #ended = false;
  #renewed = false;
  #again = false;
  #abort = null;
  #wake = null;
  #hiddenAt = 0;
  #listeners = new AbortController();

  /**
   * @param message {text, messageId} to post, or null to attach to `run` after position `after`
   * @param on {event(name, data, seq), state("reading" | "waiting" | "offline"), restart(), renew(), failed(error)}
   *   failed gets an ApiError, or null when the server could not be reached
   */
  constructor({ api, message = null, run = null, after = 0, on }) {
    this.#api = api;
    this.#message = message;
    this.run = run;
    this.seq = after;
    this.#base = after;
    this.#on = on;
    const { signal } = this.#listeners;
    addEventListener("online", () => this.#reconnect(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#reconnect(), { signal });
    document.addEventListener("visibilitychange", () => this.#visibility(), { signal });
  }

  /** Read until the answer ends; resolves when it has, whatever the way. */
  async follow() {
    let attempt = 0;
    while (!this.#ended) {
      const before = this.seq;
      let wait = 0;
      try {
        await this.#connect();
      } catch (error) {
        if (this.#ended) break;
        if (error instanceof ApiError) {
          if (this.#renewable(error)) continue;
          if (!this.#transient(error)) return this.#fail(error);
          wait = (error.retryAfter ?? 0) * 1000;
        }
      }
      if (this.#ended) break;
      if (this.#again) {
        this.#again = false;
        attempt = 0;
        continue;
      }
      if (navigator.onLine) attempt = this.seq > before ? 1 : attempt + 1;
      if (attempt > MAX_ATTEMPTS) return this.#fail(null);
      await this.#pause(attempt, wait);
    }
    this.close();
  }

  /** Stop listening (the server goes on; stopping the answer is another request). */
  close() {
    this.#ended = true;
    this.#listeners.abort();
    this.#abort?.abort();
    this.#wake?.();
  }

  async #connect() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const watchdog = new Watchdog(() => this.#reconnect());
    try {
      const response = this.run
        ? await this.#api.resume({ run: this.run, after: this.seq, signal })
        : await this.#api.send({ ...this.#message, signal });
      if (response.status === 204) return this.#end("done", { reason: "stop" }, this.seq);
      // A hotel's login page answers 200 as well.
      if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return;
      watchdog.pat();
      this.#on.state("reading");
      await this.#read(response.body.getReader(), watchdog);
    } finally {
      watchdog.stop();
      this.#abort?.abort();
    }
  }

  async #read(reader, watchdog) {
    const parser = new SseParser();
    const decoder = new TextDecoder();
    while (!this.#ended) {
      const { done, value } = await reader.read();
      if (done) return;
      watchdog.pat();
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        if (!this.#take(event)) return;
      }
    }
  }

  /** @returns {boolean} whether to read on */
  #take({ event, data, id }) {
    const colon = id.lastIndexOf(":");
    const run = id.slice(0, colon);
    const seq = Number(id.slice(colon + 1));
    if (colon < 1 || !Number.isInteger(seq) || seq <= this.seq) return true; // seen before
    if (seq > this.seq + 1) return false; // something is missing: ask again from where we stand
    this.run ??= run;
    const body = JSON.parse(data);
    this.seq = seq;
    if (event === "done") {
      this.#end(event, body, seq);
      return false;
    }
    if (event === "reset" && body.after < this.#base) {
      // It voids text from before we attached, of which we do not know the pieces: replay the whole answer.
      this.seq = this.#base = 0;
      this.#again = true;
      this.#on.restart();
      return false;
    }
    this.#on.event(event, body, seq);
    return true;
  }

  #end(event, body, seq) {
    this.#ended = true;
    this.#on.event(event, body, seq);
  }

  #fail(error) {
    this.close();
    this.#on.failed(error);
  }

  /** An expired token or a conversation that is gone: begin a new one, once, and send the message again. */
  #renewable(error) {
    if (this.run || this.#renewed || ![401, 404].includes(error.status)) return false;
    this.#renewed = true;
    this.#on.renew();
    return true;
  }

  #transient(error) {
    return error.transient || (error.status === 429 && this.run !== null);
  }

  async #pause(attempt, atLeast) {
    this.#on.state(navigator.onLine ? "waiting" : "offline");
    const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    const wait = Math.max(atLeast, backoff * (0.5 + Math.random() / 2));
    await new Promise((resolve) => {
      this.#wake = resolve;
      if (navigator.onLine) setTimeout(resolve, wait);
    });
    this.#wake = null;
  }

  #reconnect() {
    if (this.#wake) return this.#wake();
    this.#again = true;
    this.#abort?.abort();
  }

  #visibility() {
    if (document.hidden) this.#hiddenAt = Date.now();
    else if (Date.now() - this.#hiddenAt > HIDDEN_MS) this.#reconnect();
  }
}

/** Barks when nothing was heard for too long. */
class Watchdog {
  #bark;
  #timer = 0;

  constructor(bark) {
    this.#bark = bark;
    this.pat();
  }

  pat() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#bark, SILENCE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
