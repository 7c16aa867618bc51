/** Choosing a lead for an agent: a search, and what it finds. */
import { element } from "../widget/dom.js";
import { TEMPERATURES } from "./words.js";

const PAUSE_MS = 150; // between keys, before it asks

export class LeadPicker {
  #address;
  #on;
  #input;
  #list;
  #note;
  #timer = 0;
  #asking = null;
  #leads = [];
  #at = -1;

  /** @param {string} address of GET ?q= → {leads: […]} @param on {chosen(lead)} */
  constructor(el, address, on) {
    this.#address = address;
    this.#on = on;
    this.#input = element("input", {
      type: "search", id: "lead-search", role: "combobox", autocomplete: "off", placeholder: "Name, company or phone",
      "aria-expanded": "false", "aria-controls": "lead-list", "aria-autocomplete": "list",
    });
    this.#list = element("ul", { id: "lead-list", class: "leads", role: "listbox", "aria-label": "Leads" });
    this.#note = element("p", { class: "note", role: "status" });
    el.append(element("label", { for: "lead-search", text: "Which lead shall be called?" }), this.#input, this.#list, this.#note);
    this.#input.addEventListener("input", () => this.#later());
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", ({ target }) => this.#choose(this.#leads[target.closest("li")?.dataset.at]));
  }

  open() {
    this.#input.value = "";
    this.#find();
    this.#input.focus();
  }

  close() {
    this.#asking?.abort();
    clearTimeout(this.#timer);
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#find(), PAUSE_MS);
  }

  async #find() {
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const query = new URLSearchParams({ q: this.#input.value.trim() });
    try {
      const response = await fetch(`${this.#address}?${query}`, { signal: asking.signal, headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      this.#show((await response.json()).leads);
    } catch (error) {
      if (error.name !== "AbortError") this.#note.textContent = "The leads cannot be searched at the moment.";
    }
  }

  #show(leads) {
    this.#leads = leads;
    this.#at = -1;
    this.#list.replaceChildren(...leads.map((lead, at) => option(lead, at)));
    this.#input.setAttribute("aria-expanded", String(leads.length > 0));
    this.#input.removeAttribute("aria-activedescendant");
    this.#note.textContent = leads.length ? "" : "No lead matches.";
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#leads.length) {
      event.preventDefault();
      this.#mark((this.#at + step + this.#leads.length) % this.#leads.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choose(this.#leads[this.#at] ?? (this.#leads.length === 1 ? this.#leads[0] : undefined));
    }
  }

  #mark(at) {
    this.#at = at;
    [...this.#list.children].forEach((li, i) => li.setAttribute("aria-selected", String(i === at)));
    this.#input.setAttribute("aria-activedescendant", this.#list.children[at].id);
    this.#list.children[at].scrollIntoView({ block: "nearest" });
  }

  #choose(lead) {
    if (lead) this.#on.chosen(lead);
  }
}

function option(lead, at) {
  const li = element("li", { id: `lead-${at}`, role: "option", "aria-selected": "false", "data-at": String(at) });
  const heat = element("span", { class: "heat", "data-heat": lead.temperature, text: TEMPERATURES[lead.temperature] ?? "" });
  li.append(
    element("span", { class: "line" }, element("strong", { text: lead.name || lead.phone }), heat),
    element("small", { text: [lead.company, lead.phone, lead.status].filter(Boolean).join(" · ") }),
  );
  return li;
}
