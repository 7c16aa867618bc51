/**
 * Reads one run from the network to its end: post (or attach), read, and after every break resume from the last event.
 *
 *   posting ──run──▶ reading ──done / 204──▶ over
 *      ▲               │ break, silence, wake-up, or the server asks to come back (retry:)
 *      └── waiting ◀───┘      (again with the same message id, or with Last-Event-ID once the run is known)
 */
import { ApiError } from "./api.js";
import { SseParser } from "./sse.js";

const SILENCE_MS = 35_000; // two heartbeats of 15 s and a little
const CHECK_MS = 5_000;
const MAX_ATTEMPTS = 8; // about 50 s of trying
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 12_000;
const QUIET_BREAK_MS = 3_000; // most breaks heal sooner, and then nobody needs to hear of them

export class Reader {
  #api;
  #source;
  #signal;
  #state;
  #abort = null;
  #wake = null;
  #again = false;
  #alarm = 0;

  /**
   * @param source the RunStream: {run, seq, over, message, take(events) → whether to read on, finish(), renew(error)}
   * @param {AbortSignal} signal ends the reading; the server goes on, stopping the answer is another request
   * @param state (state: "reading" | "waiting" | "offline") => void
   */
  constructor({ api, source, signal, state }) {
    this.#api = api;
    this.#source = source;
    this.#signal = signal;
    this.#state = state;
  }

  get #over() {
    return this.#source.over || this.#signal.aborted;
  }

  /** Resolves when the run or the reading is over. Throws an ApiError, or null when the server cannot be reached. */
  async read() {
    this.#signal.addEventListener("abort", () => this.reconnect());
    let attempt = 0;
    try {
      while (!this.#over) {
        const before = this.#source.seq;
        const { error = null, retry = null } = await this.#connect().catch((reason) => ({ error: reason }));
        if (this.#over) return;
        if (error instanceof ApiError) {
          if (await this.#source.renew(error)) continue;
          if (!this.#transient(error)) throw error;
        }
        if (this.#again) {
          this.#again = false;
          attempt = 0;
          continue;
        }
        // Being asked to come back is no failure: the server only moves us to another process.
        if (retry !== null) attempt = 0;
        else if (navigator.onLine) attempt = this.#source.seq > before ? 1 : attempt + 1;
        if (attempt > MAX_ATTEMPTS) throw null;
        await this.#pause(retry ?? backoff(attempt), (error?.retryAfter ?? 0) * 1000);
      }
    } finally {
      this.#calm();
    }
  }

  /** The connection may be dead: begin a new one, now. */
  reconnect() {
    if (this.#wake) return this.#wake();
    this.#again = true;
    this.#abort?.abort();
  }

  /** @returns {Promise<{retry?: number}>} retry: after how many milliseconds the server wants us back */
  async #connect() {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const watchdog = new Watchdog(() => this.reconnect());
    const { run, seq, message } = this.#source;
    try {
      const response = run
        ? await this.#api.resume({ run, after: seq, signal })
        : await this.#api.send({ ...message, signal });
      if (response.status === 204) return this.#source.finish();
      // A hotel's login page answers 200 as well.
      if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return {};
      watchdog.pat();
      this.#calm();
      return await this.#follow(response.body.getReader(), watchdog);
    } finally {
      watchdog.stop();
      this.#abort.abort();
    }
  }

  async #follow(reader, watchdog) {
    const parser = new SseParser();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { retry: parser.retry };
      watchdog.pat();
      const events = parser.push(decoder.decode(value, { stream: true })).flatMap(positioned);
      if (!this.#source.take(events)) return {};
    }
  }

  #transient(error) {
    return error.transient || (error.status === 429 && this.#source.run !== null);
  }

  async #pause(wait, atLeast) {
    if (!navigator.onLine) this.#state("offline");
    this.#alarm ||= setTimeout(() => this.#state(navigator.onLine ? "waiting" : "offline"), QUIET_BREAK_MS);
    await new Promise((resolve) => {
      this.#wake = resolve;
      if (navigator.onLine) setTimeout(resolve, Math.max(wait, atLeast));
    });
    this.#wake = null;
  }

  #calm() {
    clearTimeout(this.#alarm);
    this.#alarm = 0;
    this.#state("reading");
  }
}

/** Milliseconds, spread so that the visitors of a server that went away do not all come back at once. */
function backoff(attempt) {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
}

/** [{run, seq, name, data}], or [] for an event without a position. */
function positioned({ event, data, id }) {
  const colon = id.lastIndexOf(":");
  const seq = Number(id.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(seq)) return [];
  return [{ run: id.slice(0, colon), seq, name: event, data: JSON.parse(data) }];
}

/** Barks when nothing was heard for too long, by the wall clock: a timer stands still while a laptop sleeps. */
class Watchdog {
  #bark;
  #timer = 0;
  #heardAt;

  constructor(bark) {
    this.#bark = bark;
    this.pat();
    this.#watch();
  }

  pat() {
    this.#heardAt = Date.now();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #watch() {
    const left = this.#heardAt + SILENCE_MS - Date.now();
    if (left <= 0) this.#bark();
    else this.#timer = setTimeout(() => this.#watch(), Math.min(left, CHECK_MS));
  }
}
