/** The words of how fresh the floor is, what follows from them, and telling them to those who cannot see them. */
import { setText } from "./keyed.js";
import { freshnessText, wallText } from "./words.js";

export class Badge {
  state = "connecting";
  #els;
  #zone = "";
  #announce;

  /** @param {{badge, words, notice, root: HTMLElement}} els */
  constructor(els, announce) {
    this.#els = els;
    this.#announce = announce;
  }

  set zone(zone) {
    this.#zone = zone;
  }

  /** @param view of Freshness @returns {boolean} whether it is another state than before */
  show(view) {
    const text = freshnessText(view, this.#zone);
    setText(this.#els.words, text);
    if (view.state === this.state) return false;
    const was = this.state;
    this.state = view.state;
    this.#els.badge.dataset.freshness = view.state;
    this.#els.root.dataset.freshness = view.state;
    this.#els.notice.hidden = view.state !== "stale";
    if (view.state === "stale") {
      setText(this.#els.notice, `What you see is as of ${wallText(view.since, this.#zone)} and may be wrong by now. Commands are off until it is live again.`);
      this.#announce(`The floor is ${text}.`);
    } else if (view.state === "live" && was === "stale") this.#announce("The floor is live again.");
    return true;
  }
}
