/** The chat API as the frame uses it. Addresses and shapes: docs of the chat stream. */

export class ApiError extends Error {
  /** @param {{status: number, code: string, message: string, retryAfter: number | null}} answer retryAfter in s */
  constructor({ status, code, message, retryAfter }) {
    super(message);
    Object.assign(this, { status, code, retryAfter });
  }

  /** Worth asking again without a word to the visitor. */
  get transient() {
    return this.status >= 500 || this.status === 408 || this.status === 425;
  }
}

async function errorFrom(response) {
  const { error = {} } = await response.json().catch(() => ({}));
  const wait = response.headers.get("Retry-After");
  const seconds = wait === null ? null : /^\d+$/.test(wait) ? Number(wait) : (Date.parse(wait) - Date.now()) / 1000;
  return new ApiError({
    status: response.status,
    code: error.code ?? "unexpected",
    message: error.message ?? "",
    retryAfter: Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null,
  });
}

export class Api {
  #base;
  #key;
  #store;
  #context;
  #session = null;

  /** @param context () => {locale, page}: where the visitor is, sent once with the session */
  constructor({ base, key, store, context }) {
    this.#base = base;
    this.#key = key;
    this.#store = store;
    this.#context = context;
  }

  /** A visitor token, minted once: with one, a message that is posted twice is known to be the same message. */
  async session() {
    if (this.#store.state.token) return;
    this.#session ??= this.#mint().finally(() => (this.#session = null));
    await this.#session;
  }

  async #mint() {
    const { token, conversation } = await this.#open();
    // Another tab may have been quicker, and two tokens would be two visitors.
    if (!this.#store.state.token) this.#store.update({ token, conversation: conversation ?? null });
  }

  /** A fresh token for the visitor of an expired one, who keeps their conversation if they are still known. */
  async renew() {
    const { token, conversation } = await this.#open();
    this.#store.update({ token, conversation: conversation ? this.#store.state.conversation : null });
  }

  async #open() {
    const body = { widget: this.#key, ...this.#context() };
    return (await this.#fetch("/sessions", { method: "POST", body })).json();
  }

  /** POST a message; answers an event stream. Safe to repeat with the same message id. */
  async send({ text, messageId, signal }) {
    await this.session();
    const { conversation } = this.#store.state;
    const body = { message: text, message_id: messageId, ...(conversation && { conversation }) };
    return this.#fetch("/stream", { method: "POST", body, signal, stream: true });
  }

  /** Answers an event stream of what came after `after`, or 204 when there is nothing more. */
  async resume({ run, after, signal }) {
    const headers = after > 0 ? { "Last-Event-ID": `${run}:${after}` } : {};
    return this.#fetch(`/runs/${encodeURIComponent(run)}/stream`, { headers, signal, stream: true });
  }

  async stop(run) {
    await this.#fetch(`/runs/${encodeURIComponent(run)}/stop`, { method: "POST", body: {} });
  }

  /** {conversation, agent, turns: […], active_run: {run, after} | null} */
  async conversation(id) {
    return (await this.#fetch(`/conversations/${encodeURIComponent(id)}`)).json();
  }

  /** Answers an event stream of what the visitor is told without asking, after turn `after`. */
  async beside({ conversation, after, signal }) {
    return this.#fetch(`/conversations/${encodeURIComponent(conversation)}/stream?after=${after}`, { signal, stream: true });
  }

  /** @param reach {name, phone?, email?} */
  async callBack(conversation, reach) {
    await this.#fetch(`/conversations/${encodeURIComponent(conversation)}/callback`, { method: "POST", body: reach });
  }

  async #fetch(path, { method = "GET", body, headers = {}, signal, stream = false } = {}) {
    const { token } = this.#store.state;
    const response = await fetch(this.#base + path, {
      method,
      signal,
      cache: "no-store",
      credentials: "omit", // an owner who is logged in here must still be an ordinary visitor
      headers: {
        Accept: stream ? "text/event-stream" : "application/json",
        "X-Widget-Key": this.#key,
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(body && { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    if (!response.ok) throw await errorFrom(response);
    return response;
  }
}
