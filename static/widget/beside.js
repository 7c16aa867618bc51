/**
 * What the visitor is told without having asked: a person's words, and who has the conversation. One stream for all
 * tabs of this browser (see tabs.js): the tab that has the lock reads it and tells the others.
 *
 * Turns are numbered and stored, so a lost connection is taken up after the last number; nothing comes twice.
 */
import { ApiError } from "./api.js";
import { watchLifecycle } from "./lifecycle.js";
import { SseParser } from "./sse.js";

const SILENCE_MS = 35_000; // two heartbeats of 15 s and a little
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export class Beside {
  #api;
  #tabs;
  #on;
  #conversation = null;
  #last = 0;
  #life = null; // ends the following
  #connection = null; // ends one connection, to begin another
  #wake = null;

  /** @param on {standing(data), turn(data), typing(data)} */
  constructor({ api, tabs, on }) {
    this.#api = api;
    this.#tabs = tabs;
    this.#on = on;
  }

  /** Follow the conversation; `last` is the number of the last turn that is on the screen. */
  follow(conversation, last = 0) {
    if (conversation === this.#conversation) return;
    this.leave();
    if (!conversation) return;
    this.#conversation = conversation;
    this.#last = last;
    this.#life = new AbortController();
    this.#follow(this.#life.signal);
  }

  leave() {
    this.#life?.abort();
    this.#connection?.abort();
    this.#conversation = this.#life = null;
  }

  /** Another tab has read something. */
  hear({ conversation, name, data }) {
    if (conversation === this.#conversation) this.#take(name, data);
  }

  async #follow(signal) {
    const conversation = this.#conversation;
    let awake = Promise.resolve();
    let rise = null;
    const sleep = () => {
      if (!rise) awake = new Promise((resolve) => (rise = resolve));
      this.#connection?.abort();
    };
    const wake = () => {
      rise?.();
      rise = null;
      this.#wake?.();
    };
    watchLifecycle({ sleep, wake }, signal);
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      await awake;
      if (signal.aborted) return;
      // Given back whenever the page sleeps, so that a frozen tab keeps nobody waiting.
      const read = (lost) => this.#read(conversation, signal, lost, () => rise !== null);
      await this.#tabs.alone(read, { signal, lock: "beside" });
    }
  }

  async #read(conversation, signal, lost, asleep) {
    lost.addEventListener("abort", () => this.#connection?.abort());
    let attempt = 0;
    while (!signal.aborted && !lost.aborted && !asleep()) {
      const before = performance.now();
      const { gone = false, retry = null } = await this.#connect(conversation).catch((error) => this.#failed(error));
      if (gone) return this.leave();
      attempt = performance.now() - before > LONGEST_WAIT_MS ? 0 : attempt + 1;
      const wait = retry ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
      if (!signal.aborted && !lost.aborted && !asleep()) await this.#pause(wait);
    }
  }

  async #connect(conversation) {
    this.#connection = new AbortController();
    const { signal } = this.#connection;
    let timer = 0;
    const pat = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#connection.abort(), SILENCE_MS);
    };
    pat();
    try {
      const response = await this.#api.beside({ conversation, after: this.#last, signal });
      if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return {};
      const reader = response.body.getReader();
      const parser = new SseParser();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return { retry: parser.retry };
        pat();
        for (const { event: name, data: text } of parser.push(decoder.decode(value, { stream: true }))) {
          const data = JSON.parse(text);
          this.#take(name, data);
          this.#tabs.send("beside", { conversation, name, data });
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #failed(error) {
    if (!(error instanceof ApiError)) return {};
    if (error.status === 401) await this.#api.renew().catch(() => {});
    return { gone: [403, 404].includes(error.status) };
  }

  #take(name, data) {
    if (name === "turn") {
      if (data.number <= this.#last) return; // seen before
      this.#last = data.number;
      this.#on.turn(data);
    } else if (name === "state") this.#on.standing(data);
    else if (name === "typing") this.#on.typing(data);
  }

  async #pause(wait) {
    await new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, wait);
    });
    this.#wake = null;
  }
}
