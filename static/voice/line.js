/** The connection of one call: a ticket, then a socket. Binary frames are audio, text frames are JSON control. */

const PATIENCE_MS = 10_000; // from the ticket to `ready`
const BACKLOG_BYTES = 96_000; // 2 s of audio; what is said later than that helps nobody

/** A call that did not come about, or broke. */
export class LineError extends Error {
  /** @param {{status?: number, refusal?: string, message?: string, retryAfter?: number | null, code?: number}} why
   *    status, refusal (its code) and retryAfter (s) of a refused ticket; code: how the socket was closed */
  constructor({ status = 0, refusal = "", message = "", retryAfter = null, code = 0 }) {
    super(message);
    Object.assign(this, { status, refusal, retryAfter, code });
  }
}

async function refusal(response) {
  const { error = {} } = await response.json().catch(() => ({}));
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new LineError({
    status: response.status,
    refusal: error.code,
    message: error.message,
    retryAfter: Number.isFinite(seconds) ? Math.max(1, seconds) : null,
  });
}

async function ticket({ tickets, ask, token }, signal) {
  const bearer = typeof token === "function" ? await token() : token;
  const response = await fetch(tickets, {
    method: "POST",
    signal,
    cache: "no-store",
    credentials: "omit", // an owner who is logged in here must still be an ordinary visitor
    headers: { "Content-Type": "application/json", ...(bearer && { Authorization: `Bearer ${bearer}` }) },
    body: JSON.stringify(ask),
  });
  if (!response.ok) throw await refusal(response);
  return (await response.json()).ticket;
}

export class Line {
  #socket = null;
  #on;

  /** @param on {audio(ArrayBuffer), control(message), lost(LineError)} */
  constructor(on) {
    this.#on = on;
  }

  /**
   * Resolves with the server's `ready`; rejects with a LineError, or what `fetch` throws.
   * @param config {tickets, socket: addresses, ask: body of the ticket's request, token?: a visitor's, or what fetches it}
   */
  async open(config, signal) {
    const address = new URL(config.socket, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.searchParams.set("ticket", await ticket(config, signal));
    signal.throwIfAborted();
    const socket = (this.#socket = new WebSocket(address));
    socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      let fail = reject;
      const timer = setTimeout(() => socket.close(), PATIENCE_MS);
      socket.onmessage = ({ data }) => {
        if (data instanceof ArrayBuffer) return this.#on.audio(data);
        const message = JSON.parse(data);
        if (message.type !== "ready") return this.#on.control(message);
        clearTimeout(timer);
        fail = this.#on.lost;
        return resolve(message);
      };
      socket.onclose = ({ code }) => {
        clearTimeout(timer);
        fail(new LineError({ code }));
      };
    });
  }

  sendAudio(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < BACKLOG_BYTES) {
      this.#socket.send(frame);
    }
  }

  /** @param {{type: "played" | "text" | "mute" | "end"}} message */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Nothing is called after this. */
  close() {
    if (!this.#socket) return;
    this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
  }
}
