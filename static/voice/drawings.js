/** The few drawings of a call. */
const SVG = "http://www.w3.org/2000/svg";

const CAPSULE = "M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5a2.8 2.8 0 0 0 5.6 0v-5A2.8 2.8 0 0 0 12 3.5ZM6 11.3a6 6 0 0 0 12 0M12 17.3v3.2";
const PATHS = {
  phone: "M6.6 3.8h2.7l1.5 4-2 1.5a12 12 0 0 0 5.9 5.9l1.5-2 4 1.5v2.7a2.4 2.4 0 0 1-2.6 2.4A16 16 0 0 1 4.2 6.4a2.4 2.4 0 0 1 2.4-2.6Z",
  hangUp: "M3.4 13.9c4.9-4.4 12.3-4.4 17.2 0l-1.9 2.9-3.7-1.6v-2.7a11 11 0 0 0-6 0v2.7l-3.7 1.6Z",
  microphone: CAPSULE,
  muted: `${CAPSULE}M4.5 4.5l15 15`,
  send: "M12 19V5.5m0 0-5.5 5.5M12 5.5l5.5 5.5",
};

/** @param {keyof PATHS} name */
export function drawing(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", PATHS[name]);
  return svg;
}
