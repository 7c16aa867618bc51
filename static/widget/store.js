/**
 * What survives a reload: the visitor token, the conversation, and a message on its way. sessionStorage and not
 * localStorage: on a shared computer the next person must not find the last one's conversation. Where storage is
 * blocked (private mode, third-party rules) the widget works on, for as long as the page lives.
 */
const EMPTY = { token: null, conversation: null, pending: null };

export class Store {
  #name;
  #state = { ...EMPTY };

  constructor(key) {
    this.#name = `callsphere:${key}`;
    try {
      Object.assign(this.#state, JSON.parse(sessionStorage.getItem(this.#name) ?? "{}"));
    } catch {
      // blocked or spoilt storage: start afresh
    }
  }

  /** {token, conversation, pending: {message_id, text} | null} */
  get state() {
    return this.#state;
  }

  update(changes) {
    Object.assign(this.#state, changes);
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(this.#state));
    } catch {
      // kept in memory only
    }
  }

  clear() {
    this.update(EMPTY);
  }
}
