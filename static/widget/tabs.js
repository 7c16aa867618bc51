/**
 * The other tabs of this browser that show the same chat. A browser opens six connections to an origin over HTTP/1.1,
 * so all tabs together hold one stream: the tab that has the lock reads it and tells the others over a channel.
 *
 *   tell    {run, message, events}  what the reading tab has read; without events, that it is there
 *   need    {run, message, after}   "tell me what came after"; no answer: the reading tab is frozen or hangs
 *   failed  {run, message, error}   the reading tab gave up
 *   forget  {}                      a new conversation begins
 *   beside  {conversation, name, data}  what came beside the answers, see beside.js
 *
 * Plain http has no Web Locks, and where storage is blocked there is nothing to share: then a tab is alone and streams
 * for itself. Partitioned storage comes to the same, since locks and channels are partitioned with it.
 */
const HEARD_MS = 500; // after so long every tab that runs has heard what was said on the channel

export class Tabs {
  #name;
  #on;
  #shared = false;
  #channel = null;
  #leave = null;

  constructor(key) {
    this.#name = `callsphere:${key}`;
  }

  /** Whether tabs of this browser can see each other. */
  get shared() {
    return this.#shared;
  }

  /** @param on {message(type, body), returned()}: returned when the page comes back and may have missed something */
  async join(on) {
    this.#on = on;
    try {
      localStorage.getItem(this.#name); // throws where storage is blocked
      await this.#enter();
      this.#shared = true;
    } catch {
      this.#channel?.close();
      this.#channel = null;
      return;
    }
    // Put aside for the back button a page is no other tab; and with a lock or a channel, browsers may not put it aside.
    addEventListener("pagehide", () => {
      this.#channel.close();
      this.#channel = null;
      this.#leave();
    });
    addEventListener("pageshow", async (event) => {
      if (!event.persisted) return;
      await this.#enter();
      on.returned();
    });
  }

  /** Whether there are others. A frozen one counts: it holds its lock. */
  async others() {
    if (!this.#shared) return false;
    const { held } = await navigator.locks.query();
    return held.filter(({ name }) => name === `${this.#name}:tab`).length > 1;
  }

  send(type, body = {}) {
    this.#channel?.postMessage({ type, ...body });
  }

  /**
   * Run `work(lost)` while no other tab does; `lost` aborts when another tab has taken over. Where it resolves to true,
   * the others go on waiting until they have heard what it has told them: a channel may be slower than a lock.
   * @param {AbortSignal} signal gives the wait up
   * @param {boolean} steal take over from a tab that no longer answers
   * @param {string} lock which of the two streams
   */
  async alone(work, { signal, steal = false, lock = "stream" }) {
    const lost = new AbortController();
    if (!this.#shared) return work(lost.signal);
    let working = null;
    try {
      await new Promise((over, refused) => {
        const hold = async () => {
          working = work(lost.signal);
          const linger = await working;
          over();
          if (linger) await new Promise((heard) => setTimeout(heard, HEARD_MS));
        };
        navigator.locks.request(`${this.#name}:${lock}`, steal ? { steal } : { signal }, hold).catch(refused);
      });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      lost.abort();
      await working;
    }
  }

  #enter() {
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.addEventListener("message", ({ data: { type, ...body } }) => this.#on.message(type, body));
    return new Promise((entered, refused) => {
      const hold = () => {
        entered();
        return new Promise((leave) => (this.#leave = leave));
      };
      navigator.locks.request(`${this.#name}:tab`, { mode: "shared" }, hold).catch(refused);
    });
  }
}
