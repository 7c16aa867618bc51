/**
 * The page around the frame. Messages are objects {callsphere: 1, type, …}; they are heard only from the window that
 * embeds us and only from an origin that the owner allows, and are sent only to that origin.
 *
 *   in   host {lang, theme, page, inline, phone, open, focus}   who embeds us, and every time that changes
 *   out  ready, close, unread {count}, size {expanded}, call {on}
 */
export class Host {
  #allowed;
  #origin = null;

  /** @param on {host(message)} */
  constructor(allowed, on) {
    this.#allowed = allowed;
    if (window.parent === window) return;
    addEventListener("message", (event) => {
      if (event.source !== window.parent || event.data?.callsphere !== 1 || !this.#allows(event.origin)) return;
      if (event.data.type !== "host") return;
      const first = this.#origin === null;
      this.#origin = event.origin;
      on.host(event.data);
      if (first) this.send("ready");
    });
  }

  send(type, fields = {}) {
    if (this.#origin) window.parent.postMessage({ callsphere: 1, type, ...fields }, this.#origin);
  }

  /** Exact origins, "https://*.example.com" for its subdomains, or "*" where the owner said anybody. */
  #allows(origin) {
    return this.#allowed.some((allowed) => {
      if (allowed === "*" || allowed === origin) return true;
      const [scheme, suffix] = allowed.split("://*.");
      return suffix !== undefined && origin.startsWith(`${scheme}://`) && origin.endsWith(`.${suffix}`);
    });
  }
}
