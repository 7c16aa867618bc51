/** Small charts: bars of a day's quarters, and a bar of a share. They change in place, so that they move. */
import { element } from "../widget/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const BARS = 32; // quarters of an hour: the last eight hours
const WIDE = 5;
const HIGH = 24;
const QUARTER_S = 900;

export class Bars {
  #bars;

  /** @param {HTMLElement} el becomes its parent @param {string} what for a screen reader: "Dials" */
  constructor(el, what) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${BARS * WIDE} ${HIGH}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("class", "bars");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${what} per quarter of an hour, the last eight hours`);
    this.#bars = Array.from({ length: BARS }, (_, at) => {
      const bar = svg.appendChild(document.createElementNS(SVG, "rect"));
      for (const [name, value] of Object.entries({ x: at * WIDE, y: 0, width: WIDE - 1.4, height: HIGH, rx: 0.8 })) {
        bar.setAttribute(name, value);
      }
      return bar;
    });
    el.append(svg);
  }

  /**
   * @param {{at: number}[]} series with `at` in unix seconds, oldest first; quarters without anything may be left out
   * @param {string} field
   */
  show(series, field) {
    const values = lastQuarters(series, field);
    const most = Math.max(1, ...values);
    this.#bars.forEach((bar, at) => {
      bar.style.transform = `scaleY(${Math.max(0.05, values[at] / most).toFixed(3)})`;
      bar.classList.toggle("empty", values[at] === 0);
    });
  }
}

function lastQuarters(series, field) {
  const values = new Array(BARS).fill(0);
  const last = series.at(-1)?.at ?? 0;
  for (const quarter of series) {
    const at = BARS - 1 - Math.round((last - quarter.at) / QUARTER_S);
    if (at >= 0) values[at] = quarter[field];
  }
  return values;
}

export class Share {
  #fill;
  #el;
  #whole;

  /** @param {number} whole what fills it: 1 for all @param {number} [limit] a mark, in the same measure */
  constructor(el, { whole = 1, limit } = {}) {
    this.#whole = whole;
    this.#fill = element("span", { class: "fill" });
    this.#el = element("span", { class: "share", "aria-hidden": "true" }, this.#fill);
    if (limit) {
      const mark = element("span", { class: "limit" });
      mark.style.insetInlineStart = `${(limit / whole) * 100}%`;
      this.#el.append(mark);
    }
    el.append(this.#el);
  }

  show(value, { over = false } = {}) {
    this.#fill.style.transform = `scaleX(${Math.min(1, Math.max(0, value / this.#whole)).toFixed(4)})`;
    this.#el.classList.toggle("over", over);
  }
}

/** A bar of parts that together are all: `show({name: count, …})`. Its words are beside it, so it says nothing. */
export class Parts {
  #el;
  #parts = new Map();

  constructor(el, names) {
    this.#el = element("span", { class: "parts", "aria-hidden": "true" });
    for (const name of names) {
      const part = this.#el.appendChild(element("span", { "data-part": name }));
      this.#parts.set(name, part);
    }
    el.append(this.#el);
  }

  show(counts) {
    for (const [name, part] of this.#parts) part.style.flexGrow = counts[name] ?? 0;
  }
}
