/** The conversation at the side: its words as they come, and what its reader may do with it. */
import { element } from "../widget/dom.js";
import { newId } from "../widget/ids.js";
import { Answer } from "./answer.js";
import { Still } from "./still.js";
import { toolElement, turnElement } from "./turns.js";
import { CHANNELS } from "./words.js";

const AGAIN = 3; // turns that are looked at again: their tools may have finished meanwhile
const NEAR_END_PX = 80;
const TYPING_MS = 3_000;

export class Conversation {
  #api;
  #words;
  #el;
  #on;
  #data = null;
  #turns = new Map(); // id → element
  #last = 0;
  #first = 0;
  #run = null; // {id, answer}
  #asked = 0;
  #looks = 0;
  #shown = 0; // the latest look that is shown
  #still;
  #typedAt = 0;
  #drafts = new Map(); // words that were not sent yet, by conversation
  #parts = null;

  /** @param on {back(), changed(), seen(id), say(text), returning(conversation)}: changed after a verb of ours */
  constructor({ api, words, el, on }) {
    this.#api = api;
    this.#words = words;
    this.#el = el;
    this.#still = new Still(el);
    this.#on = on;
  }

  get id() {
    return this.#data?.id ?? null;
  }

  async open(id) {
    if (this.id === id) return this.focus();
    this.close();
    const asked = ++this.#asked;
    try {
      const data = await this.#api.conversation(id);
      if (asked !== this.#asked) return;
      this.#begin(data);
      this.#take(data);
      this.#toEnd();
      this.focus();
    } catch (error) {
      if (asked === this.#asked) this.#el.replaceChildren(element("p", { class: "empty", role: "alert", text: error.message }));
    }
  }

  close() {
    this.#asked += 1;
    this.#run?.answer.close();
    this.#run = this.#data = this.#parts = null;
    this.#turns.clear();
    this.#last = this.#first = 0;
    this.#el.replaceChildren();
  }

  /** Something happened in it. */
  async refresh() {
    if (!this.#data) return;
    const asked = this.#asked;
    const look = ++this.#looks;
    const data = await this.#api.conversation(this.id, { after: Math.max(0, this.#last - AGAIN) });
    if (asked !== this.#asked || !this.#data || look < this.#shown) return; // a slow answer tells how it was
    this.#shown = look;
    const atEnd = this.#atEnd();
    this.#take({ ...data, earlier: this.#data.earlier });
    if (atEnd) this.#toEnd();
  }

  focus() {
    this.#parts?.title.focus({ preventScroll: true });
  }

  reply() {
    if (this.#data?.is_mine) this.#parts.field.focus();
    else this.#parts?.take?.focus();
  }

  async take() {
    if (this.#data && !this.#data.is_mine) await this.#act("take", { version: this.#data.version });
    if (this.#data?.is_mine) this.#parts.field.focus();
  }

  async giveBack(note) {
    await this.#act("return", { note, version: this.#data.version });
  }

  #begin(data) {
    const title = element("h2", { tabindex: "-1", dir: "auto" });
    const facts = element("p", { class: "facts" });
    const back = button("‹", "quiet back", () => this.#on.back());
    back.setAttribute("aria-label", "Back to the list");
    const verbs = element("div", { class: "verbs" });
    const about = element("div", { class: "about" });
    const earlier = button("Show earlier", "quiet earlier", () => this.#earlier());
    const log = element("div", { class: "log", role: "log", "aria-label": "Messages", "aria-live": "polite" });
    const scroller = element("div", { class: "scroller", tabindex: "0", "aria-label": "Messages" }, earlier, log);
    const problem = element("p", { class: "problem", role: "alert" });
    const field = element("textarea", { rows: "2", maxlength: "4000", placeholder: "Write to the visitor", "aria-label": "Your message", dir: "auto" });
    const send = element("button", { class: "primary", text: "Send" });
    const composer = element("form", { class: "composer" }, field, send);
    composer.addEventListener("submit", (event) => (event.preventDefault(), this.#say()));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#say();
    });
    field.addEventListener("input", () => this.#typing());
    field.value = this.#drafts.get(data.id) ?? "";
    const head = element("header", { class: "talk-head" }, back, element("div", { class: "names" }, title, facts), verbs);
    this.#parts = { title, facts, verbs, about, earlier, log, scroller, problem, field, send, composer, take: null };
    this.#el.replaceChildren(head, about, scroller, problem, composer);
  }

  #take(data) {
    this.#data = data;
    const { log } = this.#parts;
    if (this.#run && this.#run.id !== data.run) this.#drop();
    if (data.run && data.channel === "chat" && !this.#run) this.#follow(data.run);
    for (const turn of data.turns) {
      if (turn.role === "agent" && turn.run && turn.run === this.#run?.id) continue; // in the live answer
      const made = turnElement(turn, this.#words, { visitor: data.who });
      const before = this.#turns.get(turn.id);
      if (before?.isEqualNode(made)) continue; // whoever copies from it keeps what they have marked
      if (before) before.replaceWith(made);
      else this.#place(made, turn.number);
      this.#turns.set(turn.id, made);
      this.#last = Math.max(this.#last, turn.number);
      this.#first = this.#first ? Math.min(this.#first, turn.number) : turn.number;
    }
    if (this.#run) log.append(this.#run.answer.el);
    this.#between(data.tools);
    this.#header();
    if (document.visibilityState === "visible" && data.unread) this.seen();
  }

  /** Read to here. */
  async seen() {
    if (!this.#data) return;
    const { id } = this.#data;
    await this.#api.act(id, "seen").catch(() => {});
    if (this.#data?.id === id) this.#data.unread = false;
    this.#on.seen(id);
  }

  #place(made, number) {
    const { log } = this.#parts;
    const after = [...log.querySelectorAll("[data-number]")].find((each) => Number(each.dataset.number) > number);
    log.insertBefore(made, after ?? log.querySelector("[data-live], [data-between]"));
  }

  /** In a call tools run between turns: they stand together, below. */
  #between(tools) {
    this.#parts.log.querySelector("[data-between]")?.remove();
    if (tools.length) this.#parts.log.append(element("div", { class: "used", "data-between": "" }, ...tools.map(toolElement)));
  }

  #follow(run) {
    const answer = new Answer({
      source: this.#api.run(run),
      name: this.#words.agent(this.#data.agent),
      on: {
        grown: () => this.#atEnd() && this.#toEnd(),
        over: () => {
          if (this.#run?.id !== run) return;
          this.#drop();
          this.refresh().catch(() => {});
        },
      },
    });
    this.#run = { id: run, answer };
  }

  #drop() {
    this.#run.answer.close();
    this.#run.answer.el.remove();
    this.#run = null;
  }

  #header() {
    const data = this.#data;
    const { title, facts, earlier, composer, field } = this.#parts;
    title.textContent = data.who;
    const version = data.turns.findLast((turn) => turn.agent_version)?.agent_version;
    if (version) this.#parts.version = version;
    const agent = `${this.#words.agent(data.agent)}${this.#parts.version ? ` v${this.#parts.version}` : ""}`;
    const state = { waiting: "waits for a person", person: data.is_mine ? "you have it" : `${data.person} has it`, agent: "the agent has it" };
    const over = data.status === "closed" && data.attention === "agent" ? "closed" : state[data.attention];
    facts.textContent = `${CHANNELS[data.channel]} · ${agent} · ${data.talking ? "on the line" : over}`;
    earlier.hidden = !data.earlier || this.#first <= 1;
    composer.hidden = !data.is_mine;
    if (!data.is_mine && document.activeElement === field) title.focus();
    this.#still.show(() => this.#data && this.#offer());
  }

  /** What is known, and what can be done. */
  #offer() {
    const { about, verbs } = this.#parts;
    about.replaceChildren(...this.#facts());
    const held = verbs.contains(document.activeElement) ? document.activeElement.textContent : null;
    verbs.replaceChildren(...this.#verbs());
    [...verbs.children].find((each) => each.textContent === held)?.focus();
  }

  #facts() {
    const { reason, about, reach, contact, call, record, attention, started_at: started } = this.#data;
    const found = [];
    if (attention !== "agent" && reason) found.push(element("p", { class: "why" }, element("strong", { text: reason }), about ? `: ${about}` : ""));
    if (reach) {
      const ways = [reach.phone && link(`tel:${reach.dial}`, reach.phone), reach.email && link(`mailto:${reach.email}`, reach.email)];
      found.push(element("p", { class: "why" }, element("strong", { text: "Call back " }), reach.name ? `${reach.name}: ` : "", ...ways.filter(Boolean).flatMap((way) => [way, " "])));
    }
    const more = [element("span", { text: `Began ${this.#words.full(started)}` })];
    if (contact) more.push(link(contact.link, `Contact: ${contact.name}`), ...[contact.phone, contact.email].filter(Boolean).map((text) => element("span", { text })));
    if (call) more.push(element("span", { text: `${call.direction === "inbound" ? "From" : "To"} ${call.caller || "an unknown number"}` }), link(call.link, "The call"));
    more.push(link(record, "Record"));
    found.push(element("p", { class: "facts-more" }, ...more));
    if (call?.recording) found.push(element("audio", { controls: "", preload: "none", src: call.recording, "aria-label": "Recording of the call" }));
    return found;
  }

  #verbs() {
    const { channel, is_mine: mine, attention, status, version, person } = this.#data;
    const chat = channel === "chat";
    this.#parts.take = chat && attention !== "person" ? button("Take over", "primary", () => this.take()) : null;
    const shown = [this.#parts.take];
    if (mine) shown.push(button("Hand back", "primary", () => this.#on.returning(this)));
    else if (attention === "person") shown.push(element("span", { class: "hint", text: `${person} has this chat` }));
    const open = chat ? status === "open" || attention !== "agent" : attention === "waiting";
    if (open && (mine || attention !== "person")) shown.push(button(chat ? "Close" : "Done", "quiet", () => this.#act("close", { version })));
    return shown.filter(Boolean);
  }

  async #act(verb, body) {
    const { id } = this.#data;
    this.#parts.problem.textContent = "";
    this.#parts.verbs.setAttribute("aria-busy", "true");
    for (const each of this.#parts.verbs.querySelectorAll("button")) each.disabled = true;
    try {
      await this.#api.act(id, verb, body);
    } catch (error) {
      if (this.id === id) this.#parts.problem.textContent = error.message;
    }
    this.#parts?.verbs.removeAttribute("aria-busy");
    for (const each of this.#parts?.verbs.querySelectorAll("button") ?? []) each.disabled = false;
    if (this.id === id) await this.refresh().catch(() => {});
    this.#on.changed();
  }

  async #say() {
    const { field, send, problem } = this.#parts;
    const text = field.value.trim();
    const { id } = this.#data;
    if (!text || send.disabled) return;
    send.disabled = true;
    problem.textContent = "";
    field.dataset.message ||= newId(); // the same words again are the same message
    try {
      await this.#api.act(id, "say", { text, message_id: field.dataset.message });
      if (this.id !== id) return;
      field.value = "";
      delete field.dataset.message;
      this.#drafts.delete(id);
      await this.refresh();
      this.#toEnd();
    } catch (error) {
      if (this.id === id) problem.textContent = error.message;
    } finally {
      send.disabled = false;
    }
  }

  #typing() {
    const { field } = this.#parts;
    this.#drafts.set(this.id, field.value);
    delete field.dataset.message;
    if (!field.value || Date.now() - this.#typedAt < TYPING_MS) return;
    this.#typedAt = Date.now();
    this.#api.act(this.id, "typing").catch(() => {});
  }

  async #earlier() {
    const { scroller, problem } = this.#parts;
    const asked = this.#asked;
    try {
      const data = await this.#api.conversation(this.id, { before: this.#first });
      if (asked !== this.#asked) return;
      const fromEnd = scroller.scrollHeight - scroller.scrollTop;
      this.#take({ ...this.#data, turns: data.turns, earlier: data.earlier });
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  #atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.#parts.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #toEnd() {
    this.#parts.scroller.scrollTop = this.#parts.scroller.scrollHeight;
  }
}

function button(text, kind, act) {
  const made = element("button", { type: "button", class: kind, text });
  made.addEventListener("click", act);
  return made;
}

function link(href, text) {
  return element("a", { href, text });
}
