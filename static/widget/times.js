/** Days and times in the visitor's own locale and time zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const wait = new Intl.RelativeTimeFormat("en");

const DAY_MS = 86_400_000;

export const timeText = (at) => clock.format(at);

export const dayKey = (at) => `${at.getFullYear()}-${at.getMonth()}-${at.getDate()}`;

/** "Today", "Yesterday", or "Sunday, November 22" */
export function dayText(at, now) {
  const midnight = (when) => Date.UTC(when.getFullYear(), when.getMonth(), when.getDate());
  const days = Math.round((midnight(at) - midnight(now)) / DAY_MS);
  const text = days > -2 && days < 1 ? relative.format(days, "day") : date.format(at);
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** "in 40 seconds", "in 12 minutes", "in 3 hours": part of an English sentence */
export function waitText(seconds) {
  if (seconds < 90) return wait.format(seconds, "second");
  if (seconds < 5_400) return wait.format(Math.ceil(seconds / 60), "minute");
  return wait.format(Math.ceil(seconds / 3_600), "hour");
}

/** "0:40", "12:05", "3:00:00" */
export function clockText(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const pad = (value) => String(value).padStart(2, "0");
  return h ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}
