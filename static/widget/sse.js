/**
 * Server-sent events out of a fetch stream, by the WHATWG rules (HTML §9.2.6). EventSource cannot POST and cannot
 * send headers, so the frame reads the body itself.
 */
export class SseParser {
  #rest = "";
  #first = true;
  #afterCr = false;
  #event = "";
  #data = [];
  #id = "";

  /** Milliseconds that the server asks to wait before the next connection, or null. */
  retry = null;

  /**
   * @param {string} text the next decoded piece of the body, cut anywhere
   * @returns {{event: string, data: string, id: string}[]} the events this piece completed
   */
  push(text) {
    if (this.#first && text !== "") {
      this.#first = false;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    // A CR ends a line at once; the LF of a CRLF may come with the next piece and must not end a second one.
    if (this.#afterCr && text.startsWith("\n")) text = text.slice(1);
    if (text !== "") this.#afterCr = text.endsWith("\r");
    const lines = (this.#rest + text).split(/\r\n|\r|\n/);
    this.#rest = lines.pop();
    const events = [];
    for (const line of lines) {
      const event = this.#line(line);
      if (event) events.push(event);
    }
    return events;
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const field = colon === -1 ? line : line.slice(0, colon);
    let value = colon === -1 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retry = Number(value);
    return null;
  }

  #dispatch() {
    const data = this.#data;
    const event = { event: this.#event || "message", data: data.join("\n"), id: this.#id };
    this.#event = "";
    this.#data = [];
    return data.length ? event : null;
  }
}
