/** One call, from the click that starts it to its end. It tells what happens, and knows nothing of the page. */
import { Line } from "./line.js";
import { Microphone } from "./microphone.js";
import { Speaker } from "./speaker.js";
import { MICROPHONE_GONE, YOU_LEFT, endText, failureText, microphoneText } from "./words.js";

export class LiveCall {
  #config;
  #on;
  #context;
  #speaker = null;
  #microphone = null;
  #asking = null;
  #line;
  #over = new AbortController();
  #live = false;
  #muted = false;
  #unsent = []; // typed before there was a call to type into
  #hasTyped;
  #typed = new Promise((resolve) => (this.#hasTyped = resolve));

  /**
   * @param config see `mountCall`
   * @param on {state(name), ready(message), transcript(message), agent(message), tool(message), notice(text),
   *   microphone("on" | "muted" | "off"), ended(text)}: `ended` comes once, and nothing after it
   */
  constructor(config, on) {
    this.#config = config;
    this.#on = on;
    this.#context = new AudioContext({ latencyHint: "interactive" });
    this.#line = new Line({
      audio: (frame) => this.#speaker.play(frame),
      control: (message) => this.#hear(message),
      lost: (error) => this.#finish(failureText(error, true)),
    });
  }

  /** Call it in the click. Without a microphone the caller types; they can turn it on later. */
  async start({ microphone }) {
    const { signal } = this.#over;
    try {
      this.#context.resume();
      // A phone call, or another page, may take the sound away and give it back.
      this.#context.onstatechange = () => this.#context.resume().catch(() => {});
      this.#speaker = await Speaker.open(this.#context, (mark) => this.#line.send({ type: "played", mark }));
      if (signal.aborted) return;
      if (microphone) {
        this.#on.state("asking");
        await Promise.race([this.useMicrophone(), this.#typed]);
        if (signal.aborted) return;
      }
      this.#on.state("connecting");
      this.#begin(await this.#line.open(this.#config, signal));
    } catch (error) {
      this.#finish(failureText(error, false));
    }
  }

  /** Ask for the microphone, also again; does nothing while the browser still asks. */
  async useMicrophone() {
    this.#asking ??= this.#openMicrophone().finally(() => (this.#asking = null));
    await this.#asking;
  }

  toggleMute() {
    if (!this.#microphone) return;
    this.#muted = !this.#muted;
    this.#microphone.muted = this.#muted;
    this.#line.send({ type: "mute", muted: this.#muted });
    this.#tellMicrophone();
  }

  type(text) {
    if (this.#live) return this.#line.send({ type: "text", text });
    this.#unsent.push(text);
    this.#hasTyped();
  }

  hangUp() {
    this.#line.send({ type: "end" });
    this.#finish(YOU_LEFT);
  }

  get hasMicrophone() {
    return this.#microphone !== null;
  }

  /** Aborted when the call is over. */
  get over() {
    return this.#over.signal;
  }

  /** How loud the two are, 0 to 1. */
  get levels() {
    return { caller: (!this.#muted && this.#microphone?.level) || 0, agent: this.#speaker?.level ?? 0 };
  }

  #begin(ready) {
    this.#live = true;
    this.#on.state("live");
    this.#on.ready(ready);
    if (this.#muted) this.#line.send({ type: "mute", muted: true });
    for (const text of this.#unsent.splice(0)) this.#line.send({ type: "text", text });
  }

  #hear(message) {
    switch (message.type) {
      case "mark": return this.#speaker.mark(message.name);
      case "clear": return this.#speaker.clear(); // what comes after it on this socket is of the new generation
      case "transcript": return this.#on.transcript(message);
      case "agent": return this.#on.agent(message);
      case "tool": return this.#on.tool(message);
      case "notice": return this.#on.notice(message.text);
      case "ended": return this.#finish(endText(message.reason));
    }
  }

  async #openMicrophone() {
    const { signal } = this.#over;
    try {
      const microphone = await Microphone.open(this.#context, {
        frame: (frame) => this.#line.sendAudio(frame),
        lost: () => this.#loseMicrophone(),
      });
      if (signal.aborted) return microphone.close();
      this.#microphone = microphone;
      microphone.muted = this.#muted;
      this.#on.notice("");
      this.#tellMicrophone();
    } catch (error) {
      if (!signal.aborted) this.#on.notice(microphoneText(error, Microphone.passed));
    }
  }

  #loseMicrophone() {
    this.#microphone.close();
    this.#microphone = null;
    this.#tellMicrophone();
    this.#on.notice(MICROPHONE_GONE);
  }

  #tellMicrophone() {
    this.#on.microphone(this.#microphone ? (this.#muted ? "muted" : "on") : "off");
  }

  #finish(text) {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#line.close();
    this.#release();
    this.#on.ended(text);
  }

  #release() {
    this.#microphone?.close();
    this.#context.onstatechange = null;
    if (this.#speaker) this.#speaker.close();
    else this.#context.close();
  }
}
