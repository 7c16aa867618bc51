/** Which agents and calls are shown: by kind, by state, and by what is searched. */
import { element } from "../widget/dom.js";
import { Parts } from "./charts.js";
import { setText } from "./keyed.js";
import { shape } from "./shapes.js";
import { AGENT_STATES, KIND_ORDER, STATES, kindText, plural } from "./words.js";

const folded = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
const digits = (text) => text.replace(/\D/g, "");

export class Filters {
  kind = "";
  state = "";
  #wanted = "";
  #digits = "";
  #chips = new Map();
  #search;
  #kinds;
  #parts;
  #on;

  /** @param {{search: HTMLInputElement, kinds: HTMLSelectElement, states: HTMLElement}} els @param on {changed()} */
  constructor(els, on) {
    this.#on = on;
    this.#search = els.search;
    this.#kinds = els.kinds;
    this.#search.addEventListener("input", () => this.#seek());
    this.#kinds.addEventListener("change", () => this.#choose({ kind: this.#kinds.value }));
    for (const state of AGENT_STATES) els.states.append(this.#chip(state));
    this.#parts = new Parts(els.spread, AGENT_STATES);
  }

  focus() {
    this.#search.focus();
    this.#search.select();
  }

  get active() {
    return Boolean(this.kind || this.state || this.#wanted);
  }

  clear() {
    this.#search.value = this.#kinds.value = "";
    this.#wanted = this.#digits = "";
    this.#choose({ kind: "", state: "" });
  }

  /** @param {Object | undefined} call the one they are on */
  hasAgent(agent, call) {
    if (this.kind && agent.kind !== this.kind) return false;
    if (this.state && agent.state !== this.state) return false;
    return !this.#wanted || this.#finds([agent.name, kindText(agent.kind), ...wordsOf(call)], call?.phone);
  }

  hasCall(call, agent) {
    if (this.kind && (agent?.kind ?? call.kind) !== this.kind) return false;
    if (this.state && call.state !== this.state) return false;
    return !this.#wanted || this.#finds([agent?.name ?? "", ...wordsOf(call)], call.phone);
  }

  render(state, before) {
    if (state.agents === before?.agents) return;
    const counts = Object.fromEntries(AGENT_STATES.map((name) => [name, 0]));
    const kinds = new Set();
    for (const agent of Object.values(state.agents)) {
      counts[agent.state] += 1;
      kinds.add(agent.kind);
    }
    for (const [name, { count }] of this.#chips) setText(count, String(counts[name]));
    this.#parts.show(counts);
    this.#offer(kinds);
  }

  #offer(kinds) {
    const known = new Set(Array.from(this.#kinds.options, ({ value }) => value));
    const order = [...KIND_ORDER, ...kinds].filter((kind, at, all) => kinds.has(kind) && all.indexOf(kind) === at);
    if (order.every((kind) => known.has(kind)) && order.length === known.size - 1) return;
    const options = order.map((kind) => element("option", { value: kind, text: kindText(kind) }));
    this.#kinds.replaceChildren(element("option", { value: "", text: "All kinds" }), ...options);
    this.#kinds.value = this.kind;
  }

  #chip(state) {
    const count = element("span", { class: "count", text: "0" });
    const words = element("span", { text: STATES[state] });
    const button = element("button", { type: "button", class: "chip", "data-state": state, "aria-pressed": "false" });
    button.append(shape(state), words, " ", count);
    button.addEventListener("click", () => this.#choose({ state: this.state === state ? "" : state }));
    this.#chips.set(state, { button, count });
    return button;
  }

  #choose(change) {
    Object.assign(this, change);
    for (const [state, { button }] of this.#chips) button.setAttribute("aria-pressed", String(state === this.state));
    this.#on.changed();
  }

  #seek() {
    this.#wanted = folded(this.#search.value.trim());
    this.#digits = /^[+(\d][\d\s().-]*$/.test(this.#wanted) ? digits(this.#wanted) : "";
    this.#on.changed();
  }

  #finds(texts, phone) {
    if (this.#digits && phone && digits(phone).includes(this.#digits)) return true;
    return texts.some((text) => folded(text).includes(this.#wanted));
  }
}

const wordsOf = (call) => (call ? [call.lead?.name ?? "", call.lead?.company ?? "", call.phone] : []);

export const foundText = (agents, calls) => `${plural(agents, "agent")}, ${plural(calls, "call")} found`;
