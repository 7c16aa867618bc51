/** One message on the screen, with the tools that the agent used. What visitors wrote is text, never markup. */
import { element } from "../widget/dom.js";

const STATUS = { done: "✓", failed: "✕", refused: "–", started: "…" };
const ENDED = { stopped: "The visitor stopped it", handoff: "Stopped for a person", length: "Cut for its length", error: "Broken off", interrupted: "Interrupted" };

/** @param turn as /api/inbox/conversations/{id} gives it */
export function turnElement(turn, words, { visitor }) {
  const names = { visitor, agent: words.agent(turn.agent), person: turn.person, note: `${turn.person}, to the agent only` };
  const version = turn.role === "agent" && turn.agent_version ? ` · v${turn.agent_version}` : "";
  const meta = element(
    "p",
    { class: "meta" },
    element("span", { class: "who", text: `${names[turn.role]}${version}` }),
    element("time", { datetime: turn.at, title: words.full(turn.at), text: words.time(turn.at) }),
  );
  const el = element("article", { class: "turn", "data-role": turn.role, "data-number": turn.number }, meta);
  const text = turn.role === "note" ? turn.unheard : turn.text;
  if (text) el.append(element("div", { class: "bubble", dir: "auto", text }));
  if (turn.role !== "note" && turn.unheard) el.append(element("p", { class: "unheard", text: `Not heard: ${turn.unheard}` }));
  if (turn.tools.length) el.append(element("div", { class: "used" }, ...turn.tools.map(toolElement)));
  if (ENDED[turn.ended]) el.append(element("p", { class: "ended", text: ENDED[turn.ended] }));
  return el;
}

export function toolElement({ name, status, arguments: given, say, ms }) {
  const took = ms === null || ms === undefined ? "" : ` · ${ms} ms`;
  const summary = element("summary", {}, element("span", { class: "mark", "aria-hidden": "true", text: STATUS[status] ?? "" }));
  summary.append(` ${name.replaceAll("_", " ")}`, element("span", { class: "unseen", text: `, ${status}` }));
  const details = element("details", { class: "tool", "data-status": status }, summary);
  if (say) details.append(element("p", { dir: "auto", text: say }));
  details.append(element("pre", { text: pretty(given) }), element("p", { class: "hint", text: `${status}${took}` }));
  return details;
}

function pretty(given) {
  try {
    return JSON.stringify(JSON.parse(given), null, 2);
  } catch {
    return given || "{}";
  }
}
