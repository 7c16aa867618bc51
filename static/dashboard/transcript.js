/** What is said in a call, as it is said: it follows the newest words, unless the reader has scrolled up. */
import { element } from "../widget/dom.js";
import { Keyed, setText } from "./keyed.js";
import { SPEAKERS, wallText } from "./words.js";

const NEAR_END_PX = 48;

export class Transcript {
  #log;
  #pill;
  #rows;
  #turns = null;
  #following = true;
  #top = 0;

  /** @param {HTMLElement} log what scrolls @param {HTMLElement} pill a button to the newest words */
  constructor(log, pill) {
    this.#log = log;
    this.#pill = pill;
    const list = log.appendChild(element("ol"));
    this.#rows = new Keyed(list, () => turnRow());
    log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.follow()).observe(log);
    pill.addEventListener("click", () => this.#toEnd());
  }

  /** Another call. */
  clear() {
    this.#turns = null;
    this.#rows.show([]);
    this.#following = true;
    this.#pill.hidden = true;
  }

  /** @param turns of the state @param {string} agentName who speaks where a turn names nobody */
  render(turns, agentName, zone) {
    if (turns === this.#turns) return;
    const more = this.#turns !== null && turns.length > this.#turns.length;
    this.#turns = turns;
    this.#rows.show(turns.map(({ number }) => number)).forEach((row, at) => updateTurn(row, turns[at], agentName, zone));
    if (!this.#following && more) this.#pill.hidden = false;
  }

  /** To the newest words; the last thing of a drawing, since it waits for the layout. */
  follow() {
    if (this.#following) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #toEnd() {
    this.#following = true;
    this.#pill.hidden = true;
    this.follow();
    this.#log.focus({ preventScroll: true });
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#log;
    // Only going up leaves the end: where the room shrinks, a scroll from before it would look like leaving.
    if (scrollHeight - scrollTop - clientHeight < NEAR_END_PX) {
      this.#following = true;
      this.#pill.hidden = true;
    } else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
  }
}

function turnRow() {
  const who = element("span", { class: "who" });
  const at = element("time");
  const words = element("p", { class: "words", dir: "auto" });
  const el = element("li", { class: "turn" }, element("p", { class: "by" }, who, " ", at), words);
  return { el, who, at, words, turn: null };
}

function updateTurn(row, turn, agentName, zone) {
  if (row.turn === turn) return;
  row.turn = turn;
  row.el.dataset.role = turn.role;
  setText(row.who, turn.role === "agent" ? agentName || turn.agent || SPEAKERS.agent : (SPEAKERS[turn.role] ?? turn.role));
  setText(row.at, turn.at ? wallText(turn.at, zone) : "");
  row.words.replaceChildren(turn.text);
  if (!turn.unheard) return;
  const struck = element("s", { text: turn.unheard });
  row.words.append(turn.text ? " " : "", element("span", { class: "unseen", text: "not heard: " }), struck);
}
