/** The list of conversations: newest activity first, kept up to date row by row. */
import { element } from "../widget/dom.js";
import { Still } from "./still.js";
import { CHANNELS } from "./words.js";

const EMPTY = {
  open: "No open conversations. When somebody writes or calls, it appears here by itself.",
  waiting: "Nobody waits for a person.",
  mine: "You have no conversation. Take one over, and it stays here until you hand it back.",
  closed: "Nothing is closed yet.",
  all: "No conversations yet. Put the chat on your website, or connect a phone number.",
};

export class List {
  #api;
  #words;
  #el;
  #empty;
  #older;
  #on;
  #filters = { view: "open" };
  #rows = new Map();
  #next = null;
  #asked = 0;
  #still;
  #current = null;

  /** @param on {open(id), counts(counts), rows(rows, {fresh})} */
  constructor({ api, words, els, on }) {
    this.#api = api;
    this.#words = words;
    this.#el = els.list;
    this.#still = new Still(els.list);
    this.#empty = els.empty;
    this.#older = els.older;
    this.#on = on;
    this.#older.addEventListener("click", () => this.#load(this.#next));
    this.#el.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-id]");
      if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      on.open(link.dataset.id);
    });
  }

  get filters() {
    return this.#filters;
  }

  async filter(changes) {
    Object.assign(this.#filters, changes);
    await this.reload();
  }

  async reload() {
    this.#el.setAttribute("aria-busy", "true");
    await this.#load(null);
  }

  /** Look again at these conversations: some have moved up, some do not fit the filters any more. */
  async refresh(ids) {
    const asked = this.#asked;
    const { conversations, counts } = await this.#api.list({ ...this.#given(), ids: ids.join(",") });
    if (asked !== this.#asked) return; // another list meanwhile
    for (const id of ids) this.#rows.delete(id);
    const oldest = this.#next && [...this.#rows.values()].at(-1)?.last_at;
    for (const row of conversations) if (!oldest || row.last_at >= oldest) this.#rows.set(row.id, row);
    this.#show();
    this.#on.counts(counts);
    this.#on.rows(conversations, { fresh: true });
  }

  /** Mark the row that is open at the side. */
  select(id) {
    this.#current = id;
    for (const link of this.#el.querySelectorAll("a[data-id]")) this.#mark(link);
  }

  /** Time has passed: who waits has waited longer. */
  tick() {
    if ([...this.#rows.values()].some((row) => row.attention === "waiting")) this.#show();
  }

  seen(id) {
    const row = this.#rows.get(id);
    if (!row?.unread) return;
    row.unread = false;
    this.#show();
  }

  /** Move the focus by one; from the open row, where nothing has it. */
  move(step) {
    const links = [...this.#el.querySelectorAll("a[data-id]")];
    const here = links.indexOf(document.activeElement);
    const from = here >= 0 ? here : links.findIndex((link) => link.dataset.id === this.#current);
    links[Math.max(0, Math.min(links.length - 1, from + step))]?.focus();
  }

  focus() {
    const open = this.#el.querySelector('a[aria-current="true"]') ?? this.#el.querySelector("a[data-id]");
    (open ?? this.#el).focus();
  }

  #given() {
    return Object.fromEntries(Object.entries(this.#filters).filter(([, value]) => value));
  }

  async #load(before) {
    const asked = ++this.#asked;
    try {
      const page = await this.#api.list({ ...this.#given(), ...(before && { before }) });
      if (asked !== this.#asked) return;
      if (!before) this.#rows.clear();
      for (const row of page.conversations) this.#rows.set(row.id, row);
      this.#next = page.next;
      this.#show();
      this.#on.counts(page.counts);
      this.#on.rows(page.conversations, { fresh: false });
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#empty.hidden = false;
      this.#empty.textContent = error.message;
    } finally {
      if (asked === this.#asked) this.#el.setAttribute("aria-busy", "false");
    }
  }

  #show() {
    const rows = [...this.#rows.values()].sort((a, b) => (a.last_at < b.last_at ? 1 : a.last_at > b.last_at ? -1 : 0));
    this.#rows = new Map(rows.map((row) => [row.id, row]));
    this.#still.show(() => this.#render());
  }

  #render() {
    const rows = [...this.#rows.values()];
    const focused = this.#el.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.#el.replaceChildren(...rows.map((row) => this.#row(row)));
    if (focused) this.#el.querySelector(`a[data-id="${focused}"]`)?.focus({ preventScroll: true });
    const searched = Object.entries(this.#given()).some(([name]) => name !== "view");
    this.#empty.hidden = rows.length > 0;
    this.#empty.textContent = searched ? "Nothing fits. Try other words, or fewer filters." : EMPTY[this.#filters.view];
    this.#older.hidden = !this.#next;
  }

  #row(row) {
    const words = row.last.text ? (row.last.role === "visitor" ? row.last.text : `↩ ${row.last.text}`) : "No words yet";
    const state = this.#state(row);
    const link = element(
      "a",
      { href: `?c=${row.id}`, "data-id": row.id },
      element(
        "span",
        { class: "first" },
        element("strong", { text: row.who, dir: "auto" }),
        ...(row.unread ? [element("span", { class: "dot" }, element("span", { class: "unseen", text: "new" }))] : []),
        element("time", { datetime: row.last_at, title: this.#words.full(row.last_at), text: this.#words.short(row.last_at) }),
      ),
      element("span", { class: "words", dir: "auto", text: words }),
      element(
        "span",
        { class: "last" },
        element("span", { text: `${CHANNELS[row.channel]} · ${this.#words.agent(row.agent)}` }),
        ...(state ? [element("span", { class: "state", "data-kind": state.kind, text: state.text })] : []),
      ),
    );
    if (row.unread) link.dataset.unread = "";
    this.#mark(link);
    return element("li", {}, link);
  }

  #state(row) {
    if (row.attention === "waiting") {
      const what = row.call_back ? "Call back" : "Waits";
      return { kind: "waiting", text: row.waiting_at ? `${what} · ${this.#words.waited(row.waiting_at)}` : what };
    }
    if (row.attention === "person") return { kind: "person", text: row.is_mine ? "You" : row.person };
    if (row.talking) return { kind: "talking", text: "On the line" };
    return row.status === "closed" && row.channel === "chat" ? { kind: "closed", text: "Closed" } : null;
  }

  #mark(link) {
    if (link.dataset.id === this.#current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
