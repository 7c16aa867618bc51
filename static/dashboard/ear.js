/**
 * The sound of one call in this page: how loud it is, and how to mute oneself. Listening stops with a button of its own;
 * who speaks in a call leaves it by the command that gives it back, so that a caller is never left with nobody.
 */
import { element } from "../widget/dom.js";
import { openAudio } from "./listening.js";
import { callWho } from "./words.js";

const WORDS = { listen: "You listen to the call with", barge: "You speak to", takeover: "You have the call with" };
const ENDS = {
  ended: "The call is over.",
  returned: "The agent has the call again.",
  refused: "The sound was refused. Try again.",
  forbidden: "You may not hear this call any more.",
  restart: "The server restarts. Try again in a moment.",
  lost: "The sound broke off. Try again.",
};

export class Ear {
  #el;
  #on;
  #audio = null;
  #words;
  #mute;
  #stop;
  #muted = false;
  call = ""; // the one that is heard
  mode = "";

  /** @param {HTMLElement} el hidden while nothing is heard @param on {changed(), announce(text), open(call id)} */
  constructor(el, on) {
    this.#el = el;
    this.#on = on;
    this.#words = element("button", { type: "button", class: "words" });
    this.#words.addEventListener("click", () => on.open(this.call));
    this.#mute = element("button", { type: "button", text: "Mute" });
    this.#stop = element("button", { type: "button", text: "Stop" });
    el.append(element("span", { class: "level", "aria-hidden": "true" }), this.#words, this.#mute, this.#stop);
    this.#mute.addEventListener("click", () => this.#toggleMute());
    this.#stop.addEventListener("click", () => this.stop());
  }

  /** @param call of the state @param {"listen" | "barge" | "takeover"} mode @param {string} ticket of the ack */
  open(call, mode, ticket) {
    this.stop();
    this.call = call.id;
    this.mode = mode;
    this.#muted = false;
    this.#mute.textContent = "Mute";
    this.#mute.hidden = mode === "listen";
    this.#stop.hidden = mode !== "listen";
    const words = `${WORDS[mode]} ${callWho(call)}`;
    this.#words.textContent = words;
    this.#show(true);
    this.#on.announce(words);
    this.#audio = openAudio({
      ticket,
      mode,
      onLevel: (levels) => this.#el.style.setProperty("--level", Math.max(levels.call, levels.microphone).toFixed(2)),
      onEnd: (reason) => this.#ended(reason),
      onMicrophone: () => (this.#words.textContent = `${words}, without a microphone`),
    });
    this.#on.changed();
  }

  stop() {
    this.#audio?.close();
  }

  #show(heard) {
    this.#el.hidden = !heard;
    document.body.classList.toggle("hearing", heard);
  }

  #toggleMute() {
    this.#muted = !this.#muted;
    this.#audio?.mute(this.#muted);
    this.#mute.textContent = this.#muted ? "Unmute" : "Mute";
  }

  #ended(reason) {
    this.#audio = null;
    this.call = this.mode = "";
    this.#show(false);
    if (ENDS[reason]) this.#on.announce(ENDS[reason]);
    this.#on.changed();
  }
}
