/**
 * The connection to the floor: tickets, the socket, recovery by position, and being awake again at once.
 *
 * One path for everything that goes wrong: close, and connect again with the position. The server then sends what is
 * missing, or the whole.
 */
import { Backoff } from "./backoff.js";
import { Feed } from "./feed.js";
import { Freshness } from "./freshness.js";

const PATIENCE_MS = 10_000; // from the ticket to the first words
const SILENCE_MS = 10_000; // words come each second: so long without any, the line is dead
const HEARTBEATS_MS = 32_000; // two of them: all that comes while nobody looks after the floor
const LOOK_MS = 500;
const GONE = 4403; // no member any more, or with another role

/** A ticket that the server does not give: trying again helps only after logging in. */
class Refused extends Error {}

export class Connection {
  freshness = new Freshness();
  feed = new Feed();
  #config;
  #on;
  #socket = null;
  #backoff = new Backoff();
  #timer = 0;
  #connecting = false; // a ticket is asked for
  #attempt = 0; // counts tries, so that what a given-up one still hears is ignored
  #heard = 0; // performance.now() of the last frame
  #asked = 0; // of the subscription
  #over = new AbortController();
  #refused = false;
  #whole = false; // this socket has told all; one that has not is tried again later, or it would be tried for ever

  /**
   * @param config {tickets, socket: addresses, csrf}
   * @param on {state(feed.state), presence(message), viewer(hello), ack(message), link(), refused(text)}
   */
  constructor(config, on) {
    this.#config = config;
    this.#on = on;
  }

  start() {
    const { signal } = this.#over;
    const wake = () => this.wake();
    document.addEventListener("visibilitychange", () => !document.hidden && wake(), { signal });
    document.addEventListener("resume", wake, { signal });
    for (const name of ["pageshow", "online", "focus"]) addEventListener(name, wake, { signal });
    addEventListener("offline", () => this.#lose(), { signal });
    addEventListener("pagehide", () => this.#drop(), { signal });
    setInterval(() => this.#look(), LOOK_MS);
    this.#connect();
  }

  /** Look at once whether the line still lives; if it does not, connect now rather than when its turn comes. */
  wake() {
    if (this.#refused) return;
    this.#look();
    if (this.#socket) return;
    this.#backoff.reset(); // also for a try under way: it may be one that the time without network cost
    if (!this.#connecting) this.#connect();
  }

  /** @returns {boolean} whether it went out */
  send(message) {
    const open = this.#socket?.readyState === WebSocket.OPEN;
    if (open) this.#socket.send(JSON.stringify(message));
    return open;
  }

  async #connect() {
    clearTimeout(this.#timer);
    const attempt = (this.#attempt += 1);
    this.#connecting = true;
    this.freshness.link = "opening";
    try {
      const ticket = await this.#ticket();
      if (attempt === this.#attempt) this.#open(ticket, attempt);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#connecting = false;
      if (error instanceof Refused) this.#refuse(error.message);
      else this.#retry();
    }
    this.#on.link();
  }

  async #ticket() {
    const { tickets, csrf } = this.#config;
    const response = await fetch(tickets, {
      method: "POST",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: "{}",
    });
    if ([401, 403, 404].includes(response.status)) throw new Refused("You are logged out, or not a member any more.");
    if (!response.ok) throw new Error(`ticket: ${response.status}`);
    return (await response.json()).ticket;
  }

  #open(ticket, attempt) {
    const address = new URL(this.#config.socket, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.searchParams.set("ticket", ticket);
    const socket = (this.#socket = new WebSocket(address));
    this.#connecting = this.#whole = false;
    this.#heard = performance.now();
    socket.onopen = () => {
      this.freshness.link = "open";
      this.#asked = this.#heard = performance.now();
      this.send({ type: "subscribe", ...this.feed.position });
      this.#on.link();
    };
    socket.onmessage = ({ data }) => attempt === this.#attempt && this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => attempt === this.#attempt && this.#closed(code);
  }

  #hear(message) {
    const now = performance.now();
    this.#heard = now;
    if (message.type === "hello" && message.now) this.freshness.setClock(message.now, now - this.#asked);
    if (message.type === "ping") this.send({ type: "pong" });
    const outcome = this.feed.take(message);
    if (outcome === "gap") return this.#resume();
    if (outcome === "whole") {
      this.#whole = true;
      this.#backoff.reset();
      // Without its own word for it, a state that was just sent is true as of the greeting at the earliest.
      if (message.verified) this.freshness.hear(message.verified);
    }
    this.#tell(message);
  }

  #tell(message) {
    switch (message.type) {
      case "hello": return this.#on.viewer(message);
      case "snapshot":
      case "delta": return this.#on.state(this.feed.state);
      case "presence": return this.#on.presence(message);
      case "ack": return this.#on.ack(message);
      case "stale": this.freshness.expire(message.since);
    }
    this.#on.link();
  }

  /** Something is missing: ask for it, from the position up to which all is here. */
  #resume() {
    this.freshness.lose();
    this.#drop();
    if (this.#whole) this.#connect();
    else this.#retry();
  }

  #closed(code) {
    this.#drop();
    if (code === GONE && this.#whole) this.#connect(); // the ticket says whether there is still something to see
    else this.#retry();
    this.#on.link();
  }

  #retry() {
    this.freshness.link = "down";
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  #lose() {
    this.#drop();
    this.#retry();
    this.#on.link();
  }

  #refuse(text) {
    this.#refused = true;
    this.freshness.link = "down";
    this.#on.refused(text);
  }

  #drop() {
    this.#attempt += 1;
    this.#connecting = false;
    clearTimeout(this.#timer);
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close(1000);
    this.#socket = null;
    this.freshness.link = "down";
  }

  /**
   * A line that says nothing, and a machine that slept: both look alive to the browser. One that is new compares the
   * clocks again with its greeting, however long that takes to come.
   */
  #look() {
    const patience = this.freshness.unwatched ? HEARTBEATS_MS : SILENCE_MS;
    const dead = performance.now() - this.#heard > patience;
    if (this.#socket && (dead || (this.#whole && this.freshness.slept))) this.#resume();
    this.#on.link();
  }
}
