/** The inbox: reads its configuration from the page and puts the parts together. */
import { offerThemes } from "../dashboard/theme.js";
import { Alerts } from "./alerts.js";
import { Api } from "./api.js";
import { Conversation } from "./conversation.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { ask, changeSettings } from "./settings.js";
import { Words } from "./words.js";

const SEARCH_MS = 250;

const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("config").textContent);
const api = new Api(config);
const words = new Words(config);

const announce = (text) => (byId("announcer").textContent = text);
const alerts = new Alerts({ notify: byId("notify"), sound: byId("sound"), on: { announce, open: (id) => open(id) } });
const list = new List({
  api,
  words,
  els: { list: byId("list"), empty: byId("list-empty"), older: byId("older") },
  on: { open: (id) => open(id), counts: showCounts, rows: (rows, how) => alerts.look(rows, how) },
});
const conversation = new Conversation({
  api,
  words,
  el: byId("talk"),
  on: {
    back: () => leave(),
    changed: () => list.reload(),
    seen: (id) => list.seen(id),
    returning: async (talk) => {
      const dialog = byId("note-dialog");
      const { note } = dialog.querySelector("form").elements;
      note.value = "";
      if ((await ask(dialog)) === "return") await talk.giveBack(note.value.trim());
    },
  },
});

function showCounts({ waiting, mine }) {
  for (const [name, count] of Object.entries({ waiting, mine })) {
    byId(`count-${name}`).hidden = !count;
    byId(`count-${name}`).textContent = count;
  }
  alerts.count(waiting);
}

async function open(id, { push = true } = {}) {
  byId("panes").dataset.pane = "talk";
  byId("talk").hidden = false;
  byId("nothing").hidden = true;
  if (push && new URLSearchParams(location.search).get("c") !== id) history.pushState(null, "", `?c=${id}`);
  list.select(id);
  await conversation.open(id);
}

function leave({ push = true } = {}) {
  conversation.close();
  delete byId("panes").dataset.pane;
  byId("talk").hidden = true;
  byId("nothing").hidden = false;
  list.select(null);
  if (!push) return;
  history.pushState(null, "", location.pathname);
  list.focus();
}

function showAddressed() {
  const id = new URLSearchParams(location.search).get("c");
  if (id) open(id, { push: false });
  else leave({ push: false });
}

byId("views").addEventListener("click", (event) => {
  const view = event.target.closest("[data-view]");
  if (!view) return;
  for (const each of byId("views").children) each.setAttribute("aria-pressed", String(each === view));
  list.filter({ view: view.dataset.view });
});

const filters = byId("filters");
let searching = 0;
filters.addEventListener("input", () => {
  clearTimeout(searching);
  searching = setTimeout(() => list.filter(Object.fromEntries(new FormData(filters))), SEARCH_MS);
});
filters.addEventListener("submit", (event) => event.preventDefault());

const KEYS = {
  j: () => list.move(1),
  k: () => list.move(-1),
  r: () => conversation.reply(),
  t: () => conversation.take(),
  h: () => document.querySelector(".composer:not([hidden])") && byId("talk").querySelector(".verbs .primary")?.click(),
  "/": () => filters.elements.q.focus(),
  "?": () => ask(byId("help-dialog")),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const writes = event.target.closest("input, textarea, select");
  if (event.key === "Escape") {
    if (writes) event.target.blur();
    else if (conversation.id) leave();
  } else if (!writes && KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

byId("show-help").addEventListener("click", () => ask(byId("help-dialog")));
byId("show-settings").addEventListener("click", () =>
  changeSettings({ api, dialog: byId("settings-dialog"), isMember: config.is_member }),
);
offerThemes(byId("theme"));
addEventListener("popstate", showAddressed);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && conversation.seen());
setInterval(() => document.visibilityState === "visible" && list.tick(), 30_000);

const live = new Live({
  connect: () => api.stream(),
  on: {
    ready: async () => {
      byId("offline").hidden = true;
      await list.reload();
      await conversation.refresh().catch(() => {});
    },
    lost: () => (byId("offline").hidden = false),
    changed: async (ids) => {
      await list.refresh(ids).catch(() => {});
      if (ids.includes(conversation.id)) await conversation.refresh().catch(() => {});
    },
  },
});
showAddressed();
live.start();
