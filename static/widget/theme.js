/** The owner's accent color, made readable: text on it and text in it reach WCAG AA (4.5:1) in light and dark. */

const HEX = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i;
// The least favorable surface of each theme, that of a bubble (--soft in frame.css).
const SURFACES = { light: [243, 244, 247], dark: [36, 38, 46] };
const INK = [17, 18, 23];
const WHITE = [255, 255, 255];

/** @returns {[number, number, number] | null} red, green, blue 0..255, or null when it is no hex color */
function parseColor(text) {
  const match = HEX.exec((text ?? "").trim());
  if (!match) return null;
  const hex = match[1].length === 3 ? [...match[1]].map((digit) => digit + digit).join("") : match[1];
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function luminance(color) {
  const [r, g, b] = color.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast ratio of two colors, 1 to 21. */
function contrast(a, b) {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const css = (color) => `rgb(${color.map(Math.round).join(" ")})`;
const mix = (from, to, share) => from.map((value, i) => value + (to[i] - value) * share);

/** The nearest shade of `color` that can be read as text on `surface`. */
function readable(color, surface) {
  const towards = luminance(surface) > 0.4 ? [0, 0, 0] : WHITE;
  let shade = color;
  for (let share = 0; contrast(shade, surface) < 4.5 && share < 1; share += 0.04) shade = mix(color, towards, share);
  return shade;
}

/** Set --accent, --on-accent, --accent-text-light and --accent-text-dark on `root` (CSSOM, so no inline style). */
export function applyAccent(root, text) {
  const accent = parseColor(text);
  if (!accent) return;
  const on = contrast(accent, WHITE) >= 4.5 || contrast(accent, WHITE) > contrast(accent, INK) ? WHITE : INK;
  // A mid-tone can be too close to both white and ink; move it a little rather than print unreadable text on it.
  const fill = contrast(accent, on) >= 4.5 ? accent : readable(accent, on);
  root.style.setProperty("--accent", css(fill));
  root.style.setProperty("--on-accent", css(on));
  root.style.setProperty("--accent-text-light", css(readable(accent, SURFACES.light)));
  root.style.setProperty("--accent-text-dark", css(readable(accent, SURFACES.dark)));
}
