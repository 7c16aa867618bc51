/** What happens at the business, as it happens: which conversations have changed. */

const GATHER_MS = 250;
const MOST = 50; // ids in one question
const RETRY_MS = 3_000;

export class Live {
  #connect;
  #on;
  #changed = new Set();
  #timer = 0;

  /** @param connect () => EventSource; @param on {ready(), changed(ids), lost()}: ready after each connection */
  constructor({ connect, on }) {
    this.#connect = connect;
    this.#on = on;
  }

  start() {
    const source = this.#connect();
    source.addEventListener("ready", () => this.#on.ready());
    source.addEventListener("changed", (event) => {
      this.#changed.add(JSON.parse(event.data).conversation);
      this.#timer ||= setTimeout(() => this.#tell(), GATHER_MS);
    });
    source.addEventListener("error", () => {
      this.#on.lost();
      if (source.readyState === EventSource.CLOSED) setTimeout(() => this.start(), RETRY_MS);
    });
    addEventListener("pagehide", () => source.close());
  }

  #tell() {
    this.#timer = 0;
    const ids = [...this.#changed];
    this.#changed.clear();
    for (let from = 0; from < ids.length; from += MOST) this.#on.changed(ids.slice(from, from + MOST));
  }
}
