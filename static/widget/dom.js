/** Building elements, and the few drawings of the widget. */

/** @param {Object<string, string>} attributes `text` sets the text content */
export function element(tag, { text, ...attributes } = {}, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) el.setAttribute(name, value);
  if (text !== undefined) el.textContent = text;
  el.append(...children);
  return el;
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 7.5v5.5M12 16.6v.1",
  phone: "M6.6 3.8h2.7l1.5 4-2 1.5a12 12 0 0 0 5.9 5.9l1.5-2 4 1.5v2.7a2.4 2.4 0 0 1-2.6 2.4A16 16 0 0 1 4.2 6.4a2.4 2.4 0 0 1 2.4-2.6Z",
  swap: "M7 8h11m0 0-3-3m3 3-3 3M17 16H6m0 0 3 3m-3-3 3-3",
};

/** @param {keyof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [attribute, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", `icon ${name}`]]) {
    svg.setAttribute(attribute, value);
  }
  svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", PATHS[name]);
  return svg;
}
