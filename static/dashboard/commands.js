/**
 * Commands that were given, until the server has answered each. Nothing is shown as done before it is.
 *
 * A command keeps its id when it is sent again after the line broke: the server answers the same id with the same ack.
 */
import { newId } from "../widget/ids.js";
import { refusalText } from "./words.js";

const PATIENCE_MS = 12_000;
const DONE_MS = 4_000;

/**
 * @typedef {{id: string, name: string, target: string, args: Object, version?: number}} Command
 * @typedef {{status: "pending" | "done" | "refused", name: string, text: string}} Outcome
 */

export class Commands {
  #send;
  #on;
  #open = new Map(); // id → {command, timer, settle}
  #outcomes = new Map(); // target → Outcome

  /** @param send (message) => whether it went out @param on {changed(), announce(text)} */
  constructor(send, on) {
    this.#send = send;
    this.#on = on;
  }

  /** @returns {Outcome | undefined} of the last command to this target */
  outcome(target) {
    return this.#outcomes.get(target);
  }

  /**
   * @param {string} words what is being done: "Pausing Oscar"
   * @returns {Promise<Object>} the ack, also one that refuses
   */
  give({ name, target, args = {}, version }, words) {
    const command = { type: "command", id: newId(), name, target, args, ...(version !== undefined && { version }) };
    this.#tell(target, { status: "pending", name, text: `${words}…` });
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#giveUp(command.id), PATIENCE_MS);
      this.#open.set(command.id, { command, words, timer, settle });
      this.#send(command);
    });
  }

  /** After a new connection: what was not answered is asked again. */
  repeat() {
    for (const { command } of this.#open.values()) this.#send(command);
  }

  take(ack) {
    const given = this.#open.get(ack.id);
    if (!given) return;
    clearTimeout(given.timer);
    this.#open.delete(ack.id);
    const { name, target } = given.command;
    if (ack.ok) this.#tell(target, { status: "done", name, text: `${given.words}: done` });
    else this.#tell(target, { status: "refused", name, text: `${given.words}: refused. ${refusalText(ack)}` });
    given.settle(ack);
  }

  /** What the page itself knows to be impossible. */
  refuse(target, name, text) {
    this.#tell(target, { status: "refused", name, text });
  }

  #giveUp(id) {
    this.take({ id, ok: false, message: "No answer came. What the floor shows is what holds.", code: "no_answer" });
  }

  #tell(target, outcome) {
    this.#outcomes.set(target, outcome);
    if (outcome.status !== "pending") this.#on.announce(outcome.text);
    if (outcome.status === "done") {
      setTimeout(() => {
        if (this.#outcomes.get(target) !== outcome) return;
        this.#outcomes.delete(target);
        this.#on.changed();
      }, DONE_MS);
    }
    this.#on.changed();
  }
}
