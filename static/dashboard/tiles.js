/** The floor: a tile for each agent, in groups by kind. */
import { element } from "../widget/dom.js";
import { Keyed, setText } from "./keyed.js";
import { face, icon, setMood, setShape, shape } from "./shapes.js";
import { KIND_ORDER, STATES, SUPERVISION, callWho, compareNames, kindText, moodText, plural } from "./words.js";

const WATCHING = { listen: "ear", whisper: "whisper", barge: "speak", takeover: "take" };

export class Tiles {
  #root;
  #groups;
  #tiles = new Map(); // by the agent's id
  #timers;
  #on;
  #current = ""; // the one that Tab reaches
  #selected = "";

  /** @param on {open(agent id)} */
  constructor(root, timers, on) {
    this.#root = root;
    this.#timers = timers;
    this.#on = on;
    this.#groups = new Keyed(root, (kind) => makeGroup(kind, (id) => this.#make(id)));
    root.addEventListener("keydown", (event) => this.#move(event));
    root.addEventListener("focusin", ({ target }) => this.#reach(target.closest(".tile")?.dataset.id));
    root.addEventListener("click", ({ target }) => {
      const tile = target.closest(".tile");
      if (tile) on.open(tile.dataset.id);
    });
  }

  /** @returns {number} of agents that are shown */
  render(state, filters) {
    const shown = grouped(state, filters);
    const groups = this.#groups.show([...shown.keys()]);
    let count = 0;
    [...shown.values()].forEach((agents, at) => {
      groups[at].tiles.show(agents.map(({ id }) => id));
      for (const agent of agents) this.#update(agent, state.calls[agent.call]);
      setText(groups[at].count, groupText(agents));
      count += agents.length;
    });
    if (!this.#tiles.get(this.#current)?.el.isConnected) this.#reach(this.#root.querySelector(".tile")?.dataset.id);
    return count;
  }

  select(id) {
    this.#tiles.get(this.#selected)?.tile.removeAttribute("aria-current");
    this.#selected = id;
    this.#tiles.get(id)?.tile.setAttribute("aria-current", "true");
  }

  /** To the tile of an agent, or the first. */
  focus(id = this.#current) {
    const tile = this.#tiles.get(id)?.tile ?? this.#root.querySelector(".tile");
    tile?.focus();
  }

  #make(id) {
    const known = this.#tiles.get(id);
    if (known) return known;
    const parts = {
      shape: shape("free"),
      name: element("span", { class: "name" }),
      timer: element("span", { class: "timer" }),
      state: element("span", { class: "state" }),
      watch: element("span", { class: "watch" }),
      face: face(),
      mood: element("span", { class: "unseen" }),
      who: element("span", { class: "who" }),
      detail: element("span", { class: "detail" }),
    };
    const tile = element("button", { type: "button", class: "tile", "data-id": id, tabindex: id === this.#current ? "0" : "-1" });
    tile.append(
      element("span", { class: "line" }, parts.shape, parts.name, parts.timer),
      element("span", { class: "line" }, parts.state, parts.watch, parts.face, parts.mood),
      parts.who,
      parts.detail,
    );
    if (id === this.#selected) tile.setAttribute("aria-current", "true");
    const item = { el: element("li", {}, tile), tile, ...parts, agent: null, call: null };
    this.#tiles.set(id, item);
    return item;
  }

  #update(agent, call) {
    const item = this.#tiles.get(agent.id);
    if (item.agent === agent && item.call === call) return;
    Object.assign(item, { agent, call });
    if (item.tile.dataset.state !== agent.state) {
      item.tile.dataset.state = agent.state;
      setShape(item.shape, agent.state);
    }
    setText(item.name, agent.name);
    setText(item.state, STATES[agent.state]);
    this.#timers.set(item.timer, agent.since);
    const mood = agent.state === "talking" ? (call?.sentiment ?? null) : null;
    setMood(item.face, mood);
    setText(item.mood, mood === null ? "" : `, mood ${moodText(mood)}`);
    setText(item.who, call ? callWho(call) : dayText(agent));
    setText(item.detail, call ? call.lead?.company || aboutText(call) : bookedText(agent));
    item.tile.classList.toggle("busy", Boolean(call));
    showWatch(item, call?.supervision);
  }

  #reach(id) {
    if (!id || id === this.#current) return;
    this.#tiles.get(this.#current)?.tile.setAttribute("tabindex", "-1");
    this.#current = id;
    this.#tiles.get(id)?.tile.setAttribute("tabindex", "0");
  }

  #move(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tiles = [...this.#root.querySelectorAll(".tile")];
    const at = tiles.indexOf(event.target.closest(".tile"));
    if (at < 0) return;
    const target = {
      ArrowRight: () => tiles[at + 1],
      ArrowLeft: () => tiles[at - 1],
      ArrowDown: () => nearest(tiles, tiles[at], 1),
      ArrowUp: () => nearest(tiles, tiles[at], -1),
      Home: () => tiles[0],
      End: () => tiles.at(-1),
    }[event.key]?.();
    if (!target) return;
    event.preventDefault();
    target.focus();
  }
}

/** Map of kind → its agents that are wanted, in an order that does not change while one looks. */
function grouped(state, filters) {
  const wanted = Object.values(state.agents).filter((agent) => filters.hasAgent(agent, state.calls[agent.call]));
  const rank = (kind) => (KIND_ORDER.includes(kind) ? KIND_ORDER.indexOf(kind) : KIND_ORDER.length);
  wanted.sort((a, b) => rank(a.kind) - rank(b.kind) || compareNames(a.kind, b.kind) || compareNames(a.name, b.name));
  const groups = new Map();
  for (const agent of wanted) {
    if (!groups.has(agent.kind)) groups.set(agent.kind, []);
    groups.get(agent.kind).push(agent);
  }
  return groups;
}

function makeGroup(kind, make) {
  const list = element("ul", { class: "tiles" });
  const count = element("span", { class: "count" });
  const title = element("h3", {}, element("span", { text: kindText(kind) }), " ", count);
  return { el: element("section", { class: "group", "data-kind": kind }, title, list), count, tiles: new Keyed(list, make) };
}

function groupText(agents) {
  const talking = agents.filter(({ state }) => state === "talking").length;
  return `${agents.length}${talking ? `, ${talking} talking` : ""}`;
}

const dayText = ({ dials, conversations }) => plural(conversations, "talk") + (dials ? ` in ${plural(dials, "dial")}` : "");
const aboutText = (call) => (call.direction === "inbound" ? "called us" : call.phone);
const bookedText = ({ appointments }) => (appointments ? `${appointments} booked today` : "none booked yet");

function showWatch(item, supervision) {
  const mode = supervision?.mode ?? "";
  item.tile.classList.toggle("watched", Boolean(mode));
  item.watch.replaceChildren();
  if (!mode) return;
  const words = `${supervision.by || "Somebody"} ${SUPERVISION[mode] ?? mode}`;
  item.watch.append(icon(WATCHING[mode] ?? "ear"), element("span", { class: "unseen", text: `, ${words}` }));
  item.watch.title = words;
}

/** The tile in the next row above or below that is closest to this one. */
function nearest(tiles, from, direction) {
  const here = from.getBoundingClientRect();
  const places = tiles.map((tile) => ({ tile, box: tile.getBoundingClientRect() }));
  const beyond = places.filter(({ box }) => (box.top - here.top) * direction > here.height / 2);
  const row = Math.min(...beyond.map(({ box }) => Math.abs(box.top - here.top)));
  const inRow = beyond.filter(({ box }) => Math.abs(Math.abs(box.top - here.top) - row) < 4);
  inRow.sort((a, b) => Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left));
  return inRow[0]?.tile;
}
