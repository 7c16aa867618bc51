/** Above the messages: whether a person was asked for, is here, or writes; and how to be called back if nobody is. */
import { element } from "./dom.js";

const WRITES_MS = 5_000; // after so long without a word of it, nobody writes any more

export class Standing {
  #el;
  #words = element("span", { class: "standing-words", role: "status" });
  #form = null;
  #leave;
  #timer = 0;
  #person = "";

  /** @param leave ({name, phone, email}) => Promise, rejected with an ApiError whose message is for the visitor */
  constructor(el, leave) {
    this.#el = el;
    this.#leave = leave;
    el.append(this.#words);
  }

  /** @param {{state: "agent"|"waiting"|"person", person: string, say: string, present: boolean}} standing */
  show({ state, person, say, present }) {
    clearTimeout(this.#timer);
    this.#person = person;
    this.#el.hidden = state === "agent";
    this.#el.dataset.state = state;
    const words = { agent: "", waiting: say, person: `You are talking to ${person} from the team.` }[state];
    if (this.#words.textContent !== words) this.#words.textContent = words;
    if (state !== "waiting" || present) this.#drop();
    else if (!this.#form) this.#offer();
  }

  typing() {
    if (this.#el.dataset.state !== "person") return;
    this.#words.textContent = `${this.#person} is writing…`;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.quiet(), WRITES_MS);
  }

  /** What was being written is there, or will not come. */
  quiet() {
    clearTimeout(this.#timer);
    if (this.#el.dataset.state === "person") this.#words.textContent = `You are talking to ${this.#person} from the team.`;
  }

  #drop() {
    this.#form?.remove();
    this.#form = null;
  }

  #offer() {
    const name = element("input", { name: "name", autocomplete: "name", maxlength: "120", placeholder: "Your name", "aria-label": "Your name" });
    const reach = element("input", {
      name: "reach",
      maxlength: "254",
      placeholder: "Phone or e-mail",
      "aria-label": "Phone or e-mail",
      required: "",
    });
    const send = element("button", { class: "retry", text: "Call me back" });
    const problem = element("span", { class: "problem", role: "alert" });
    this.#form = element("form", { class: "reach" }, name, reach, send, problem);
    this.#form.addEventListener("submit", async (event) => {
      event.preventDefault();
      send.disabled = true;
      problem.textContent = "";
      const where = reach.value.trim();
      const given = where.includes("@") ? { email: where } : { phone: where };
      try {
        await this.#leave({ name: name.value.trim(), ...given });
        this.#drop();
      } catch (error) {
        problem.textContent = error.message || "That did not work. Please try again.";
        send.disabled = false;
        reach.focus();
      }
    });
    this.#el.append(this.#form);
  }
}
