/** Times and names as the business reads them: in its own zone. */

const DAY_MS = 86_400_000;

export class Words {
  #time;
  #day;
  #full;
  #date;
  #agents;

  constructor({ locale, zone, agents }) {
    const options = { timeZone: zone };
    this.#time = new Intl.DateTimeFormat(locale, { ...options, hour: "numeric", minute: "2-digit" });
    this.#day = new Intl.DateTimeFormat(locale, { ...options, month: "short", day: "numeric" });
    this.#full = new Intl.DateTimeFormat(locale, { ...options, dateStyle: "full", timeStyle: "short" });
    this.#date = new Intl.DateTimeFormat("en-CA", options);
    this.#agents = new Map(agents.map(({ slug, name }) => [slug, name]));
  }

  agent(slug) {
    return this.#agents.get(slug) ?? slug;
  }

  time(iso) {
    return this.#time.format(new Date(iso));
  }

  full(iso) {
    return this.#full.format(new Date(iso));
  }

  /** The time today, else the day. */
  short(iso) {
    return this.day(iso) === this.#date.format(new Date()) ? this.time(iso) : this.#day.format(new Date(iso));
  }

  /** 2026-11-30 */
  day(iso) {
    return this.#date.format(new Date(iso));
  }

  /** "Today", "Yesterday", or the day. */
  dayName(iso) {
    const day = this.day(iso);
    if (day === this.#date.format(new Date())) return "Today";
    if (day === this.#date.format(new Date(Date.now() - DAY_MS))) return "Yesterday";
    return this.#day.format(new Date(iso));
  }

  /** How long somebody has waited. */
  waited(iso) {
    const minutes = Math.max(0, Math.floor((Date.now() - new Date(iso)) / 60_000));
    if (minutes < 1) return "just now";
    if (minutes < 60) return `${minutes} min`;
    return minutes < 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
  }
}

export const CHANNELS = { chat: "Chat", phone: "Phone", browser: "Browser call" };
