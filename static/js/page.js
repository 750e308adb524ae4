// The page's values and words (written by the server as JSON), the Leaflet map that Folium made, and how text
// becomes part of the page: always as text, never as HTML.

export const config = JSON.parse(document.getElementById("config").textContent);

/** The Leaflet map. */
export const map = window[config.map];

export const byId = (id) => document.getElementById(id);

/** A phrase in the reader's language; `values` fill its braces. */
export function say(key, values = {}) {
  return config.text[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * A new element. Attributes are set as they are, `null` and `false` ones are left out; children are elements or text.
 * There is no way to pass HTML, and no attribute that runs.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) throw new Error(`no handlers in attributes: ${name}`);
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

let messageTimer = 0;

/** One sentence over the map, for as long as it takes to read. */
export function tell(sentence) {
  const message = byId("map-message");
  message.textContent = sentence;
  message.hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => (message.hidden = true), 6000);
}

byId("zoom-in").addEventListener("click", () => map.zoomIn(1));
byId("zoom-out").addEventListener("click", () => map.zoomOut(1));
