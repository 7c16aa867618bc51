/** The conversation: ties the transcript and the composer to the streams. */
import { RunStream } from "./stream.js";

const UNREACHABLE = "The connection was lost. Your message is kept.";
const CLOSED = "This chat is closed at the moment.";
const UNEXPECTED = "Something went wrong on our side.";
const RETRYABLE = new Set([401, 404, 409, 429]);

const agentName = (agent) => agent?.name ?? agent;

/** crypto.randomUUID exists only on https and localhost; a widget tried out over plain http must work too. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Chat {
  #config;
  #api;
  #store;
  #view;
  #on;
  #agent;
  #current = null; // {stream, answer, message, error}: the exchange that is going on
  #stopping = false;

  /**
   * @param view {transcript, composer}
   * @param on {agent(name), connection("ok" | "waiting" | "offline"), answered(), closed(message)}
   */
  constructor({ config, api, store, view, on }) {
    this.#config = config;
    this.#api = api;
    this.#store = store;
    this.#view = view;
    this.#on = on;
    this.#agent = config.agent.name;
  }

  /** Show the greeting or the conversation so far, and pick up what was going on before a reload. */
  async start() {
    this.#setAgent(this.#agent);
    if (this.#config.closed) return this.#close(this.#config.closed);
    const { conversation, pending } = this.#store.state; // pending: posted, but nobody said that it arrived
    let past = { turns: [], active_run: null };
    if (conversation) {
      try {
        past = await this.#api.conversation(conversation);
      } catch (error) {
        if (![401, 403, 404].includes(error.status)) return this.#offerReload();
        this.#store.update({ token: null, conversation: null });
      }
    }
    // A running answer may already have text in the conversation: it goes on in that bubble.
    const begun = past.active_run && past.turns.at(-1)?.role === "agent" ? past.turns.pop() : null;
    this.#restore(past, pending);
    if (pending) this.#follow({ message: { text: pending.text, messageId: pending.message_id } });
    else if (past.active_run) this.#attach(past, begun);
  }

  submit(text) {
    const messageId = newId();
    this.#store.update({ pending: { message_id: messageId, text } });
    this.#view.transcript.addUser(text);
    this.#follow({ message: { text, messageId } });
  }

  /** Have the server end the answer. The stream then says `done`, like at any other end. */
  async stop() {
    const exchange = this.#current;
    if (!exchange) return;
    this.#stopping = true;
    exchange.answer.freeze();
    if (!exchange.stream.run) return; // done as soon as the run has a name, see #begun
    try {
      await this.#api.stop(exchange.stream.run);
    } catch {
      if (exchange === this.#current) this.#view.composer.busy = true; // Stop can be pressed again
    }
  }

  /** Leave this conversation and begin a new one. */
  async restart() {
    const { transcript, composer } = this.#view;
    const stream = this.#current?.stream;
    this.#current = null;
    stream?.close();
    // Nobody will read the rest; if the wish does not arrive the answer just runs to its end.
    if (stream?.run) await this.#api.stop(stream.run).catch(() => {});
    this.#store.clear();
    transcript.clear();
    composer.busy = false;
    this.#on.connection("ok");
    this.#setAgent(this.#config.agent.name);
    await this.start();
  }

  #restore({ turns, agent }, pending) {
    const { transcript } = this.#view;
    const shown = [...turns];
    if (pending) {
      // Posting again with the same id joins the run and replays its answer; show that exchange once.
      const last = shown.findLastIndex((turn) => turn.role === "user");
      if (last !== -1 && shown[last].text === pending.text) shown.splice(last);
    }
    transcript.restore(() => {
      if (shown[0]?.role !== "agent") this.#greet(shown[0]?.created_at);
      for (const turn of shown) this.#addTurn(turn);
      if (pending) transcript.addUser(pending.text);
    });
    this.#setAgent(agentName(agent) ?? this.#agent);
  }

  #greet(at) {
    if (!this.#config.greeting) return;
    const when = at ? new Date(at) : new Date();
    this.#view.transcript.addAgent(this.#config.agent.name, this.#config.greeting, { at: when, announcer: MUTE });
  }

  #addTurn({ role, text, agent, created_at: created, tools = [] }) {
    const at = new Date(created);
    if (role === "user") return this.#view.transcript.addUser(text, at);
    this.#view.transcript.addAgent(agentName(agent) ?? this.#agent, text, { at, tools, announcer: MUTE });
  }

  #attach({ turns, active_run: { run, after = 0 } }, begun) {
    const at = begun ? new Date(begun.created_at) : new Date();
    const answer = this.#view.transcript.addAnswer(agentName(begun?.agent) ?? this.#agent, at);
    begun?.tools?.forEach((tool, index) => answer.setTool({ call: String(index), status: "done", ...tool }));
    if (begun?.text) answer.preload(after, begun.text);
    const asked = turns.findLast((turn) => turn.role === "user");
    this.#follow({ message: asked && { text: asked.text, messageId: newId() }, run, after, answer });
  }

  /** Follow one answer to its end. */
  async #follow({ message = null, run = null, after = 0, answer = null }) {
    const { transcript, composer } = this.#view;
    const exchange = { answer: answer ?? transcript.addAnswer(this.#agent), message, stream: null, error: null };
    const current = () => exchange === this.#current;
    exchange.stream = new RunStream({
      api: this.#api,
      message,
      run,
      after,
      on: {
        event: (name, data, seq) => current() && this.#take(exchange, name, data, seq),
        state: (state) => current() && this.#on.connection(state === "reading" ? "ok" : state),
        restart: () => exchange.answer.restart(),
        renew: () => this.#store.update({ token: null, conversation: null }),
        failed: (error) => current() && this.#failed(exchange, error),
      },
    });
    this.#current = exchange;
    this.#stopping = false;
    composer.busy = true;
    await exchange.stream.follow();
    if (!current()) return;
    this.#current = null;
    this.#on.connection("ok");
    composer.busy = false;
  }

  #take(exchange, name, data, seq) {
    const { answer } = exchange;
    if (name === "run") this.#begun(exchange, data);
    else if (name === "message") answer.addText(seq, data.tok);
    else if (name === "tool") answer.setTool(data);
    else if (name === "handoff") {
      answer.handoff(data);
      this.#setAgent(data.to);
    } else if (name === "reset") answer.reset(data.after);
    else if (name === "error") exchange.error = data;
    else if (name === "done") this.#ended(exchange, data);
  }

  #begun({ answer }, { token, conversation, agent }) {
    const { state } = this.#store;
    this.#store.update({ token: token ?? state.token, conversation, pending: null });
    this.#setAgent(agentName(agent) ?? this.#agent);
    answer.setAgent(this.#agent);
    if (this.#stopping) this.stop();
  }

  #ended({ answer, error, message }, { reason }) {
    answer.finish(reason);
    if (reason === "error") {
      const { message: words = UNEXPECTED, retryable = true } = error ?? {};
      answer.fail(words, retryable && message ? { label: "Try again", act: () => this.#again(message.text) } : null);
    }
    this.#on.answered();
  }

  /** The server gave this answer up; ask the same question anew (its old id would only replay the failure). */
  #again(text) {
    this.#follow({ message: { text, messageId: newId() } });
  }

  #failed({ answer, message, stream }, error) {
    if (error?.status === 402) {
      answer.el.remove();
      this.#store.update({ pending: null });
      return this.#close(error.message || CLOSED);
    }
    const kept = error === null || RETRYABLE.has(error.status) || error.transient;
    if (!kept) this.#store.update({ pending: null });
    const act = () => {
      if (stream.run) return this.#follow({ message, run: stream.run, after: stream.seq, answer: answer.reopen() });
      answer.el.remove();
      this.#follow({ message });
    };
    answer.fail(this.#failureText(error), kept ? { label: "Try again", wait: error?.retryAfter ?? 0, act } : null);
  }

  #failureText(error) {
    if (error === null) return UNREACHABLE;
    if (error.status !== 429) return error.message || UNEXPECTED;
    const words = error.message || "That was a lot of messages in a short time.";
    return error.retryAfter ? `${words} You can go on in ${duration(error.retryAfter)}.` : words;
  }

  #close(message) {
    const { transcript, composer } = this.#view;
    transcript.addAgent(this.#agent, message);
    composer.closed = true;
    this.#on.closed();
  }

  #offerReload() {
    this.#view.transcript.addNotice("Your conversation could not be loaded.", {
      label: "Try again",
      act: () => this.start(),
    });
  }

  #setAgent(name) {
    this.#agent = name;
    this.#on.agent(name);
  }
}

/** For what was said before: on the screen, but not read aloud again. */
const MUTE = { say() {}, follow: () => () => {} };

function duration(seconds) {
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
}
