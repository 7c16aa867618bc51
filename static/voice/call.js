/** A call in any element of a page: `mountCall(element, config)`. Needs tokens.css and call.css beside it. */
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
 * @property {string | (() => Promise<string>)} [token] the visitor's, sent with it as a bearer
 * @property {string} [chat] address of a page where one can write instead
 */

/**
 * @typedef {Object} Listener
 * @property {(state: "idle" | "asking" | "connecting" | "live" | "ended") => void} [state]
 * @property {(call: {at: Date | null, seconds: number | null, text: string, turns: Turn[]}) => void} [ended] when
 *   the call began and what it took, null when it did not come about; text: why it ended, in words
 * @typedef {{who: "agent" | "caller", name: string, text: string, at: Date}} Turn what was said and heard
 */

/**
 * @param {HTMLElement} root becomes the call
 * @param {Config} config
 * @param {Listener} [on]
 * @returns {{start(): void, hangUp(): void, destroy(): void}} call `start` in a click; `destroy` ends a call, too
 */
export function mountCall(root, config, on = {}) {
  const page = new AbortController();
  let call = null;
  let agent = config.agent.name;
  let began = null;

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
    panel.showLimit(config.limitSeconds);
    began = null;
    setState("connecting");
    call = new LiveCall(config, {
      state: setState,
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

  function setState(state, text) {
    panel.setState(state, text);
    on.state?.(state);
  }

  function ready({ agent: answering, limit_s: limit }) {
    if (answering?.name) panel.showAgent((agent = answering.name));
    clock.start(limit ?? null);
    began = new Date();
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
    setState("ended", text);
    const seconds = began && Math.round((Date.now() - began) / 1_000);
    on.ended?.({ at: began, seconds, text, turns: panel.log.turns });
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
      const [target] = event.composedPath(); // `event.target` would be the host of a shadow tree
      const writing = target.closest?.("input, textarea, select, [contenteditable]");
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
