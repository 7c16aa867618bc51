/** Today in figures. */
import { element } from "../widget/dom.js";
import { Bars, Share } from "./charts.js";
import { setText } from "./keyed.js";
import { numberText, percentText, talkText } from "./words.js";

const ABANDONED_LIMIT = 0.03; // by law, of those who answer: 47 CFR § 64.1200(a)(7)

const FIGURES = [
  { name: "dials", label: "Dials", series: "dials", note: () => "calls begun" },
  { name: "connects", label: "Connects", series: "connects", note: (k) => (k.dials ? `${percentText(k.connects / k.dials)} of dials` : "people reached") },
  {
    name: "conversations",
    label: "Conversations",
    share: {},
    part: (k) => (k.conversations ? k.received / k.conversations : 0),
    note: (k) => `${numberText(k.received)} called us`,
  },
  { name: "appointments", label: "Appointments", series: "appointments", note: () => "meetings booked" },
  { name: "conversion", label: "Conversion", text: (k) => percentText(k.conversion), share: {}, part: (k) => k.conversion, note: () => "of conversations" },
  {
    name: "talk_s",
    label: "Talk time",
    text: (k) => talkText(k.talk_s),
    share: {},
    part: (k, floor) => floor.talking,
    note: (k) => (k.conversations ? `${talkText(k.talk_s / k.conversations)} a conversation` : "none yet"),
  },
  {
    name: "abandon_rate",
    label: "Abandoned",
    text: (k) => percentText(k.abandon_rate),
    share: { whole: 2 * ABANDONED_LIMIT, limit: ABANDONED_LIMIT },
    part: (k) => k.abandon_rate,
    over: (k) => k.abandon_rate > ABANDONED_LIMIT,
    note: (k) => (k.abandon_rate > ABANDONED_LIMIT ? "above the limit of 3%" : "limit 3%"),
  },
];

export class Kpis {
  #shown;

  /** @param {HTMLElement} el a dl */
  constructor(el) {
    this.#shown = FIGURES.map((figure) => {
      const value = element("dd", { class: "value" });
      const note = element("dd", { class: "note" });
      const chart = element("dd", { class: "chart" });
      const box = element("div", { class: "kpi", "data-kpi": figure.name });
      box.append(element("dt", { text: figure.label }), value, note, chart);
      el.append(box);
      return { figure, box, value, note, chart: figure.series ? new Bars(chart, figure.label) : new Share(chart, figure.share) };
    });
  }

  render(state, before) {
    if (state.kpis === before?.kpis && state.agents === before?.agents) return;
    const { kpis } = state;
    const agents = Object.values(state.agents);
    const floor = { talking: agents.filter(({ state: now }) => now === "talking").length / (agents.length || 1) };
    for (const { figure, box, value, note, chart } of this.#shown) {
      setText(value, figure.text ? figure.text(kpis) : numberText(kpis[figure.name]));
      setText(note, figure.note(kpis));
      const over = figure.over?.(kpis) ?? false;
      box.classList.toggle("over", over);
      if (!figure.series) chart.show(figure.part(kpis, floor), { over });
      else if (kpis !== before?.kpis) chart.show(kpis.series, figure.series);
    }
  }
}
