/** One answer on the screen: text, tool activity and handoffs in the order in which they came. */
import { element, icon } from "./dom.js";
import { RevealedText } from "./reveal.js";
import { clockText, timeText } from "./times.js";

const NOTES = {
  stopped: "Stopped",
  length: "The answer was cut here because it grew too long",
  handoff: "A person from the team is taking over",
};

export class Answer {
  #agent;
  #at;
  #announcer;
  #read;
  #visible;
  #texts = [];
  #tools = new Map();
  #section = null;
  #body = null;
  #open = null; // the text part that the next token continues
  #dots = element("div", { class: "bubble typing", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
  #finished = false;
  #frozen = false;

  /** @param visible () => whether anybody can see the widget */
  constructor({ agent, at, announcer, visible }) {
    this.#agent = agent;
    this.#at = at;
    this.#announcer = announcer;
    this.#visible = visible;
    this.el = element("div", { class: "answer" });
    this.#read = announcer.follow();
    this.#beginSection();
    this.#showDots();
  }

  /** Another agent speaks than the one that was expected when the answer began. */
  setAgent(name) {
    if (!name || name === this.#agent || this.#texts.length || this.#tools.size) return;
    this.#agent = name;
    this.el.replaceChildren();
    this.#beginSection();
    this.#showDots();
  }

  /** Whether nothing was said or done. */
  get empty() {
    return !this.#texts.length && !this.#tools.size;
  }

  /** Take it up again after `fail`. */
  reopen() {
    this.#finished = false;
    this.dismiss();
    if (!this.#section.isConnected) this.#beginSection();
    this.#showDots();
  }

  addText(seq, text) {
    if (this.#frozen) return;
    if (!this.#open) {
      const bubble = element("div", { class: "bubble prose", dir: "auto" });
      this.#body.append(bubble);
      this.#open = new RevealedText(bubble, this.#visible);
      this.#texts.push(this.#open);
    }
    this.#open.append(seq, text);
    this.#read(this.#fullText(), false);
    this.#showDots();
  }

  /** @param {{call: string, name: string, status: "started"|"done"|"failed", label?: string}} tool */
  setTool({ call, name, status, label }) {
    this.#endText();
    let line = this.#tools.get(call);
    if (!line) {
      line = element("div", { class: "activity" }, element("span", { class: "mark" }), element("span"));
      this.#tools.set(call, line);
      this.#body.append(line);
      if (status === "started") this.#announcer.say(label || name);
    }
    line.dataset.status = status;
    const text = label || line.textContent || name.replaceAll("_", " ");
    // "Checking free times…" reads as unfinished business once the check mark is there.
    const words = status === "started" ? text : text.replace(/(…|\.{3})$/, "");
    line.lastChild.textContent = status === "failed" ? `${words}: no result` : words;
    const mark = { done: "check", failed: "alert" }[status];
    line.firstChild.replaceChildren(...(mark ? [icon(mark)] : []));
    this.#showDots();
  }

  /** @param {{to: string}} handoff */
  handoff({ to }) {
    this.#endText();
    this.#agent = to;
    const words = `You are now talking to ${to}`;
    this.el.append(element("p", { class: "handoff" }, icon("swap"), element("span", { text: words })));
    this.#beginSection();
    this.#showDots();
  }

  /** Void the text after `seq`: the step that wrote it is being done again. */
  reset(seq) {
    for (const part of this.#texts) part.truncate(seq);
    for (const part of this.#texts.filter((each) => !each.text)) part.el.remove();
    this.#texts = this.#texts.filter((part) => part.text);
    if (this.#open && !this.#texts.includes(this.#open)) this.#open = null;
    this.#showDots();
  }

  /** Show no more than what the visitor has read when they pressed Stop. */
  freeze() {
    this.#frozen = true;
    this.#open?.freeze();
  }

  /** @param {"stop"|"stopped"|"length"|"handoff"|"error"} reason */
  finish(reason) {
    this.#finished = true;
    for (const part of this.#texts) part.finish({ brokenOff: reason !== "stop" });
    this.#read(this.#fullText(), true);
    for (const line of this.#tools.values()) if (line.dataset.status === "started") line.dataset.status = "left";
    const note = NOTES[reason];
    if (note) this.el.append(element("p", { class: "note", text: note }));
    this.#dropEmptySections();
    this.#dots.remove();
  }

  /**
   * @param {string} message
   * @param {{label: string, act: () => void, wait?: number} | null} retry wait in seconds before it can be pressed
   */
  fail(message, retry) {
    if (!this.#finished) this.finish("error");
    const words = element("span", { text: message });
    const notice = element("div", { class: "failure", role: "alert" }, icon("alert"), words);
    this.el.append(notice);
    if (retry) notice.append(retryButton(retry));
  }

  /** Take back what `fail` said. */
  dismiss() {
    this.el.querySelector(".failure")?.remove();
  }

  #fullText() {
    return this.#texts.map((part) => part.text).join("\n");
  }

  #endText() {
    this.#open?.finish();
    this.#open?.flush();
    this.#open = null;
  }

  #beginSection() {
    const meta = element("p", { class: "meta" }, element("span", { class: "who", text: this.#agent }));
    meta.append(element("time", { datetime: this.#at.toISOString(), text: timeText(this.#at) }));
    // Silent here, spoken by the announcer: see announcer.js.
    this.#body = element("div", { class: "body", "aria-live": "off" });
    this.#section = element("article", { class: "turn agent" }, avatar(this.#agent), meta, this.#body);
    this.#open = null;
    this.el.append(this.#section);
  }

  #dropEmptySections() {
    for (const section of this.el.querySelectorAll(".turn")) {
      if (!section.querySelector(".prose, .activity")) section.remove();
    }
  }

  #showDots() {
    const working = [...this.#tools.values()].some((line) => line.dataset.status === "started");
    if (this.#finished || this.#open || working) this.#dots.remove();
    else this.#body.append(this.#dots);
  }
}

function avatar(name) {
  const initial = [...name.trim()][0]?.toLocaleUpperCase() ?? "";
  return element("span", { class: "avatar", "aria-hidden": "true", text: initial });
}

function retryButton({ label, act, wait = 0 }) {
  const button = element("button", { type: "button", class: "retry", text: label });
  button.addEventListener("click", act);
  if (wait > 0) {
    const from = performance.now();
    button.setAttribute("aria-live", "off"); // or every second of the count is read aloud
    button.disabled = true;
    const count = setInterval(() => {
      const left = Math.ceil(wait - (performance.now() - from) / 1000);
      button.disabled = left > 0;
      button.textContent = left > 0 ? `${label} (${clockText(left)})` : label;
      if (left <= 0 || !button.isConnected) clearInterval(count);
    }, 250);
  }
  return button;
}
