/** The inbox's addresses, as its page uses them (apps/inbox/urls.py). */

export class ApiError extends Error {
  constructor(status, { code = "unexpected", message = "That did not work. Please try again.", field = null } = {}) {
    super(message);
    Object.assign(this, { status, code, field });
  }
}

export class Api {
  #base;
  #csrf;
  #login;

  constructor({ api, csrf, login }) {
    this.#base = api;
    this.#csrf = csrf;
    this.#login = login;
  }

  /** @param filters {view, q, channel, agent, since, until}, and `before` or `ids` */
  list(filters) {
    return this.#fetch(`/conversations?${new URLSearchParams(filters)}`);
  }

  /** @param where {after} or {before}: numbers of turns */
  conversation(id, where = {}) {
    return this.#fetch(`/conversations/${id}?${new URLSearchParams(where)}`);
  }

  /** @param verb take, say, typing, return, close or seen */
  act(id, verb, body = {}) {
    return this.#fetch(`/conversations/${id}/${verb}`, { method: "POST", body });
  }

  wishes(changes = null) {
    return this.#fetch("/wishes", changes ? { method: "POST", body: changes } : {});
  }

  stream() {
    return new EventSource(`${this.#base}/stream`);
  }

  run(id) {
    return new EventSource(`${this.#base}/runs/${id}/stream`);
  }

  async #fetch(path, { method = "GET", body } = {}) {
    const headers = { Accept: "application/json" };
    if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": this.#csrf });
    let response;
    try {
      response = await fetch(this.#base + path, { method, headers, cache: "no-store", body: body && JSON.stringify(body) });
    } catch {
      throw new ApiError(0, { code: "unreachable", message: "The connection was lost. Please try again." });
    }
    if (response.status === 401) location.assign(this.#login);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new ApiError(response.status, answer.error);
    return answer;
  }
}
