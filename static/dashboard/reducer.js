/**
 * What view events make of the floor's state: the same as apps/dashboard/core/state.py. Pure, total, idempotent.
 *
 * Events carry whole values, so one that comes twice, or for something that is gone, does no harm. What an event does
 * not touch stays the same object: the page draws only what is another one.
 */

/** @returns the state after `events`; the one given is left as it is */
export function reduce(state, events) {
  const change = new Change(state);
  for (const event of events) HANDLERS[event.type]?.(change, event);
  return change.next;
}

/** A state in the making: each of its maps is copied at most once. */
class Change {
  #copied = new Set();

  constructor(state) {
    this.next = { ...state };
  }

  put(part, id, value) {
    this.#own(part)[id] = value;
  }

  remove(part, id) {
    if (id in this.next[part]) delete this.#own(part)[id];
  }

  /** Replaces a call's turns; does nothing for a call that is gone. */
  turns(id, make) {
    const call = this.next.calls[id];
    if (call) this.put("calls", id, { ...call, turns: make(call.turns) });
  }

  #own(part) {
    if (!this.#copied.has(part)) {
      this.next[part] = { ...this.next[part] };
      this.#copied.add(part);
    }
    return this.next[part];
  }
}

const putTurn = (change, { call, turn }) => change.turns(call, (turns) => withTurn(turns, turn));

/** In the order of their numbers; one with the same number takes the other's place. */
function withTurn(turns, turn) {
  let at = turns.length;
  while (at > 0 && turns[at - 1].number >= turn.number) at -= 1;
  const same = turns[at]?.number === turn.number ? 1 : 0;
  return [...turns.slice(0, at), turn, ...turns.slice(at + same)];
}

const HANDLERS = {
  TeamChanged: (change, { team }) => (change.next.team = team),
  LeadsChanged: (change, { leads }) => (change.next.leads = leads),
  KpisChanged: (change, { kpis }) => (change.next.kpis = kpis),
  AgentChanged: (change, { agent }) => change.put("agents", agent.id, agent),
  AgentRemoved: (change, { id }) => change.remove("agents", id),
  CampaignChanged: (change, { campaign }) => change.put("campaigns", campaign.id, campaign),
  CampaignRemoved: (change, { id }) => change.remove("campaigns", id),
  CallChanged: (change, { call }) =>
    change.put("calls", call.id, { ...call, turns: change.next.calls[call.id]?.turns ?? [] }),
  CallRemoved: (change, { id }) => change.remove("calls", id),
  TurnAdded: putTurn,
  TurnChanged: putTurn,
  TurnRemoved: (change, { call, number }) =>
    change.turns(call, (turns) => turns.filter((turn) => turn.number !== number)),
  TurnsTrimmed: (change, { call, first }) =>
    change.turns(call, (turns) => turns.filter(({ number }) => number >= first)),
};
