/**
 * A text part of an answer: tokens come in gusts, the eye reads evenly. Shows the arrived text frame by frame, faster
 * when far behind, at once when nobody looks or motion is unwanted.
 */
import { closeOpenMarks, renderMarkdown } from "./markdown.js";

const CATCH_UP_MS = 260; // time in which a backlog is shown
const SLOWEST = 0.045; // characters a millisecond
const LONGEST_FRAME_MS = 64;

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const JOINS_PREVIOUS = /[\p{M}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}]/u;

/** The next place at or after `at` that does not cut a character in two. */
function boundary(text, at) {
  let end = Math.ceil(at);
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const low = code >= 0xdc00 && code <= 0xdfff;
    if (!low && !JOINS_PREVIOUS.test(String.fromCodePoint(text.codePointAt(end))) && text[end - 1] !== "\u200d") break;
    end += 1;
  }
  return Math.min(end, text.length);
}

export class RevealedText {
  #chunks = [];
  #shown = 0;
  #frame = 0;
  #last = 0;
  #complete = false;
  #visible;

  /** @param visible () => whether anybody can see the widget */
  constructor(el, visible) {
    this.el = el;
    this.#visible = visible;
  }

  get text() {
    return this.#chunks.map((chunk) => chunk.text).join("");
  }

  append(seq, text) {
    this.#chunks.push({ seq, text });
    this.#complete = false;
    if (stillness.matches || !this.#visible()) this.flush();
    else this.#frame ||= requestAnimationFrame((now) => this.#tick(now));
  }

  /** Void what came after `seq`. */
  truncate(seq) {
    this.#chunks = this.#chunks.filter((chunk) => chunk.seq <= seq);
    this.#shown = Math.min(this.#shown, this.text.length);
    this.#draw();
  }

  /** Show everything now. */
  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = this.#last = 0;
    this.#shown = this.text.length;
    this.#draw();
  }

  /** No more will come. A text that was broken off keeps its last marks closed. */
  finish({ brokenOff = false } = {}) {
    this.#complete = !brokenOff;
    if (!this.#frame || !this.#visible()) this.flush();
  }

  /** Stop here: drop what is not shown yet. */
  freeze() {
    const end = boundary(this.text, this.#shown);
    this.#chunks = [{ seq: 0, text: this.text.slice(0, end) }];
    this.flush();
  }

  #tick(now) {
    const text = this.text;
    const elapsed = this.#last ? Math.min(now - this.#last, LONGEST_FRAME_MS) : 16;
    this.#last = now;
    const rate = Math.max(SLOWEST, (text.length - this.#shown) / CATCH_UP_MS);
    this.#shown = boundary(text, Math.min(text.length, this.#shown + rate * elapsed));
    this.#draw();
    const more = this.#shown < text.length;
    if (!more) this.#last = 0;
    this.#frame = more ? requestAnimationFrame((next) => this.#tick(next)) : 0;
  }

  #draw() {
    const text = this.text.slice(0, this.#shown);
    const whole = this.#complete && this.#shown === this.text.length;
    renderMarkdown(this.el, whole ? text : closeOpenMarks(text));
  }
}
