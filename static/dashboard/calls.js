/** The calls that go on, the longest first, with the last words of each; and those that have just ended. */
import { element } from "../widget/dom.js";
import { Keyed, setText } from "./keyed.js";
import { face, icon, setMood, setShape, shape } from "./shapes.js";
import { ENDINGS, OUTCOMES, STATES, SUPERVISION, TEMPERATURES, callWho, durationText, moodText, wallText } from "./words.js";

const ENDED_SHOWN = 8;
const WORDS_SHOWN = 140; // characters from the end of what was said last

export class Calls {
  #live;
  #ended;
  #els;
  #timers;

  /** @param {{live, ended, count, none, endedPart: HTMLElement}} els @param on {open(call id)} */
  constructor(els, timers, on) {
    this.#els = els;
    this.#timers = timers;
    this.#live = new Keyed(els.live, (id) => liveRow(id));
    this.#ended = new Keyed(els.ended, (id) => endedRow(id));
    for (const list of [els.live, els.ended]) {
      list.addEventListener("click", ({ target }) => {
        const row = target.closest(".call-row");
        if (row) on.open(row.dataset.id);
      });
    }
  }

  /** @returns {number} of live calls that are shown */
  render(state, filters) {
    const wanted = Object.values(state.calls).filter((call) => filters.hasCall(call, state.agents[call.agent]));
    const live = wanted.filter((call) => call.state !== "ended").sort((a, b) => a.began - b.began || (a.id < b.id ? -1 : 1));
    const ended = wanted.filter((call) => call.state === "ended").sort((a, b) => b.ended - a.ended || (a.id < b.id ? -1 : 1));
    this.#live.show(live.map(({ id }) => id)).forEach((row, at) => this.#update(row, live[at], state));
    const last = ended.slice(0, ENDED_SHOWN);
    this.#ended.show(last.map(({ id }) => id)).forEach((row, at) => updateEnded(row, last[at], state));
    setText(this.#els.count, String(live.length));
    this.#els.none.hidden = live.length > 0;
    setText(this.#els.none, filters.active ? "No call matches." : "Nobody is on the phone.");
    this.#els.endedPart.hidden = last.length === 0;
    return live.length;
  }

  #update(row, call, state) {
    const agent = state.agents[call.agent];
    if (row.call === call && row.agent === agent) return;
    Object.assign(row, { call, agent });
    if (row.button.dataset.state !== call.state) {
      row.button.dataset.state = call.state;
      setShape(row.shape, call.state);
      setText(row.state, STATES[call.state]);
    }
    setText(row.who, callWho(call));
    setText(row.company, call.lead?.company ?? "");
    setText(row.agentName, agent?.name ?? "No agent is free");
    showHeat(row.heat, call.lead?.temperature);
    row.direction.classList.toggle("inbound", call.direction === "inbound");
    setText(row.directionWords, call.direction === "inbound" ? "called us" : "");
    this.#timers.set(row.timer, call.answered || call.began);
    setMood(row.face, call.sentiment);
    setText(row.mood, call.sentiment === null ? "" : `mood ${moodText(call.sentiment)}`);
    setText(row.words, lastWords(call));
    const { mode, by } = call.supervision;
    setText(row.watch, mode ? `${by || "Somebody"} ${SUPERVISION[mode] ?? mode}` : "");
  }
}

function lastWords(call) {
  const turn = call.turns.at(-1);
  if (!turn) return call.state === "talking" ? "Nothing said yet" : `${STATES[call.state]} ${call.phone}`;
  const said = turn.text || turn.unheard;
  const end = said.length > WORDS_SHOWN ? `… ${said.slice(-WORDS_SHOWN)}` : said;
  return turn.role === "visitor" ? `“${end}”` : end;
}

function showHeat(el, temperature) {
  el.hidden = !temperature;
  if (!temperature) return;
  el.dataset.heat = temperature;
  setText(el, TEMPERATURES[temperature] ?? temperature);
}

function liveRow(id) {
  const span = (name) => element("span", { class: name });
  const parts = {
    shape: shape("talking"),
    state: span("unseen"),
    who: span("who"),
    company: span("company"),
    timer: span("timer"),
    direction: element("span", { class: "direction" }, icon("out"), icon("in")),
    directionWords: span("direction-words"),
    agentName: span("agent"),
    heat: span("heat"),
    face: face(),
    mood: span("unseen"),
    words: span("words"),
    watch: span("watch"),
  };
  const button = element("button", { type: "button", class: "call-row", "data-id": id });
  button.append(
    element("span", { class: "line" }, parts.shape, parts.state, parts.who, parts.company, parts.timer),
    element("span", { class: "line small" }, parts.direction, parts.agentName, parts.directionWords, parts.heat, parts.watch, parts.face, parts.mood),
    parts.words,
  );
  return { el: element("li", {}, button), button, call: null, ...parts };
}

function endedRow(id) {
  const span = (name) => element("span", { class: name });
  const parts = { who: span("who"), ending: span("ending"), took: span("timer"), at: span("at") };
  const button = element("button", { type: "button", class: "call-row ended", "data-id": id });
  button.append(
    element("span", { class: "line" }, parts.who, parts.took),
    element("span", { class: "line small" }, parts.ending, parts.at),
  );
  return { el: element("li", {}, button), button, call: null, ...parts };
}

function updateEnded(row, call, state) {
  const agent = state.agents[call.agent];
  if (row.call === call && row.agent === agent) return;
  Object.assign(row, { call, agent });
  setText(row.who, callWho(call));
  setText(row.took, call.seconds ? durationText(call.seconds) : "");
  setText(row.ending, OUTCOMES[call.outcome] ?? ENDINGS[call.ending] ?? "Ended");
  row.button.dataset.outcome = call.outcome;
  setText(row.at, [agent?.name, wallText(call.ended, state.team.time_zone)].filter(Boolean).join(" · "));
}
