/** Who else watches the floor, in words: here, asleep, lost; and at which call they look. */
import { element } from "../widget/dom.js";
import { setText } from "./keyed.js";
import { PRESENCE, ROLES, callWho, compareNames, plural } from "./words.js";

const FACES = 4;
const initials = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join("").toLocaleUpperCase();

export class Presence {
  #els;
  #people = new Map();
  #self = "";
  #calls = {};

  /** @param {{faces, count, list: HTMLElement}} els */
  constructor(els) {
    this.#els = els;
  }

  /** All of them. @param {string | number} self the viewer's own id */
  replace(people, self) {
    this.#self = String(self);
    this.#people = new Map(people.map((person) => [String(person.id), person]));
    this.#draw();
  }

  change({ joined = [], left = [], changed = [] }) {
    for (const person of [...joined, ...changed]) this.#people.set(String(person.id), person);
    for (const person of left) this.#people.delete(String(person?.id ?? person));
    this.#draw();
  }

  /** Names of the others who look at this call. */
  at(call) {
    return this.#sorted().filter((one) => call && one.attention === call && !this.#isSelf(one)).map(({ name }) => name);
  }

  render(state) {
    const before = this.#calls;
    this.#calls = state.calls;
    const looking = this.#sorted().some(({ attention }) => attention && before[attention]?.lead !== state.calls[attention]?.lead);
    if (looking) this.#draw();
  }

  #isSelf = ({ id }) => String(id) === this.#self;

  #sorted() {
    const people = [...this.#people.values()];
    return people.sort((a, b) => this.#isSelf(b) - this.#isSelf(a) || a.since - b.since || compareNames(a.name, b.name));
  }

  #draw() {
    const people = this.#sorted();
    setText(this.#els.count, plural(people.length, "person watches", "people watch"));
    const faces = people.slice(0, FACES).map((one) => {
      return element("span", { class: "avatar", "data-presence": one.state, "aria-hidden": "true", text: initials(one.name) });
    });
    if (people.length > FACES) {
      faces.push(element("span", { class: "avatar more", "aria-hidden": "true", text: `+${people.length - FACES}` }));
    }
    this.#els.faces.replaceChildren(...faces);
    this.#els.list.replaceChildren(...people.map((one) => this.#line(one)));
  }

  #line(one) {
    const tabs = one.tabs > 1 ? `, ${one.tabs} tabs` : "";
    const call = this.#calls[one.attention];
    const looks = one.attention ? `, at the call with ${call ? callWho(call) : "somebody"}` : "";
    return element(
      "li",
      {},
      element("span", { class: "avatar", "data-presence": one.state, "aria-hidden": "true", text: initials(one.name) }),
      element(
        "span",
        {},
        element("strong", { text: this.#isSelf(one) ? `${one.name} (you)` : one.name }),
        element("small", { text: `${ROLES[one.role] ?? one.role} · ${PRESENCE[one.state] ?? one.state}${tabs}${looks}` }),
      ),
    );
  }
}
