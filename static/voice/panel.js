/** What the visitor sees of a call: builds it, shows what it is told, and tells what they press. */
import { element } from "../widget/dom.js";
import { clockText } from "../widget/times.js";
import { drawing } from "./drawings.js";
import { Log } from "./log.js";
import { MUTED, PRIVACY, STATES } from "./words.js";

const LONGEST = 1_000; // characters of a typed message
const BUTTONS = {
  idle: "Start the call",
  asking: "Cancel",
  connecting: "Cancel",
  live: "Hang up",
  ended: "Call again",
};
const MICROPHONES = { on: "Mute", muted: "Unmute", off: "Use microphone" };
const SPEAKING = 0.2; // level

export class Panel {
  #root;
  #greeting;
  #parts = {};
  #log;

  /** @param on {main(), microphone(), submit(text)} */
  constructor(root, { agent, tenant, greeting, sandbox, limitSeconds, chat }, on) {
    this.#root = root;
    this.#greeting = greeting;
    root.classList.add("call");
    const make = (name, tag, attributes = {}, ...children) =>
      (this.#parts[name] = element(tag, { class: name, ...attributes }, ...children));
    make("avatar", "span", { "aria-hidden": "true" });
    make("agent", "span");
    make("state", "p", { role: "status" });
    make("clock", "span", { role: "timer", "aria-label": limitSeconds ? "Time left" : "Time on the call" });
    const terms = limitSeconds ? `${limitSeconds} seconds, no sign-up. ${PRIVACY}` : PRIVACY;
    make("greeting", "p", { dir: "auto" });
    const words = [this.#parts.greeting, element("p", { class: "terms", text: terms })];
    if (chat) words.push(element("a", { class: "write", href: chat, text: `Write to ${agent.name} instead` }));
    make("welcome", "div", {}, ...words);
    make("log", "div", { role: "log", "aria-live": "polite", "aria-label": "Transcript", tabindex: "0" });
    make("notice", "p", { role: "alert" });
    make("main", "button", { type: "button" });
    make("microphone", "button", { type: "button", "aria-keyshortcuts": "M" });
    make("field", "input", {
      maxlength: LONGEST,
      placeholder: "Type instead of speaking",
      "aria-label": "Type instead of speaking",
      autocomplete: "off",
      enterkeyhint: "send",
      dir: "auto",
    });
    make("send", "button", { "aria-label": "Send" }, drawing("send"));
    make("form", "form", {}, this.#parts.field, this.#parts.send);
    this.#log = new Log(this.#parts.log);
    this.#layOut(tenant, sandbox);
    this.#listen(on);
    this.showAgent(agent.name);
    this.showLimit(limitSeconds);
    this.setMicrophone("off");
    this.setState("idle");
  }

  get log() {
    return this.#log;
  }

  /** @param {keyof STATES} state @param {string} text more exact words, where there are any */
  setState(state, text = STATES[state]) {
    const { main, state: line, welcome, greeting, log } = this.#parts;
    this.#root.dataset.state = state;
    line.textContent = text;
    main.replaceChildren(drawing(state === "idle" || state === "ended" ? "phone" : "hangUp"), BUTTONS[state]);
    welcome.hidden = state === "live" || log.hasChildNodes();
    log.hidden = !welcome.hidden;
    // A call of which nothing was heard leaves room to say why, in large; a screen reader has it from the line above.
    const apologizes = state === "ended" && !welcome.hidden;
    this.#root.classList.toggle("apologizing", apologizes);
    greeting.textContent = apologizes ? text : this.#greeting;
    greeting.ariaHidden = apologizes ? "true" : null;
  }

  /** Said once more in the same place, so that a screen reader reads it. */
  announce(text) {
    this.#parts.state.textContent = text;
  }

  showAgent(name) {
    this.#parts.agent.textContent = name;
    this.#parts.avatar.textContent = [...name][0]?.toLocaleUpperCase() ?? "";
  }

  showClock(text, short) {
    this.#parts.clock.textContent = text;
    this.#parts.clock.classList.toggle("short", short);
  }

  /** What the clock shows before it runs. @param {number | null} seconds */
  showLimit(seconds) {
    this.showClock(seconds ? clockText(seconds) : "", false);
  }

  /** Something that stands in the way, in words; "" takes it away. */
  showNotice(text) {
    this.#parts.notice.textContent = text;
  }

  /** @param {keyof MICROPHONES} state */
  setMicrophone(state) {
    const { microphone } = this.#parts;
    microphone.replaceChildren(drawing(state === "on" ? "microphone" : "muted"), MICROPHONES[state]);
    microphone.dataset.microphone = state;
    if (this.#root.dataset.state === "live") this.announce(state === "muted" ? MUTED : STATES.live);
  }

  /** @param {{caller: number, agent: number}} levels 0 to 1 */
  showLevels({ caller, agent }) {
    this.#root.style.setProperty("--caller", caller.toFixed(2));
    this.#root.style.setProperty("--agent", agent.toFixed(2));
    this.#root.classList.toggle("speaking", agent > SPEAKING);
  }

  /** No call can be made here. */
  close(text) {
    this.showNotice(text);
    for (const name of ["main", "microphone", "field", "send"]) this.#parts[name].disabled = true;
  }

  #layOut(tenant, sandbox) {
    const { avatar, agent, state, clock, welcome, log, notice, main, microphone, form } = this.#parts;
    const name = element("h1", {}, agent, element("span", { class: "tenant", text: tenant.name }));
    this.#root.replaceChildren(
      element("header", { class: "head" }, avatar, element("div", { class: "who" }, name, state), clock),
      element("div", { class: "middle" }, welcome, log),
      notice,
      element("div", { class: "buttons" }, main, microphone),
      form,
      ...(sandbox ? [element("p", { class: "sandbox", text: "Demo model: answers are simulated" })] : []),
    );
  }

  #listen(on) {
    const { main, microphone, form, field } = this.#parts;
    main.addEventListener("click", on.main);
    microphone.addEventListener("click", on.microphone);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      field.value = "";
      if (text) on.submit(text);
    });
  }
}
