/** The conversation: ties the transcript and the composer to the streams, and this tab to the others. */
import { ApiError } from "./api.js";
import { Beside } from "./beside.js";
import { History, agentName } from "./history.js";
import { newId } from "./ids.js";
import { RunStream } from "./stream.js";
import { CLOSED, NOT_LOADED, UNEXPECTED, failureText } from "./words.js";

const NOBODY = { state: "agent", person: "", say: "", present: false };
const RETRYABLE = new Set([401, 404, 409, 429]);

export class Chat {
  #config;
  #api;
  #store;
  #tabs;
  #view;
  #history;
  #on;
  #agent;
  #current = null; // {stream, asked, expected, answer, error}: the exchange that is going on
  #failed = null; // the last one, if it can be taken up again
  #next = null; // {text, messageId}: written while another tab was already asking
  #beside;
  #person = null; // who of the team has the conversation
  #told = new Set(); // runs that are on the screen to their end
  #loading = 1; // which load it is, 0 when there is none
  #stopping = false;

  /**
   * @param view {transcript, composer}
   * @param on {agent(name), connection("reading" | "waiting" | "offline"), answered(), closed(), standing(standing),
   *   typing(), quiet()}: see standing.js
   */
  constructor({ config, api, store, tabs, view, on }) {
    this.#config = config;
    this.#api = api;
    this.#store = store;
    this.#tabs = tabs;
    this.#view = view;
    this.#history = new History({ config, api, store, transcript: view.transcript });
    this.#on = on;
    this.#agent = config.agent.name;
    this.#beside = new Beside({
      api,
      tabs,
      on: { standing: (standing) => this.#stand(standing), turn: (turn) => this.#tell(turn), typing: () => on.typing() },
    });
  }

  /** Show the greeting or the conversation so far, and pick up what is going on: after a reload, or in another tab. */
  async start() {
    this.#setAgent(this.#agent);
    if (this.#config.closed) return this.#close(this.#config.closed);
    const loading = ++this.#loading;
    const past = await this.#history.load().catch(() => null);
    if (loading !== this.#loading) return; // begun anew meanwhile
    this.#loading = 0;
    if (past) this.#resume(past);
    else this.#view.transcript.addNotice(NOT_LOADED, { label: "Try again", act: () => this.reload() });
  }

  submit(text) {
    this.#submit({ text, messageId: newId() });
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
    const run = this.#current?.stream.run;
    this.#leave();
    // Nobody will read the rest; if the wish does not arrive the answer just runs to its end.
    if (run) await this.#api.stop(run).catch(() => {});
    this.#store.clear();
    this.#tabs.send("forget");
    await this.#begin();
  }

  /** Another tab speaks, see tabs.js. */
  overhear(type, body) {
    if (type === "tell") this.#hear(body);
    else if (type === "need") this.#current?.stream.answer(body);
    else if (type === "failed") this.#hearFailure(body);
    else if (type === "beside") this.#beside.hear(body);
    else if (type === "forget") {
      this.#leave();
      this.#store.forget();
      this.#begin();
    }
  }

  /** Something may have been missed: show what the server knows. */
  async reload() {
    if (this.#config.closed) return;
    this.#leave();
    await this.start();
  }

  #leave() {
    this.#current?.stream.close();
    this.#current = this.#failed = this.#next = null;
    this.#beside.leave();
    this.#stand(NOBODY);
    this.#view.composer.busy = false;
    this.#on.connection("reading");
  }

  async #begin() {
    this.#agent = this.#config.agent.name;
    await this.start();
  }

  #resume({ turns, agent, active_run: active, attention = NOBODY, last: number = 0 }) {
    const { pending } = this.#store.state; // posted, but nobody said that it arrived
    const message = pending && { text: pending.text, messageId: pending.message_id };
    this.#current?.stream.close(); // of a message that could not wait for the load; it is pending
    const last = turns.findLastIndex((turn) => turn.role === "user");
    const { text, run: expected } = turns[last] ?? {};
    const asked = message && message.text === text;
    // Posting again with the same id joins the run and replays its answer; show that exchange once.
    if (asked) turns.splice(last);
    this.#history.show(turns);
    for (const { role, run } of turns) if (role === "agent") this.#told.add(run);
    this.#setAgent(agentName(agent) ?? this.#agent);
    this.#stand(attention);
    this.#attend(number);
    if (asked) this.#submit(message, expected);
    else if (active) {
      this.#next = message;
      const known = text === undefined ? null : { text, messageId: newId() };
      this.#follow(this.#exchange({ message: known, run: active.run }));
    } else if (message) this.#submit(message);
    else this.#tabs.send("need", { run: null, message: null, after: 0 });
  }

  // one exchange

  /** @param expected the run that this message began, if it is the one that the server has already */
  #submit(message, expected = null) {
    this.#store.update({ pending: { message_id: message.messageId, text: message.text } });
    this.#follow(this.#ask({ message, expected }));
  }

  #ask({ message, ...known }) {
    const asked = this.#view.transcript.addUser(message.text);
    return this.#exchange({ message, asked, ...known });
  }

  #exchange({ message, run = null, asked = null, expected = null }) {
    const exchange = { asked, expected, answer: this.#view.transcript.addAnswer(this.#agent), error: null };
    const current = () => exchange === this.#current;
    exchange.stream = new RunStream({
      api: this.#api,
      tabs: this.#tabs,
      message,
      run,
      on: {
        event: (name, data, seq) => current() && this.#take(exchange, name, data, seq),
        state: (state) => current() && this.#on.connection(state),
        renew: (error) => this.#renew(error, exchange.stream.run),
        failed: (error) => current() && this.#fail(exchange, error),
      },
    });
    return exchange;
  }

  /** Follow one answer to its end. */
  async #follow(exchange) {
    const { composer } = this.#view;
    this.#current = exchange;
    this.#failed = null;
    this.#stopping = false;
    composer.busy = true;
    await exchange.stream.follow();
    if (exchange !== this.#current) return;
    this.#current = null;
    composer.busy = false;
    const next = this.#next;
    this.#next = null;
    if (next) this.#submit(next);
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

  #begun({ answer, stream, expected }, { run, token, conversation, agent }) {
    const { state } = this.#store;
    const elsewhere = state.conversation !== null && state.conversation !== conversation;
    const another = expected !== null && expected !== run;
    this.#store.settle(stream.message);
    this.#store.update({ token: token ?? state.token, conversation });
    if (elsewhere || another || this.#told.has(run)) return this.reload(); // not an answer to what is on the screen
    this.#attend(0);
    this.#setAgent(agentName(agent) ?? this.#agent);
    answer.setAgent(this.#agent);
    if (this.#stopping) this.stop();
  }

  #ended({ answer, error, stream: { run, message } }, { reason }) {
    this.#told.add(run);
    if (reason === "handoff" && answer.empty) return answer.el.remove(); // a person has it, and answers beside
    answer.finish(reason);
    if (reason === "error") {
      const { message: words = UNEXPECTED, retryable = true } = error ?? {};
      // The server gave this answer up; the old message id would only replay the failure.
      const act = () => this.#askAgain(answer, message.text);
      answer.fail(words, retryable && message ? { label: "Try again", act } : null);
    }
    this.#on.answered();
  }

  #askAgain(failed, text) {
    if (this.#current) return;
    failed.dismiss();
    this.#follow(this.#exchange({ message: { text, messageId: newId() } }));
  }

  async #renew(error, run) {
    if (error.status === 401) await this.#api.renew().catch(() => {});
    else if (error.status === 404 && !run) this.#store.update({ token: null, conversation: null });
    else return false;
    return true;
  }

  #fail(exchange, error) {
    const { answer, stream } = exchange;
    if (error?.status === 402) {
      answer.el.remove();
      this.#store.settle(stream.message);
      return this.#close(error.message || CLOSED);
    }
    const kept = error === null || RETRYABLE.has(error.status) || error.transient;
    if (!kept) this.#store.settle(stream.message);
    const act = () => this.#takeUp(exchange);
    answer.fail(failureText(error), kept ? { label: "Try again", wait: error?.retryAfter ?? 0, act } : null);
    this.#failed = exchange;
  }

  #takeUp(exchange) {
    if (this.#current) return;
    exchange.answer.reopen();
    this.#follow(exchange);
  }

  // the other tabs

  #hear({ run, message, events }) {
    if (this.#loading) return; // will ask for all of it when loaded
    const { stream } = this.#current ?? {};
    stream?.heard();
    if (stream?.matches({ run, message })) return stream.hear(events);
    if (this.#told.has(run) || stream?.reading) return;
    if (stream?.run || !message) {
      if (run) this.reload(); // the end of ours was missed
      return;
    }
    if (stream) this.#postpone(this.#current);
    if (this.#failed?.stream.matches({ run, message })) this.#takeUp(this.#failed);
    else this.#follow(this.#ask({ message, run }));
    this.#current.stream.hear(events);
  }

  /** Another tab was quicker: its question comes first, as it does on the server. */
  #postpone({ stream, asked, answer }) {
    this.#current = null;
    stream.close();
    asked?.remove();
    answer.el.remove();
    this.#next = stream.message;
  }

  #hearFailure({ run, message, error }) {
    const { stream } = this.#current ?? {};
    if (stream?.matches({ run, message })) stream.fail(error && new ApiError(error));
  }

  // a person of the team

  #attend(last) {
    if (this.#config.beside) this.#beside.follow(this.#store.state.conversation, last);
  }

  #stand(standing) {
    this.#person = standing.state === "person" ? standing.person : null;
    this.#on.standing(standing);
    this.#on.agent(this.#person ?? this.#agent);
  }

  #tell({ text, agent, person, created_at: created }) {
    const at = new Date(created);
    if (person) this.#view.transcript.addPerson(agent, text, { at });
    else this.#view.transcript.addAgent(agent, text, { at });
    this.#on.quiet();
    this.#on.answered();
  }

  #close(message) {
    const { transcript, composer } = this.#view;
    transcript.addAgent(this.#agent, message);
    composer.closed = true;
    this.#on.closed();
  }

  #setAgent(name) {
    this.#agent = name;
    this.#on.agent(this.#person ?? name);
  }
}
