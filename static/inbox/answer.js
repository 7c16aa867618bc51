/** The answer that an agent is writing at the moment, as its visitor sees it grow. */
import { element } from "../widget/dom.js";

export class Answer {
  #source;
  #parts = []; // {seq, text}
  #bubble = element("div", { class: "bubble", dir: "auto" });
  #tool = element("p", { class: "hint" });

  /** @param on {grown(), over()} */
  constructor({ source, name, on }) {
    this.#source = source;
    const meta = element("p", { class: "meta" }, element("span", { class: "who", text: `${name} · writing…` }));
    this.el = element("article", { class: "turn", "data-role": "agent", "data-live": "", "aria-live": "off" }, meta, this.#bubble, this.#tool);
    source.addEventListener("open", () => (this.#parts = [])); // each connection tells all of it
    const heard = (type, take) =>
      source.addEventListener(type, (event) => {
        take(JSON.parse(event.data), Number(event.lastEventId));
        this.#bubble.textContent = this.#parts.map(({ text }) => text).join("");
        on.grown();
      });
    heard("tok", ({ tok }, seq) => this.#parts.push({ seq, text: tok }));
    heard("tool", ({ label, name: tool, status }) => (this.#tool.textContent = status === "started" ? `${label || tool}…` : ""));
    heard("reset", ({ after }) => (this.#parts = this.#parts.filter(({ seq }) => seq <= after)));
    heard("done", () => {
      this.close();
      on.over();
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      this.close();
      on.over();
    });
  }

  close() {
    this.#source.close();
  }
}
