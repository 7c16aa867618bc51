/** The drawings of the floor: each state has a shape of its own, so that colour is never the only sign. */

const SVG = "http://www.w3.org/2000/svg";

const STATES = {
  talking: "M3 2.5h10a1 1 0 0 1 1 1v6.6a1 1 0 0 1-1 1H8.2L5 14v-2.9H3a1 1 0 0 1-1-1V3.5a1 1 0 0 1 1-1Z",
  ringing: "M8 .8 15.2 8 8 15.2.8 8Z",
  dialing: "M12.8 3v6.3h-2V6.9l-6.6 6.6-1.7-1.7 6.6-6.6H6.5V3Z",
  free: "M8 1.6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 0 1 8 1.6Zm0 2.2a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4Z",
  paused: "M3.6 2.4h3v11.2h-3Zm5.8 0h3v11.2h-3Z",
  ended: "M2.5 6.9h11v2.2h-11Z",
};

const LINES = {
  ear: "M5.4 9.6a5 5 0 1 1 9.6 2c-.7 1.8-2.6 2.5-2.8 4.6a3 3 0 0 1-5.6 1.2M8.4 9.8a2 2 0 1 1 3.6 1.2",
  whisper: "M4 6.5h12v8H9.6L6 17.4v-2.9H4ZM7.4 9.4h5M7.4 11.6h3",
  speak: "M10 3a2.4 2.4 0 0 0-2.4 2.4v4.2a2.4 2.4 0 0 0 4.8 0V5.4A2.4 2.4 0 0 0 10 3ZM5 9.4a5 5 0 0 0 10 0M10 14.4V17",
  take: "M4 10h9m0 0L9.6 6.6M13 10l-3.4 3.4M16 4v12",
  back: "M16 10H7m0 0 3.4-3.4M7 10l3.4 3.4M4 4v12",
  end: "M3 11.6c4-3.6 10-3.6 14 0l-1.6 2.4-3-1.3v-2.2a9 9 0 0 0-4.8 0v2.2l-3 1.3Z",
  assign: "M8.4 9.4a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM3 16.4c.4-3 2.6-4.6 5.4-4.6 1 0 2 .2 2.8.6M14.6 11v6M11.6 14h6",
  check: "M4.4 10.4l3.6 3.6 7.4-7.6",
  close: "M5 5l10 10M15 5 5 15",
  out: "M6 14 14 6m0 0H8m6 0v6",
  in: "M14 6 6 14m0 0h6m-6 0V8",
  search: "M9 3.6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 0 1 9 3.6ZM13 13l4 4",
  down: "M10 4v11m0 0-4.4-4.4M10 15l4.4-4.4",
};

function drawing(attributes, d) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ "aria-hidden": "true", ...attributes })) svg.setAttribute(name, value);
  svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", d);
  return svg;
}

/** The shape of a state; `setShape` changes it. @param {keyof STATES} state */
export const shape = (state) => drawing({ viewBox: "0 0 16 16", class: "shape" }, STATES[state] ?? STATES.ended);

export function setShape(svg, state) {
  svg.firstChild.setAttribute("d", STATES[state] ?? STATES.ended);
}

/** @param {keyof LINES} name */
export const icon = (name) => drawing({ viewBox: "0 0 20 20", class: "icon" }, LINES[name]);

/** A face, whose mouth and colour `setMood` changes. */
export function face() {
  const svg = drawing({ viewBox: "0 0 16 16", class: "face" }, "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8Z");
  const mouth = svg.appendChild(document.createElementNS(SVG, "path"));
  mouth.setAttribute("class", "mouth");
  const eyes = svg.appendChild(document.createElementNS(SVG, "path"));
  eyes.setAttribute("d", "M5.8 6.2v.6M10.2 6.2v.6");
  return svg;
}

/** @param {number | null} value -1 to 1; null hides it */
export function setMood(svg, value) {
  const known = value !== null && value !== undefined;
  svg.classList.toggle("none", !known);
  if (!known) return;
  svg.dataset.mood = value > 0.2 ? "good" : value < -0.2 ? "bad" : "neutral";
  svg.children[1].setAttribute("d", `M5.2 ${(10 - value).toFixed(1)}Q8 ${(10 + value * 2.6).toFixed(1)} 10.8 ${(10 - value).toFixed(1)}`);
}
