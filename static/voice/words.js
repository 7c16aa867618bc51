/** What the visitor is told: how a call stands, why it ended, and what stands in its way. */
import { waitText } from "../widget/times.js";

export const STATES = {
  idle: "Ready when you are",
  asking: "Your browser is asking for the microphone…",
  connecting: "Connecting…",
  live: "On the call",
  ended: "Call ended",
};

export const PRIVACY = "Your microphone is on only during the call.";
export const MUTED = "You are muted";
export const MICROPHONE_GONE = "Your microphone was disconnected. Type below, or turn it on again.";
export const INSECURE = "Calls need a secure page. Open this page with https:// and try again.";
export const TOO_OLD = "This browser cannot make calls. Please use a current one.";
export const YOU_LEFT = "You ended the call.";
const LOST = "The connection was lost, and with it the call. Please call again.";
const ABROAD = "This site does not pass your microphone on to this chat.";
const UNREACHABLE = "We could not be reached. Check your connection and call again.";
const BUSY = "All lines are busy.";

const USED_UP = "Your connection has used up its calls for this hour.";
const againText = (seconds) => `You can call again ${waitText(seconds)}.`;

const MICROPHONE = {
  NotAllowedError: "Your browser does not allow the microphone here. Allow it in the address bar, then turn it on.",
  NotFoundError: "No microphone was found. Connect one, then turn it on.",
  NotReadableError: "Another program is using your microphone. Close it there, then turn it on.",
};

const REASONS = {
  caller_left: YOU_LEFT,
  carrier_lost: LOST,
  goodbye: "The agent said goodbye.",
  limit: "The time of this call is over.",
  silence: "It was quiet for a while, so the agent ended the call.",
  supervisor: "The team ended the call.",
  drain: "We are updating our service. You can call again right away.",
  transfer: "The call was passed on.",
  no_model: "The agent is not available at the moment. Please try again in a few minutes.",
  never_started: UNREACHABLE,
  busy: `${BUSY} Please try again in a minute.`,
};

const CLOSED = {
  1001: REASONS.drain,
  1008: "The call was refused. Reload this page and call again.",
  1012: REASONS.drain,
  1013: REASONS.busy,
};

export const endText = (reason) => REASONS[reason] ?? "The call is over.";

/** @param {DOMException} error of getUserMedia; `passed`: whether the page around a frame passes the microphone on */
export function microphoneText(error, passed) {
  const why = passed ? MICROPHONE[error.name] : ABROAD;
  return `${why ?? "Your microphone could not be opened."} You can always type below.`;
}

/** @param {Error} error a LineError, or what `fetch` throws; `live`: the call had begun */
export function failureText(error, live) {
  if (error.refusal === "too_many_calls" && error.retryAfter) return `${USED_UP} ${againText(error.retryAfter)}`;
  if (error.message && error.status) return error.message; // the server knows best, of a limit too
  if (error.status === 429) return `${BUSY} ${error.retryAfter ? againText(error.retryAfter) : ""}`;
  if (error.status) return "We cannot take your call at the moment. Please try again later.";
  return CLOSED[error.code] ?? (live ? LOST : UNREACHABLE);
}

/** "10 seconds left" */
export const leftText = (seconds) => `${seconds} seconds left`;
