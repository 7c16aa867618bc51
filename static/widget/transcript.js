/** The list of what was said, and the scrolling: it follows the newest text only while the reader is at the end. */
import { Answer } from "./answer.js";
import { element, icon } from "./dom.js";
import { clockText, dayKey, dayText, timeText } from "./times.js";

const NEAR_END_PX = 56;
/** In place of an announcer, for what is on the screen without being read aloud. */
export const SILENT = { say() {}, follow: () => () => {} };

export class Transcript {
  #scroller;
  #log;
  #pill;
  #announcer;
  #visible;
  #day = "";
  #following = true;
  #top = 0;

  constructor({ scroller, log, pill, announcer, visible }) {
    this.#scroller = scroller;
    this.#log = log;
    this.#pill = pill;
    this.#announcer = announcer;
    this.#visible = visible;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    pill.addEventListener("click", () => {
      this.follow();
      scroller.focus({ preventScroll: true });
    });
    const grown = new ResizeObserver(() => this.#grown());
    grown.observe(log);
    grown.observe(scroller);
  }

  /** Go to the end and stay there. */
  follow() {
    this.#following = true;
    this.#pill.hidden = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  /** Begin anew with what `fill` adds, without its lines being read aloud: old messages are no news. */
  restore(fill) {
    this.#quietly(() => {
      this.#log.replaceChildren();
      this.#day = "";
      fill();
    });
  }

  addUser(text, at = new Date()) {
    this.#stampDay(at);
    const bubble = element("div", { class: "bubble", dir: "auto", text });
    const time = element("time", { datetime: at.toISOString(), text: timeText(at) });
    const label = element("span", { class: "unseen", text: "You said: " });
    const turn = element("article", { class: "turn user" }, label, bubble, time);
    this.#log.append(turn);
    this.follow();
    return turn;
  }

  /** A new, empty answer at the end. */
  addAnswer(agent, at = new Date()) {
    this.#stampDay(at);
    const answer = new Answer({ agent, at, announcer: this.#announcer, visible: this.#visible });
    this.#log.append(answer.el);
    return answer;
  }

  /** A whole message of the agent. */
  addAgent(agent, text, { at = new Date(), tools = [], announcer = this.#announcer } = {}) {
    this.#stampDay(at);
    const answer = new Answer({ agent, at, announcer, visible: () => false });
    tools.forEach((tool, index) => answer.setTool({ call: String(index), status: "done", ...tool }));
    answer.addText(1, text);
    answer.finish("stop");
    this.#log.append(answer.el);
    return answer;
  }

  /** A whole message of a person of the team. */
  addPerson(name, text, options = {}) {
    const answer = this.addAgent(name, text, options);
    answer.el.classList.add("by-person");
    return answer;
  }

  /** A line in the middle, with an action if there is one. */
  addNotice(text, action = null) {
    const notice = element("div", { class: "failure", role: "alert" }, element("span", { text }));
    if (action) {
      const button = element("button", { type: "button", class: "retry", text: action.label });
      button.addEventListener("click", () => (notice.remove(), action.act()));
      notice.append(button);
    }
    this.#log.append(notice);
  }

  /** A call that took the place of writing. What was said was heard; only why it ended is read `aloud`. */
  addCall({ seconds, text, turns }, { aloud = false } = {}) {
    this.#quietly(() => {
      const words = element("span", { text: `Call, ${clockText(seconds)}` });
      this.#log.append(element("p", { class: "called" }, icon("phone"), words));
      for (const { who, name, text, at } of turns) {
        if (who === "agent") this.addAgent(name, text, { at: new Date(at), announcer: SILENT });
        else this.addUser(text, new Date(at));
      }
      this.#log.append(element("p", { class: "called" }, element("span", { text })));
    });
    if (aloud) this.#announcer.say(text);
  }

  /** Lines that are no news: a screen reader leaves them out. */
  #quietly(add) {
    this.#log.setAttribute("aria-busy", "true");
    add();
    this.follow();
    requestAnimationFrame(() => this.#log.setAttribute("aria-busy", "false"));
  }

  #stampDay(at) {
    if (dayKey(at) === this.#day) return;
    this.#day = dayKey(at);
    const time = element("time", { datetime: at.toISOString(), text: dayText(at, new Date()) });
    this.#log.append(element("p", { class: "day" }, time));
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    // Text can grow between a scroll and its event, so "not at the end" alone says nothing about the reader.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
    if (this.#following) this.#pill.hidden = true;
  }

  #grown() {
    if (this.#following) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else this.#pill.hidden = false;
  }
}
