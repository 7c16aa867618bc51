/** The chat frame: reads its configuration from the page and puts the parts together. */
import { Announcer } from "./announcer.js";
import { Api } from "./api.js";
import { Calling } from "./calling.js";
import { Chat } from "./chat.js";
import { Composer } from "./composer.js";
import { Host } from "./host.js";
import { Menu } from "./menu.js";
import { Standing } from "./standing.js";
import { Store } from "./store.js";
import { Tabs } from "./tabs.js";
import { applyAccent } from "./theme.js";
import { Transcript } from "./transcript.js";

const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("config").textContent);
const root = document.documentElement;

const page = { locale: config.locale, page: null };
let open = true;
let unread = 0;
let expanded = false;
const visible = () => open && !document.hidden;

const BANNERS = {
  reading: "",
  waiting: "Reconnecting…",
  offline: "You are offline. We go on as soon as you are back.",
};

function showConnection(state) {
  byId("banner").textContent = BANNERS[state];
  byId("banner").hidden = !BANNERS[state];
}

function showAgent(name) {
  byId("agent").textContent = name;
  byId("avatar").textContent = [...name][0].toLocaleUpperCase();
}

function countUnread() {
  if (visible()) return;
  unread += 1;
  host.send("unread", { count: unread });
}

function readAll() {
  if (!visible() || !unread) return;
  unread = 0;
  host.send("unread", { count: 0 });
}

function closed() {
  byId("again").remove();
  byId("call-button")?.remove();
}

function hear({ lang, theme, page: address, inline, phone, open: nowOpen, focus }) {
  open = Boolean(nowOpen);
  page.page = address;
  page.locale = lang || config.locale;
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  root.dataset.mode = inline ? "inline" : "popup";
  byId("expand").hidden = Boolean(inline || phone);
  if (focus) composer.focus();
  readAll();
}

applyAccent(root, config.tenant.accent);

const host = new Host(config.parentOrigins, { host: hear });
const tabs = new Tabs(config.key);
const store = new Store(config.key, tabs);
const api = new Api({ base: config.api, key: config.key, store, context: () => page });
const announcer = new Announcer(byId("announcer"));
const transcript = new Transcript({
  scroller: byId("scroller"),
  log: byId("log"),
  pill: byId("pill"),
  announcer,
  visible,
});
const composer = new Composer(byId("composer"), {
  submit: (text) => chat.submit(text),
  stop: () => chat.stop(),
  // The token is fetched while the visitor still types; a failure shows when they send.
  typing: () => api.session().catch(() => {}),
});
const standing = new Standing(byId("standing"), (reach) => api.callBack(store.state.conversation, reach));
const chat = new Chat({
  config,
  api,
  store,
  tabs,
  view: { transcript, composer },
  on: {
    agent: showAgent,
    connection: showConnection,
    answered: countUnread,
    closed,
    standing: (now) => standing.show(now),
    typing: () => standing.typing(),
    quiet: () => standing.quiet(),
  },
});
if (!isSecureContext) byId("call-button")?.remove(); // browsers give it no microphone
const calling = new Calling({ config, api, store, host, transcript, on: { back: () => composer.focus() } });
const menu = new Menu(byId("menu-button"), byId("menu"));

byId("suggestions")?.addEventListener("click", (event) => {
  const question = event.target.closest("button");
  if (question) chat.submit(question.textContent);
});
byId("again").addEventListener("click", async () => {
  await chat.restart();
  composer.focus();
});
byId("expand").addEventListener("click", () => {
  expanded = !expanded;
  byId("expand").textContent = expanded ? "Smaller window" : "Larger window";
  host.send("size", { expanded });
});
const callButton = byId("call-button");
callButton?.addEventListener("click", () => calling.open());
if (callButton) callButton.disabled = false; // from now on somebody listens
byId("back")?.addEventListener("click", () => calling.back());
byId("close").addEventListener("click", () => host.send("close"));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  if (menu.open) menu.toggle(false);
  else if (calling.back()) return;
  else if (root.dataset.mode === "popup") host.send("close");
});
document.addEventListener("visibilitychange", readAll);
addEventListener("offline", () => showConnection("offline"));
addEventListener("online", () => showConnection("reading"));

await tabs.join({ message: (type, body) => chat.overhear(type, body), returned: () => chat.reload() });
await store.open();
await chat.start();
