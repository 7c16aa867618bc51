/**
 * A call in place of writing: the frame shows the call instead of the conversation, and afterwards the conversation
 * with what was said. Meanwhile the visitor may look at either. The call is a part of its own (static/voice), fetched
 * when somebody wants it.
 */
const LIVE_STATES = new Set(["asking", "connecting", "live"]);

export class Calling {
  #config;
  #api;
  #store;
  #host;
  #transcript;
  #on;
  #place = document.getElementById("call-place");
  #button = document.getElementById("call-button");
  #call = null;

  /** @param on {back()}: the conversation is shown again */
  constructor({ config, api, store, host, transcript, on }) {
    this.#config = config;
    this.#api = api;
    this.#store = store;
    this.#host = host;
    this.#transcript = transcript;
    this.#on = on;
  }

  /** Show the call, which the visitor then starts: sound needs a click that belongs to it. */
  async open() {
    const section = this.#place.shadowRoot.querySelector("section");
    if (!this.#call) {
      const { mountCall } = await import("../voice/call.js");
      this.#call ??= mountCall(section, this.#settings(), {
        state: (state) => this.#show(state),
        ended: (call) => this.#ended(call),
      });
    }
    this.#turn(true);
    section.querySelector(".main").focus();
  }

  /** To the conversation; a call goes on. Answers whether there was a way to go. */
  back() {
    if (!this.#place || this.#place.hidden) return false;
    this.#turn(false);
    this.#on.back();
    return true;
  }

  #settings() {
    const { tenant, agent, greeting, sandbox, key, call } = this.#config;
    const token = async () => {
      // An old token may have run out; the fresh one is the same visitor's.
      await (this.#store.state.token ? this.#api.renew() : this.#api.session());
      return this.#store.state.token;
    };
    return { tenant, agent, greeting, sandbox, limitSeconds: null, ...call, ask: { widget: key }, token };
  }

  #show(state) {
    const on = LIVE_STATES.has(state);
    document.documentElement.classList.toggle("on-line", on);
    this.#button.lastChild.textContent = on ? "On call" : "Call";
    this.#button.setAttribute("aria-label", on ? "On call, show it" : "Call instead");
    this.#host.send("call", { on });
  }

  /** A call that did not come about leaves its reason on the screen, with the button to try again. */
  #ended(call) {
    if (call.seconds === null) {
      if (this.#place.hidden) this.#transcript.addNotice(call.text);
      return;
    }
    this.#store.update({ calls: [...this.#store.state.calls, call] });
    this.#transcript.addCall(call, { aloud: true });
    this.back();
  }

  #turn(calling) {
    this.#place.hidden = !calling;
    document.documentElement.classList.toggle("calling", calling);
  }
}
