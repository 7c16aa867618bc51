/** What is beside the floor when an agent or a call is opened: who talks, what is said, and what may be done. */
import { element } from "../widget/dom.js";
import { setText } from "./keyed.js";
import { face, setMood, setShape, shape } from "./shapes.js";
import { Transcript } from "./transcript.js";
import {
  ENDINGS, OUTCOMES, STATES, SUPERVISION, TEMPERATURES, callWho, durationText, kindText, moodText, plural, talkText, wallText,
} from "./words.js";

export class Drawer {
  agent = ""; // ids of what is open
  call = "";
  #els;
  #timers;
  #transcript;
  #on;
  #shape = shape("free");
  #face = face();

  /** @param els by the ids of the template, without "drawer-" @param on {closed()} */
  constructor(els, timers, on) {
    this.#els = els;
    this.#timers = timers;
    this.#on = on;
    this.#transcript = new Transcript(els.log, els.pill);
    els.state.prepend(this.#shape);
    els.mood.prepend(this.#face);
    els.close.addEventListener("click", () => this.close());
    els.next.addEventListener("click", () => this.#show(this.agent, els.next.dataset.call));
  }

  /** The last thing of a drawing: it waits for the layout. */
  settle() {
    if (this.call) this.#transcript.follow();
  }

  get open() {
    return !this.#els.root.hidden;
  }

  openAgent(state, id) {
    this.#open(id, state.agents[id]?.call ?? "");
  }

  openCall(state, id) {
    this.#open(state.calls[id]?.agent ?? "", id);
  }

  close() {
    if (!this.open) return;
    this.#els.root.hidden = true;
    this.agent = this.call = "";
    this.#on.closed();
  }

  #open(agent, call) {
    this.#show(agent, call);
    this.#els.root.hidden = false;
    this.#els.title.focus({ preventScroll: true });
  }

  #show(agent, call) {
    if (call !== this.call) this.#transcript.clear();
    this.agent = agent;
    this.call = call;
    this.#on.shown();
  }

  /** @returns {{agent, call}} of the state, what is open now @param {string[]} others who else looks at this call */
  render(state, others) {
    const agent = state.agents[this.agent] ?? null;
    if (!this.call && agent?.call) this.#show(this.agent, agent.call); // the call that was waited for
    const call = state.calls[this.call] ?? null;
    if (this.call && !call) this.#show(this.agent, "");
    if (!agent && !call) {
      this.close();
      return { agent, call };
    }
    this.#head(agent, call);
    this.#facts(state, agent, call, others);
    const next = agent?.call && agent.call !== this.call ? state.calls[agent.call] : null;
    this.#els.next.hidden = !next;
    this.#els.next.dataset.call = next?.id ?? "";
    setText(this.#els.next, next ? `${agent.name} is on another call now: ${callWho(next)}` : "");
    this.#els.talk.hidden = !call;
    this.#els.day.hidden = Boolean(call);
    if (call) this.#words(call, agent, state.team.time_zone);
    else this.#day(agent);
    return { agent, call };
  }

  #head(agent, call) {
    const { title, subtitle, state, stateWords, timer } = this.#els;
    const now = call?.state ?? agent.state;
    setText(title, call ? callWho(call) : agent.name);
    const handled = agent ? `${agent.name}, ${kindText(agent.kind)}` : kindText(call.kind);
    setText(subtitle, call ? [call.lead?.company, handled].filter(Boolean).join(" · ") : kindText(agent.kind));
    state.dataset.state = now;
    setShape(this.#shape, now);
    setText(stateWords, STATES[now]);
    const over = now === "ended";
    this.#timers.set(timer, over ? 0 : call ? call.answered || call.began : agent.since);
    if (over) setText(timer, call.seconds ? durationText(call.seconds) : "");
  }

  #facts(state, agent, call, others) {
    const { mood, moodWords, facts, watching } = this.#els;
    const feels = call?.sentiment ?? null;
    mood.hidden = feels === null;
    setMood(this.#face, feels);
    setText(moodWords, `mood, by words: ${moodText(feels)}`);
    const rows = call ? callFacts(call, state) : [];
    const text = JSON.stringify(rows);
    if (facts.dataset.shown !== text) {
      facts.dataset.shown = text;
      facts.replaceChildren(
        ...rows.map(([name, value, heat]) =>
          element("div", {}, element("dt", { text: name }), element("dd", heat ? { "data-heat": heat, text: value } : { text: value })),
        ),
      );
    }
    const { mode = "", by = "" } = call?.supervision ?? {};
    const said = mode ? [`${by || "Somebody"} ${SUPERVISION[mode] ?? mode}`] : [];
    if (others.length) said.push(`${others.join(", ")} ${others.length === 1 ? "looks" : "look"} at this call too`);
    setText(watching, said.join(". "));
    watching.hidden = said.length === 0;
  }

  #words(call, agent, zone) {
    this.#transcript.render(call.turns, agent?.name ?? "", zone);
    const none = call.turns.length === 0;
    this.#els.none.hidden = !none;
    const waits = call.state === "ended" ? "Nothing was said." : call.state === "talking" ? "Nothing said yet." : `${STATES[call.state]}…`;
    setText(this.#els.none, none ? waits : "");
  }

  #day(agent) {
    const { dials, connects, conversations, appointments, talk_s: seconds } = agent;
    const first = dials ? `${plural(dials, "dial")}, ${connects} answered. ` : "";
    const booked = appointments ? plural(appointments, "meeting") : "No meeting";
    setText(this.#els.day, `Today: ${first}${plural(conversations, "conversation")}, ${talkText(seconds)} of talk. ${booked} booked.`);
  }
}

function callFacts(call, state) {
  const zone = state.team.time_zone;
  const { lead } = call;
  return [
    ["Phone", call.phone],
    ["Score", lead ? `${lead.score} · ${TEMPERATURES[lead.temperature] ?? lead.temperature}` : "", lead?.temperature],
    ["Campaign", state.campaigns[call.campaign]?.name ?? (call.direction === "inbound" ? "They called us" : "")],
    ["Since", wallText(call.answered || call.began, zone)],
    ["Ended", call.ended ? `${wallText(call.ended, zone)}, ${(ENDINGS[call.ending] ?? "").toLowerCase()}`.replace(/, $/, "") : ""],
    ["Outcome", OUTCOMES[call.outcome] ?? call.outcome],
  ].filter(([, value]) => value);
}
