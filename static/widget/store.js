/**
 * What survives a reload: the visitor token, the conversation, a message on its way, and what was said in calls. It
 * lives as long as a tab of it does, and no longer: on a shared computer the next person must not find the last one's conversation. So a tab
 * keeps it in sessionStorage, and reads the copy that tabs share in localStorage only while another tab is open.
 * Where storage is blocked (private mode, third-party rules) the widget works on, for as long as the page lives.
 */
const EMPTY = { token: null, conversation: null };
const OWN = { pending: null, calls: [] };

function read(storage, name) {
  try {
    return JSON.parse(storage().getItem(name)) ?? {};
  } catch {
    return {}; // blocked or spoilt storage: start afresh
  }
}

function write(storage, name, value) {
  try {
    storage().setItem(name, JSON.stringify(value));
  } catch {
    // kept in memory only
  }
}

const own = () => sessionStorage;
const common = () => localStorage;

export class Store {
  #name;
  #tabs;
  #state = { ...EMPTY, ...OWN };

  constructor(key, tabs) {
    this.#name = `callsphere:${key}`;
    this.#tabs = tabs;
    addEventListener("storage", ({ key: name, newValue }) => {
      if (name === this.#name && newValue) this.#adopt(JSON.parse(newValue));
    });
  }

  /** Take up what was there; after `tabs.join`. */
  async open() {
    Object.assign(this.#state, read(own, this.#name));
    const shared = (await this.#tabs.others()) ? read(common, this.#name) : {};
    this.update(shared.token ? shared : {});
  }

  /**
   * {token, conversation, pending: {message_id, text} | null, calls: [{at, seconds, text, turns}]}
   * Calls are of this tab: on the server each is a conversation of its own.
   */
  get state() {
    return this.#state;
  }

  update(changes) {
    this.#adopt(changes);
    const { token, conversation } = this.#state;
    if (this.#tabs.shared) write(common, this.#name, { token, conversation });
  }

  clear() {
    this.update({ ...EMPTY, ...OWN });
  }

  /** As `clear`, when another tab has cleared what is shared. */
  forget() {
    this.#adopt({ ...EMPTY, ...OWN });
  }

  /** The message is known to have arrived, or to be refused for good. */
  settle(message) {
    if (this.#state.pending?.message_id === message?.messageId) this.update({ pending: null });
  }

  #adopt(changes) {
    Object.assign(this.#state, changes);
    write(own, this.#name, this.#state);
  }
}
