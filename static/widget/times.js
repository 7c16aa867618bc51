/** Days and times in the visitor's own locale and time zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

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
