/** A call in any element of a page: `mountCall(element, config)`. Needs call.css beside it, and nothing else. */
import { applyAccent } from "../widget/theme.js";
import { Clock } from "./clock.js";
import { LiveCall } from "./live_call.js";
import { Panel } from "./panel.js";
import { INSECURE, TOO_OLD, leftText } from "./words.js";

/**
 * @typedef {Object} Config
 * @property {{name: string, accent: string}} tenant accent: "#rrggbb"
 * @property {{name: string}} agent who answers
 * @property {string} greeting shown before the call
 * @property {boolean} sandbox
 * @property {number | null} limitSeconds of the call, shown before it; during the call the server's word counts
 * @property {string} tickets address of POST, for a ticket
 * @property {string} socket address of the call's WebSocket, without its ticket
 * @property {Object} ask body of the request for a ticket: {tenant: slug} or {widget: key}
 * @property {string} [token] the visitor's, sent with it as a bearer
 */

/**
 * @param {HTMLElement} root becomes the call
 * @param {Config} config
 * @returns {{start(): void, hangUp(): void, destroy(): void}} call `start` in a click; `destroy` ends a call, too
 */
export function mountCall(root, config) {
  const page = new AbortController();
  let call = null;
  let agent = config.agent.name;

  const panel = new Panel(root, config, {
    main: () => (call ? call.hangUp() : start({ microphone: true })),
    microphone: () => muteOrAsk(),
    submit: (text) => {
      if (!call) start({ microphone: false }); // whoever types may be where they cannot speak
      call.type(text);
    },
  });
  const clock = new Clock(
    (text, short) => panel.showClock(text, short),
    (seconds) => panel.announce(leftText(seconds)),
  );

  function start(how) {
    agent = config.agent.name;
    panel.showAgent(agent);
    panel.showNotice("");
    panel.log.clear();
    panel.setState("connecting");
    call = new LiveCall(config, {
      state: (state) => panel.setState(state),
      ready,
      transcript: (message) => panel.log.setTurn({ ...message, name: agent }),
      agent: ({ name }) => handOver(name),
      tool: (message) => panel.log.setTool(message),
      notice: (text) => panel.showNotice(text),
      microphone: (state) => panel.setMicrophone(state),
      ended,
    });
    call.start(how);
    watchLevels(call);
    keepAwake(call);
  }

  function ready({ agent: answering, limit_s: limit }) {
    if (answering?.name) panel.showAgent((agent = answering.name));
    clock.start(limit ?? null);
  }

  function handOver(name) {
    if (name === agent) return;
    agent = name;
    panel.showAgent(name);
    panel.log.addHandoff(name);
  }

  function ended(text) {
    call = null;
    clock.stop();
    panel.showLevels({ caller: 0, agent: 0 });
    panel.setMicrophone("off");
    panel.setState("ended", text);
  }

  function muteOrAsk() {
    if (!call) start({ microphone: true });
    else if (call.hasMicrophone) call.toggleMute();
    else call.useMicrophone();
  }

  function watchLevels(watched) {
    if (call !== watched) return;
    panel.showLevels(watched.levels);
    requestAnimationFrame(() => watchLevels(watched));
  }

  /** A phone that falls asleep takes the microphone away. */
  async function keepAwake(kept) {
    const lock = await navigator.wakeLock?.request("screen").catch(() => null);
    if (!lock) return;
    if (call !== kept) lock.release();
    else kept.over.addEventListener("abort", () => lock.release());
  }

  applyAccent(root, config.tenant.accent);
  document.addEventListener(
    "keydown",
    (event) => {
      const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey || event.repeat || writing) return;
      call?.toggleMute();
    },
    { signal: page.signal },
  );
  addEventListener("pagehide", () => call?.hangUp(), { signal: page.signal });
  if (!isSecureContext) panel.close(INSECURE);
  else if (!window.AudioWorkletNode) panel.close(TOO_OLD);

  return {
    start: () => call ?? start({ microphone: true }),
    hangUp: () => call?.hangUp(),
    destroy() {
      call?.hangUp();
      page.abort();
      root.replaceChildren();
    },
  };
}
