/**
 * Reads an answer aloud to a screen reader sentence by sentence. The transcript itself is a live log, but text that
 * grows by tokens would be read in pieces, so answers are silent there and spoken here.
 */
import { plainText } from "./markdown.js";
import { element } from "./dom.js";

const SENTENCE_END = /[.!?…。！？](?:["')\]*_»”]*)(?=\s)|\n/g;
const FORGET_MS = 5_000; // spoken by then; who browses the page must not find everything twice

export class Announcer {
  #region;
  #timer = 0;

  constructor(region) {
    this.#region = region;
  }

  say(text) {
    const words = plainText(text);
    if (!words) return;
    this.#region.append(element("p", { text: words }));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#region.replaceChildren(), FORGET_MS);
  }

  /** A reader of one growing text; call it with the whole so far. */
  follow() {
    let said = 0;
    return (text, finished) => {
      said = Math.min(said, text.length);
      let end = said;
      for (const match of text.slice(said).matchAll(SENTENCE_END)) end = said + match.index + match[0].length;
      if (finished) end = text.length;
      if (end > said) this.say(text.slice(said, end));
      said = end;
    };
  }
}
