/** Drawing attention while the inbox is open: the title's count, a sound, a notification of the browser. */

const KEY = "callsphere:inbox:sound";

export class Alerts {
  #title = document.title;
  #button;
  #sound;
  #on = false;
  #audio = null;
  #known = new Map(); // conversation → what was last said of it
  #ready = false;
  #announce;
  #open;

  /** @param on {announce(words), open(id)} */
  constructor({ notify, sound, on }) {
    this.#button = notify;
    this.#sound = sound;
    this.#announce = on.announce;
    this.#open = on.open;
    try {
      this.#on = localStorage.getItem(KEY) === "on";
    } catch {
      // storage is blocked: silent until it is asked for
    }
    this.#showSound();
    sound.addEventListener("click", () => this.#toggle());
    if ("Notification" in window && isSecureContext) {
      notify.hidden = Notification.permission !== "default";
      notify.addEventListener("click", async () => {
        notify.hidden = (await Notification.requestPermission()) !== "default";
      });
    }
  }

  count(waiting) {
    document.title = waiting ? `(${waiting}) ${this.#title}` : this.#title;
  }

  /** What is known of some conversations; `fresh` is news, the rest only what was there. */
  look(rows, { fresh }) {
    for (const row of rows) {
      const said = this.#known.get(row.id);
      const now = { attention: row.attention, at: row.last_at };
      this.#known.set(row.id, now);
      if (!fresh || !this.#ready) continue;
      if (row.attention === "waiting" && said?.attention !== "waiting") this.#tell(row, `${row.who} waits for a person`);
      else if (row.is_mine && row.last.role === "visitor" && said && said.at !== row.last_at) this.#tell(row, `${row.who} has answered`);
    }
    this.#ready = true;
  }

  #tell(row, words) {
    this.#announce(words);
    if (this.#on) this.#beep();
    if (document.visibilityState === "visible" || !("Notification" in window) || Notification.permission !== "granted") return;
    // Not what was written: it would stand on a locked screen.
    const shown = new Notification(words, { tag: row.id, icon: "/static/site/favicon.svg" });
    shown.addEventListener("click", () => {
      window.focus();
      this.#open(row.id);
      shown.close();
    });
  }

  #toggle() {
    this.#on = !this.#on;
    this.#showSound();
    if (this.#on) this.#beep();
    try {
      localStorage.setItem(KEY, this.#on ? "on" : "off");
    } catch {
      // it holds until the page is left
    }
  }

  #showSound() {
    this.#sound.setAttribute("aria-pressed", String(this.#on));
    this.#sound.title = this.#on ? "Sound is on" : "Sound is off";
  }

  #beep() {
    try {
      this.#audio ??= new AudioContext();
      const [tone, gain, now] = [this.#audio.createOscillator(), this.#audio.createGain(), this.#audio.currentTime];
      tone.frequency.setValueAtTime(660, now);
      tone.frequency.setValueAtTime(880, now + 0.12);
      gain.gain.setValueAtTime(0.08, now);
      gain.gain.exponentialRampToValueAtTime(0.0001, now + 0.35);
      tone.connect(gain).connect(this.#audio.destination);
      tone.start(now);
      tone.stop(now + 0.36);
    } catch {
      // no sound here
    }
  }
}
