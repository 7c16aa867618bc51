/** The leaderboard, the campaigns and the leads. */
import { element } from "../widget/dom.js";
import { Parts, Share } from "./charts.js";
import { Keyed, setText } from "./keyed.js";
import { CAMPAIGN_STATES, TEMPERATURES, compareNames, kindText, numberText, plural, talkText } from "./words.js";

const LEADERS = 10;
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const MOVE = { duration: 350, easing: "ease-out" };
const CAMPAIGN_PARTS = ["done", "calling", "waiting", "skipped"];

/** Agents by today's appointments, then conversations, then time talked. */
export function leaders(agents) {
  const worked = Object.values(agents).filter((agent) => agent.appointments || agent.conversations || agent.talk_s);
  const better = (a, b) =>
    b.appointments - a.appointments || b.conversations - a.conversations || b.talk_s - a.talk_s || compareNames(a.name, b.name);
  return worked.sort(better).slice(0, LEADERS);
}

export class Leaderboard {
  #rows;
  #none;
  #order = []; // ids
  #height = 0; // px of a row

  /** @param on {open(agent id)} */
  constructor(el, none, on) {
    this.#none = none;
    this.#rows = new Keyed(el, (id) => leaderRow(id));
    new ResizeObserver(() => (this.#height = el.children.length ? el.offsetHeight / el.children.length : 0)).observe(el);
    el.addEventListener("click", ({ target }) => {
      const row = target.closest("button");
      if (row) on.open(row.dataset.id);
    });
  }

  render(state, before) {
    if (state.agents === before?.agents) return;
    const first = leaders(state.agents);
    const placesBefore = this.#order;
    this.#order = first.map(({ id }) => id);
    const most = first[0]?.appointments || 1;
    const rows = this.#rows.show(this.#order);
    rows.forEach((row, at) => updateLeader(row, first[at], most));
    this.#none.hidden = first.length > 0;
    if (!STILL.matches) rows.forEach(({ el }, at) => this.#slide(el, placesBefore.indexOf(this.#order[at]), at));
  }

  /** From where it was to where it is. The rows are of one height, so nothing has to be laid out to know how far. */
  #slide(el, was, is) {
    if (was < 0 || was === is) return;
    const from = { transform: `translateY(${(was - is) * this.#height}px)` };
    el.animate([from, { transform: "none" }], MOVE);
  }
}

function leaderRow(id) {
  const span = (name) => element("span", { class: name });
  const parts = { name: span("name"), kind: span("kind"), booked: span("booked"), talks: span("talks") };
  const chart = span("chart");
  const button = element("button", { type: "button", class: "leader", "data-id": id });
  button.append(parts.name, parts.kind, chart, parts.booked, parts.talks);
  return { el: element("li", {}, button), share: new Share(chart), ...parts };
}

function updateLeader(row, agent, most) {
  setText(row.name, agent.name);
  setText(row.kind, kindText(agent.kind));
  setText(row.booked, `${agent.appointments} booked`);
  setText(row.talks, `${plural(agent.conversations, "talk")}, ${talkText(agent.talk_s)}`);
  row.share.show(agent.appointments / most);
}

export class Campaigns {
  #rows;
  #none;

  constructor(el, none) {
    this.#none = none;
    this.#rows = new Keyed(el, () => campaignRow());
  }

  render(state, before) {
    if (state.campaigns === before?.campaigns) return;
    const order = ["running", "paused", "draft", "finished"];
    const shown = Object.values(state.campaigns);
    shown.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || compareNames(a.name, b.name));
    this.#rows.show(shown.map(({ id }) => id)).forEach((row, at) => updateCampaign(row, shown[at]));
    this.#none.hidden = shown.length > 0;
  }
}

function campaignRow() {
  const parts = {
    name: element("strong"),
    status: element("span", { class: "tag" }),
    numbers: element("p", { class: "note" }),
  };
  const chart = element("div", { class: "chart" });
  const el = element("li", { class: "campaign" }, element("p", { class: "line" }, parts.name, parts.status), chart, parts.numbers);
  return { el, campaign: null, chart: new Parts(chart, CAMPAIGN_PARTS), ...parts };
}

function updateCampaign(row, campaign) {
  if (row.campaign === campaign) return;
  row.campaign = campaign;
  const all = CAMPAIGN_PARTS.reduce((sum, name) => sum + campaign[name], 0);
  setText(row.name, campaign.name);
  setText(row.status, CAMPAIGN_STATES[campaign.status] ?? campaign.status);
  row.status.dataset.status = campaign.status;
  row.chart.show(campaign);
  const calling = campaign.calling ? `, ${campaign.calling} on the phone` : "";
  const skipped = campaign.skipped ? `, ${campaign.skipped} skipped` : "";
  setText(row.numbers, `${campaign.done} of ${all} done${calling}, ${campaign.waiting} waiting${skipped}`);
}

export class Leads {
  #parts;
  #words;
  #total;

  constructor(chart, words, total) {
    this.#parts = new Parts(chart, Object.keys(TEMPERATURES));
    this.#total = total;
    this.#words = new Map(
      Object.entries(TEMPERATURES).map(([name, text]) => {
        const count = element("strong");
        words.append(element("li", { "data-heat": name }, `${text} `, count));
        return [name, count];
      }),
    );
  }

  render(state, before) {
    if (state.leads === before?.leads) return;
    this.#parts.show(state.leads);
    setText(this.#total, numberText(state.leads.total));
    for (const [name, count] of this.#words) setText(count, numberText(state.leads[name]));
  }
}
