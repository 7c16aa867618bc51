/** The page: it puts the parts together, and draws what has changed once per frame. */
import { Actions } from "./actions.js";
import { Badge } from "./badge.js";
import { Campaigns, Leaderboard, Leads } from "./board.js";
import { Calls } from "./calls.js";
import { Commands } from "./commands.js";
import { Connection } from "./connection.js";
import { Drawer } from "./drawer.js";
import { Ear } from "./ear.js";
import { Filters, foundText } from "./filters.js";
import { watchKeys } from "./hotkeys.js";
import { setText } from "./keyed.js";
import { Kpis } from "./kpis.js";
import { Presence } from "./presence.js";
import { offerThemes } from "./theme.js";
import { Tiles } from "./tiles.js";
import { Timers } from "./timers.js";

const SECOND_MS = 1_000;
const SEARCHED_MS = 800; // after the last key, before it is said how much was found
const MODES = { "call.listen": "listen", "call.barge": "barge", "call.takeover": "takeover" };
const byId = (id) => document.getElementById(id);

export class Floor {
  state = null;
  connection;
  #drawn = null; // the state on the screen
  #frame = 0;
  #refilter = false;
  #searched = 0;
  #opener = null; // what had the focus when the drawer was opened

  /** @param config of apps/dashboard/pages.py */
  constructor(config) {
    this.connection = new Connection(config, {
      state: (state) => this.show(state),
      viewer: (hello) => this.#greet(hello),
      presence: (message) => this.#change(() => this.presence.change(message)),
      ack: (ack) => this.commands.take(ack),
      link: () => this.#look(),
      refused: (text) => this.#refuse(text),
    });
    const announce = (text) => setText(byId("announcer"), text);
    const redraw = () => this.#schedule();
    const openAgent = (id) => this.open(() => this.drawer.openAgent(this.state, id));
    const openCall = (id) => this.open(() => this.drawer.openCall(this.state, id));
    const now = () => this.connection.freshness.now;
    this.announce = announce;
    this.timers = new Timers(now);
    this.badge = new Badge({ badge: byId("badge"), words: byId("badge-words"), notice: byId("stale"), root: document.body }, announce);
    this.filters = new Filters(
      { search: byId("search"), kinds: byId("kinds"), states: byId("states"), spread: byId("spread") },
      { changed: () => this.#filter() },
    );
    this.tiles = new Tiles(byId("groups"), this.timers, { open: openAgent });
    this.calls = new Calls(
      { live: byId("live-calls"), ended: byId("ended-calls"), count: byId("call-count"), none: byId("no-calls"), endedPart: byId("ended") },
      this.timers,
      { open: openCall },
    );
    this.commands = new Commands((message) => this.connection.send(message), { changed: redraw, announce });
    this.ear = new Ear(byId("ear"), { changed: redraw, announce, open: openCall });
    this.drawer = new Drawer(drawerParts(), this.timers, { closed: () => this.#closed(), shown: () => this.#attend() });
    this.actions = new Actions(byId("actions"), config, { command: (command, words) => this.#command(command, words) });
    this.presence = new Presence({ faces: byId("watcher-faces"), count: byId("watcher-count"), list: byId("watcher-list") });
    this.parts = [
      new Kpis(byId("kpis")),
      this.filters,
      new Leaderboard(byId("leaders"), byId("no-leaders"), { open: openAgent }),
      new Campaigns(byId("campaigns"), byId("no-campaigns")),
      new Leads(byId("leads-chart"), byId("leads-words"), byId("leads-total")),
    ];
  }

  start() {
    offerThemes(byId("theme"));
    watchKeys({
      search: () => this.filters.focus(),
      tiles: () => this.tiles.focus(),
      escape: () => this.#escape(),
      help: byId("help"),
    });
    byId("show-help").addEventListener("click", () => byId("help").showModal());
    byId("clear").addEventListener("click", () => this.filters.clear());
    document.addEventListener("visibilitychange", () => this.#attend());
    setInterval(() => this.badge.state === "live" && this.timers.tick(), SECOND_MS);
    this.connection.start();
  }

  /** The newest state; it is drawn with the next frame. */
  show(state) {
    this.state = state;
    this.#schedule();
  }

  /** Draws now what is not drawn yet. */
  draw() {
    this.#frame = 0;
    const { state } = this;
    if (!state) return;
    const before = this.#drawn;
    this.#drawn = state;
    if (!before) byId("floor").hidden = false;
    if (state !== before || this.#refilter) this.#drawFloor(state, before);
    if (state.team !== before?.team) this.#drawTeam(state.team);
    if (this.drawer.open) this.#drawDrawer(state);
  }

  open(how) {
    if (!this.drawer.open) this.#opener = document.activeElement;
    this.actions.close();
    how();
    this.tiles.select(this.drawer.agent);
    document.body.classList.add("with-drawer");
    this.#schedule();
  }

  #drawFloor(state, before) {
    const agents = this.tiles.render(state, this.filters);
    const calls = this.calls.render(state, this.filters);
    for (const part of this.parts) part.render(state, before);
    this.presence.render(state);
    byId("none-found").hidden = agents > 0;
    byId("clear").hidden = !this.filters.active;
    if (this.#refilter) {
      clearTimeout(this.#searched);
      this.#searched = setTimeout(() => this.announce(foundText(agents, calls)), SEARCHED_MS);
    }
    this.#refilter = false;
  }

  #drawTeam(team) {
    this.badge.zone = team.time_zone;
    byId("simulated").hidden = !team.simulated;
    byId("stopped").hidden = !team.stopped;
  }

  #drawDrawer(state) {
    const { agent, call } = this.drawer.render(state, this.presence.at(this.drawer.call));
    if (!this.drawer.open) return;
    const outcomes = [call?.id, agent?.id, call?.lead?.id].map((id) => id && this.commands.outcome(id));
    this.actions.render({
      agent,
      call,
      live: this.badge.state === "live",
      mine: Boolean(call) && this.ear.call === call.id && this.ear.mode !== "listen",
      outcome: outcomes.find((outcome) => outcome?.status === "pending") ?? outcomes.find(Boolean),
    });
    this.drawer.settle();
  }

  #schedule() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.draw());
  }

  #change(change) {
    change();
    this.#schedule();
  }

  #filter() {
    this.#refilter = true;
    this.#schedule();
  }

  #greet({ viewer, presence }) {
    this.presence.replace(presence ?? [], viewer?.id ?? "");
    this.commands.repeat();
    this.#attend();
    this.#schedule();
  }

  /** The badge, at every frame of the server and twice a second. */
  #look() {
    if (this.badge.show(this.connection.freshness.view())) this.#schedule();
  }

  #refuse(text) {
    byId("refused-words").textContent = text;
    byId("refused").hidden = false;
    this.announce(text);
    this.#look();
  }

  #attend() {
    this.connection.send({ type: "attention", call: this.drawer?.call ?? "", asleep: document.hidden });
  }

  async #command(command, words) {
    const call = this.state.calls[command.target];
    const ack = await this.commands.give(command, words);
    const mode = MODES[command.name];
    if (ack.ok && mode && ack.audio) this.ear.open(call, mode, ack.audio);
    if (ack.ok && command.name === "call.return") this.ear.stop();
  }

  #closed() {
    document.body.classList.remove("with-drawer");
    this.tiles.select("");
    this.#attend();
    if (this.#opener?.isConnected) this.#opener.focus();
    else this.tiles.focus();
  }

  #escape() {
    if (this.actions.close()) return;
    if (this.drawer.open) this.drawer.close();
    else if (this.filters.active) this.filters.clear();
  }
}

/** The elements whose ids begin with "drawer-", by the rest in one word. */
function drawerParts() {
  const names = ["title", "subtitle", "state", "state-words", "timer", "mood", "mood-words", "facts", "watching"];
  const parts = { root: byId("drawer") };
  for (const name of [...names, "next", "talk", "log", "pill", "none", "day", "close"]) {
    parts[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = byId(`drawer-${name}`);
  }
  return parts;
}
