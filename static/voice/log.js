/** The transcript while it happens: words grow in place, and what was not heard is struck out. */
import { element, icon } from "../widget/dom.js";
import { unheardWords } from "./heard.js";

const NEAR_END_PX = 48;
const UNHEARD = element("span", { class: "unseen", text: "not heard: " });

export class Log {
  #el;
  #turns = new Map(); // by id
  #tools = new Map(); // running ones, by name
  #following = true;
  #top = 0;

  /** @param {HTMLElement} el role=log, and what scrolls */
  constructor(el) {
    this.#el = el;
    el.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#follow()).observe(el);
  }

  clear() {
    this.#el.replaceChildren();
    this.#turns.clear();
    this.#tools.clear();
    this.#following = true;
  }

  /** What was said and heard: {who: "agent" | "caller", name, text, at: Date}, oldest first. */
  get turns() {
    const heard = [...this.#turns.values()].filter(({ text }) => text);
    return heard.map(({ who, name, text, cut, at }) => ({ who, name, text: cut ? `${text} …` : text, at }));
  }

  /** `text` is all that is known under this id so far; the last one is final. An id that has no text has no turn. */
  setTurn({ id, who, text, final, name }) {
    const turn = this.#turns.get(id) ?? (text && this.#addTurn(id, who, name));
    if (!turn) return;
    const unheard = final && who === "agent" ? unheardWords(turn.text, text) : "";
    this.#keepEnd(() => {
      turn.words.textContent = unheard && text ? `${text} ` : text;
      if (unheard) turn.words.append(UNHEARD.cloneNode(true), element("s", { text: unheard }));
      turn.el.setAttribute("aria-busy", String(!final));
      if (!text && !unheard) turn.el.remove();
    });
    turn.text = text;
    turn.cut = Boolean(unheard);
  }

  /** @param {{name: string, label: string, status: "started" | "done" | "failed"}} tool */
  setTool({ name, label, status }) {
    if (!label) return; // done without a word
    this.#keepEnd(() => {
      let line = this.#tools.get(name);
      if (!line) {
        const sign = element("span", { class: "sign" });
        line = element("p", { class: "activity" }, sign, element("span", { text: label }));
        this.#el.append(line);
      }
      line.dataset.status = status;
      line.firstChild.replaceChildren(...(status === "started" ? [] : [icon(status === "done" ? "check" : "alert")]));
      if (status === "failed") line.lastChild.textContent = `${label} (did not work)`;
      if (status === "started") this.#tools.set(name, line);
      else this.#tools.delete(name);
    });
  }

  addHandoff(name) {
    const words = element("span", { text: `${name} is on the line` });
    this.#keepEnd(() => this.#el.append(element("p", { class: "handoff" }, icon("swap"), words)));
  }

  #addTurn(id, who, name) {
    const words = element("p", { class: "words", dir: "auto" });
    const names = { agent: name, supervisor: "A colleague" };
    const label = element("span", { class: "who", text: names[who] ?? "You" });
    const side = who in names ? "agent" : "caller";
    const el = element("article", { class: `turn ${side}`, "aria-busy": "true" }, label, words);
    const turn = { el, words, text: "", cut: false, who: side, name: label.textContent, at: new Date() };
    this.#turns.set(id, turn);
    this.#keepEnd(() => this.#el.append(el));
    return turn;
  }

  /** Follow the newest words, unless the reader has scrolled up. */
  #keepEnd(change) {
    change();
    this.#follow();
  }

  #follow() {
    if (this.#following) this.#el.scrollTop = this.#el.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#el;
    // Only going up leaves the end: where the room shrinks, a scroll from before it would look like leaving.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
  }
}
