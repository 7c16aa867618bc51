/** Every word that the floor shows for a value of the protocol, and how figures are written. */
import { clockText } from "../widget/times.js";

export const STATES = {
  talking: "Talking",
  ringing: "Ringing",
  dialing: "Dialing",
  free: "Free",
  paused: "Paused",
  ended: "Ended",
};
/** Those of an agent, the busiest first. */
export const AGENT_STATES = ["talking", "ringing", "dialing", "free", "paused"];

const KINDS = {
  outbound: "Outbound",
  inbound: "Inbound",
  lead: "Lead follow-up",
  appointment: "Appointments",
  triage: "Reception",
};
export const KIND_ORDER = Object.keys(KINDS);
export const kindText = (kind) => KINDS[kind] ?? kind.replace(/_/g, " ").replace(/^./, (first) => first.toUpperCase());

export const ENDINGS = {
  answered: "Answered",
  machine: "Answering machine",
  busy: "Busy",
  no_answer: "No answer",
  failed: "Failed",
  canceled: "Canceled",
  abandoned: "Answered, nobody to talk",
};

export const OUTCOMES = {
  interested: "Interested",
  meeting_booked: "Meeting booked",
  callback: "Call back later",
  nurture: "Not now",
  not_interested: "Not interested",
  wrong_person: "Wrong person or number",
  do_not_call: "Do not call again",
  not_qualified: "Not a fit",
};

export const CAMPAIGN_STATES = { draft: "Draft", running: "Running", paused: "Paused", finished: "Finished" };
export const TEMPERATURES = { hot: "Hot", warm: "Warm", cold: "Cold" };
export const SPEAKERS = { visitor: "Caller", agent: "Agent", supervisor: "Supervisor" };

/** What a supervisor does in a call, as "Dana listens". */
export const SUPERVISION = { listen: "listens", whisper: "whispers", barge: "speaks to both", takeover: "has the call" };
export const PRESENCE = { here: "here", asleep: "asleep", lost: "lost, may come back" };
export const ROLES = { owner: "Owner", manager: "Manager", staff: "Staff" };

/** @param {number | null} value -1 to 1 */
export function moodText(value) {
  if (value === null || value === undefined) return "not known yet";
  if (value > 0.6) return "very good";
  if (value > 0.2) return "good";
  if (value >= -0.2) return "neutral";
  return value >= -0.6 ? "tense" : "bad";
}

export const callWho = (call) => call.lead?.name || call.phone || "A visitor";
// A format is made once: making it takes longer than all that is drawn with it.
const numbers = new Intl.NumberFormat();
const percents = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
export const numberText = (number) => numbers.format(number);
export const percentText = (share) => percents.format(share);
export const plural = (count, one, many = `${one}s`) => `${numbers.format(count)} ${count === 1 ? one : many}`;
export const compareNames = new Intl.Collator().compare;

/** "3:07", "1:02:33" of seconds, which may be a fraction or before zero */
export const durationText = (seconds) => clockText(Math.max(0, Math.floor(seconds)));

/** "45 s", "12 min", "3h 05m" */
export function talkText(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

const HOURS = { hour: "numeric", minute: "2-digit" };
const clocks = new Map(); // by time zone

function clockOf(zone) {
  try {
    return new Intl.DateTimeFormat(undefined, { ...HOURS, timeZone: zone || undefined });
  } catch {
    return new Intl.DateTimeFormat(undefined, HOURS);
  }
}

/** The hour and minute of a moment (unix seconds) in a time zone; in the viewer's own where the zone is unknown. */
export function wallText(at, zone) {
  if (!clocks.has(zone)) clocks.set(zone, clockOf(zone));
  return clocks.get(zone).format(at * 1_000);
}

/** What the badge says. @param view of Freshness */
export function freshnessText({ state, age, since }, zone) {
  switch (state) {
    case "live": return `live · ${age.toFixed(1)} s`;
    case "catching_up": return "catching up";
    case "connecting": return "connecting";
  }
  return `stale since ${wallText(since, zone)}`;
}

const REFUSALS = {
  conflict: "Somebody else has changed this meanwhile. Look again, then decide.",
  forbidden: "Your role does not allow this.",
  not_allowed: "Your role does not allow this.",
  not_found: "That is not on the floor any more.",
};
/** @param ack {code, message} of a refused command */
export const refusalText = ({ code, message }) => message || REFUSALS[code] || "That did not work.";
