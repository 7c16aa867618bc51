/** What may be done with an agent and its call: buttons that say why they cannot be pressed, and the forms of some. */
import { element } from "../widget/dom.js";
import { setText } from "./keyed.js";
import { LeadPicker } from "./picker.js";
import { icon } from "./shapes.js";
import { OUTCOMES, callWho } from "./words.js";

const STEERING = ["owner", "manager"];
const WATCHING = "You watch as staff. Managers and owners give commands; you may set the outcome of your own leads.";
const BUTTONS = [
  { name: "call.listen", text: "Listen", icon: "ear", of: "call" },
  { name: "call.whisper", text: "Whisper", icon: "whisper", of: "call", form: true },
  { name: "call.barge", text: "Join in", icon: "speak", of: "call" },
  { name: "call.takeover", text: "Take over", icon: "take", of: "call" },
  { name: "call.return", text: "Hand back", icon: "back", of: "call", form: true },
  { name: "call.end", text: "End call", icon: "end", of: "call", form: true, danger: true },
  { name: "agent.pause", text: "Pause agent", of: "agent" },
  { name: "agent.resume", text: "Resume agent", of: "agent" },
  { name: "agent.assign_lead", text: "Assign a lead", icon: "assign", of: "agent", form: true },
  { name: "lead.set_outcome", text: "Set outcome", icon: "check", of: "lead", form: true },
];

export class Actions {
  #el;
  #status;
  #reason;
  #buttons = new Map();
  #forms = new Map();
  #picker;
  #role;
  #on;
  #shown = {};
  #openForm = "";

  /** @param config {role, leads: address} @param on {command(command, words), opened()} */
  constructor(el, config, on) {
    this.#el = el;
    this.#role = config.role;
    this.#on = on;
    const bar = element("div", { class: "action-bar", role: "group", "aria-label": "Commands" });
    this.#reason = element("p", { class: "note", id: "why-not" });
    this.#status = element("p", { class: "outcome" });
    for (const button of BUTTONS) bar.append(this.#makeButton(button));
    el.append(bar, this.#reason, this.#status);
    this.#makeForms(config);
  }

  /** @param shown {agent, call, live: bool, mine: bool: whether this page has the call, outcome: Outcome | undefined} */
  render(shown) {
    this.#shown = shown;
    const off = shown.live ? "" : "Commands are off until the floor is live again.";
    const note = off || (STEERING.includes(this.#role) ? "" : WATCHING);
    setText(this.#reason, note);
    this.#reason.hidden = !note;
    for (const { name, of } of BUTTONS) {
      const button = this.#buttons.get(name);
      button.hidden = !this.#offers(name, of);
      const why = off || this.#reasonOf(name);
      button.setAttribute("aria-disabled", String(Boolean(why) || shown.outcome?.status === "pending"));
      button.title = why;
      button.classList.toggle("pending", shown.outcome?.status === "pending" && shown.outcome.name === name);
    }
    this.#status.hidden = !shown.outcome;
    if (shown.outcome) {
      this.#status.dataset.status = shown.outcome.status;
      setText(this.#status, shown.outcome.text);
    }
    if (this.#openForm && this.#buttons.get(this.#openForm).hidden) this.close();
  }

  /** Closes the form that is open. @returns {boolean} whether one was */
  close() {
    if (!this.#openForm) return false;
    const name = this.#openForm;
    this.#openForm = "";
    this.#forms.get(name).hidden = true;
    this.#buttons.get(name).setAttribute("aria-expanded", "false");
    this.#picker.close();
    return true;
  }

  #makeButton({ name, text, icon: drawn, form, danger }) {
    const button = element("button", { type: "button", class: danger ? "action danger" : "action", "data-command": name });
    if (form) button.setAttribute("aria-expanded", "false");
    button.append(...(drawn ? [icon(drawn)] : []), element("span", { text }));
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      if (form) this.#toggle(name);
      else this.#give(name, {});
    });
    this.#buttons.set(name, button);
    return button;
  }

  #makeForms(config) {
    const text = (name, label, send, read) => {
      const input = element("textarea", { id: `form-${name}`, rows: "3", maxlength: "1000" });
      const content = [element("label", { for: `form-${name}`, text: label }), input];
      this.#form(name, content, send, () => read(input.value.trim()), input);
    };
    text("call.whisper", "Only the agent hears this. The caller does not.", "Whisper", (words) => words && { text: words });
    text("call.return", "What has happened, for the agent that goes on", "Hand back", (words) => ({ summary: words }));
    this.#form("call.end", [element("p", { text: "The agent says goodbye, then the line is hung up." })], "End the call", () => ({}));
    const select = element("select", { id: "form-outcome" });
    const note = element("input", { id: "form-note", maxlength: "400", autocomplete: "off" });
    select.append(element("option", { value: "", text: "Choose…" }));
    for (const [value, words] of Object.entries(OUTCOMES)) select.append(element("option", { value, text: words }));
    const label = element("label", { for: "form-outcome", text: "What came of it?" });
    const noteLabel = element("label", { for: "form-note", text: "Note (may be empty)" });
    const read = () => select.value && { outcome: select.value, note: note.value.trim() };
    this.#form("lead.set_outcome", [label, select, noteLabel, note], "Save", read, select);
    const place = element("div", { class: "form", hidden: "" });
    this.#picker = new LeadPicker(place, config.leads, {
      chosen: (lead) => this.#give("agent.assign_lead", { lead: lead.id }, lead.name || lead.phone),
    });
    this.#forms.set("agent.assign_lead", place);
    this.#el.insertBefore(place, this.#status);
  }

  #form(name, content, send, read, field) {
    const submit = element("button", { type: "submit", class: name === "call.end" ? "primary danger" : "primary", text: send });
    const cancel = element("button", { type: "button", text: "Cancel" });
    const form = element("form", { class: "form", hidden: "" }, ...content, element("p", { class: "buttons" }, submit, cancel));
    cancel.addEventListener("click", () => this.#leave(name));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("textarea")) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const args = read();
      if (!args) return field.focus();
      if (this.#buttons.get(name).getAttribute("aria-disabled") === "true") return;
      this.#give(name, args);
      form.reset();
    });
    this.#forms.set(name, form);
    this.#el.insertBefore(form, this.#status);
  }

  #toggle(name) {
    const was = this.#openForm;
    this.close();
    if (was === name) return;
    this.#openForm = name;
    const form = this.#forms.get(name);
    form.hidden = false;
    this.#buttons.get(name).setAttribute("aria-expanded", "true");
    if (name === "agent.assign_lead") this.#picker.open();
    else form.querySelector("textarea, select, button").focus();
    form.scrollIntoView({ block: "nearest" });
  }

  #leave(name) {
    this.close();
    this.#buttons.get(name).focus();
  }

  #give(name, args, about = "") {
    if (this.#openForm === name) this.#leave(name);
    const { agent, call } = this.#shown;
    const of = BUTTONS.find((button) => button.name === name).of;
    const thing = { agent, call, lead: call?.lead }[of];
    this.#on.command({ name, target: thing.id, args, version: thing.version }, doing(name, agent, call, about));
  }

  #offers(name, of) {
    const { agent, call, mine } = this.#shown;
    if (name === "lead.set_outcome") return Boolean(call?.lead) && (call.state === "talking" || call.state === "ended");
    if (!STEERING.includes(this.#role)) return false;
    if (of === "agent") {
      if (!agent) return false;
      if (name === "agent.pause") return !agent.paused;
      return name === "agent.resume" ? agent.paused : !call || call.state === "ended";
    }
    if (!call || call.state === "ended") return false;
    const { mode } = call.supervision;
    if (name === "call.return") return mode === "barge" || mode === "takeover" || mine;
    return !(mode === "takeover" && ["call.takeover", "call.whisper", "call.barge"].includes(name));
  }

  #reasonOf(name) {
    const { agent, call } = this.#shown;
    if (name.startsWith("call.") && call?.state !== "talking") return "Nobody is talking yet.";
    if (name.startsWith("call.") && !call.call) return "This call has no conversation yet.";
    if (name === "agent.assign_lead" && agent.state === "paused") return `${agent.name} is paused.`;
    if (name === "agent.assign_lead" && agent.state !== "free") return `${agent.name} is on a call.`;
    return "";
  }
}

function doing(name, agent, call, about) {
  const who = call ? callWho(call) : "";
  switch (name) {
    case "agent.pause": return `Pausing ${agent.name}`;
    case "agent.resume": return `Letting ${agent.name} go on`;
    case "agent.assign_lead": return `Giving ${about} to ${agent.name}`;
    case "call.listen": return `Listening to ${who}`;
    case "call.whisper": return `Whispering to ${agent?.name ?? "the agent"}`;
    case "call.barge": return `Joining the call with ${who}`;
    case "call.takeover": return `Taking over the call with ${who}`;
    case "call.return": return `Handing ${who} back`;
    case "call.end": return `Ending the call with ${who}`;
  }
  return `Setting the outcome of ${who}`;
}
