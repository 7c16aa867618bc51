/** What was said before: fetched from the server, and put on the screen without being read aloud again. */
import { SILENT } from "./transcript.js";

const NOTHING = { turns: [], active_run: null };

export const agentName = (agent) => agent?.name ?? agent;

export class History {
  #config;
  #api;
  #store;
  #transcript;

  constructor({ config, api, store, transcript }) {
    this.#config = config;
    this.#api = api;
    this.#store = store;
    this.#transcript = transcript;
  }

  /** {turns, agent?, active_run: {run} | null}; throws when the server cannot say. */
  async load() {
    for (const again of [true, false]) {
      const { conversation } = this.#store.state;
      if (!conversation) break;
      try {
        return await this.#api.conversation(conversation);
      } catch (error) {
        if (![401, 403, 404].includes(error.status)) throw error;
        if (again && error.status === 401) await this.#api.renew();
        else this.#store.update({ token: null, conversation: null });
      }
    }
    return structuredClone(NOTHING);
  }

  /** The turns in place of all that is shown; the greeting first, unless the agent began. */
  show(turns) {
    this.#transcript.restore(() => {
      const calls = this.#store.state.calls.map((call) => ({ ...call, at: new Date(call.at) }));
      const comes = (at) => calls.length && (!at || calls[0].at < new Date(at));
      const first = turns[0]?.created_at;
      if (turns[0]?.role !== "agent") this.#greet(comes(first) ? calls[0].at : first);
      for (const turn of turns) {
        while (comes(turn.created_at)) this.#transcript.addCall(calls.shift());
        this.#add(turn);
      }
      for (const call of calls) this.#transcript.addCall(call);
    });
  }

  #greet(at) {
    const { agent, greeting } = this.#config;
    const when = at ? new Date(at) : new Date();
    if (greeting) this.#transcript.addAgent(agent.name, greeting, { at: when, announcer: SILENT });
  }

  #add({ role, text, agent, person = false, created_at: created, tools = [] }) {
    const at = new Date(created);
    if (role === "user") this.#transcript.addUser(text, at);
    else if (person) this.#transcript.addPerson(agent, text, { at, announcer: SILENT });
    else this.#transcript.addAgent(agentName(agent) ?? this.#config.agent.name, text, { at, tools, announcer: SILENT });
  }
}
