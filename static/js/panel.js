// The panel of a staff page: what lies at the place that was clicked, one card for each feature.
import { reveal } from "./identify.js";
import { byId, config, el, map, say, tell } from "./page.js";
import { degrees } from "./place.js";
import { highlight, highlighted } from "./selection.js";
import { classOf, swatch } from "./style-class.js";

const result = byId("result");
const clear = byId("clear");

/** One sentence instead of features. */
export function tellInPanel(sentence) {
  highlight(null);
  result.replaceChildren(el("p", { class: "hint" }, sentence));
}

/** Forget the selection. */
export function clearPanel() {
  clear.hidden = true;
  tellInPanel(say("features_hint"));
}

/** @param {{lng: number, lat: number}} at @param {object[]} features as /api/identify answers */
export function showFeatures(at, features) {
  const town = features.find((feature) => feature.layer === config.place);
  const rest = features.filter((feature) => feature.layer !== config.place);
  const where = town ? say("near", { place: town.label }) : degrees(at);
  clear.hidden = false;
  highlight(null);
  if (rest.length === 0) {
    result.replaceChildren(el("p", { class: "where" }, where), el("p", { class: "hint" }, say("features_none")));
    return;
  }
  const cards = rest.map(card);
  result.replaceChildren(
    el("p", { class: "where" }, where, el("span", { class: "found" }, say("features_count", { count: rest.length }))),
    ...cards,
  );
  cards[0].open = true;
}

function card(feature) {
  const drawn = classOf(feature);
  const title = config.layers.find((layer) => layer.id === feature.layer)?.title ?? feature.layer_title;
  const rows = feature.properties.map((property) =>
    el("tr", {}, el("th", { scope: "row" }, property.title), el("td", {}, property.covered ? masked(feature, property) : shown(property))),
  );
  const whole = el("button", { type: "button", class: "whole" }, say("zoom_to"));
  whole.addEventListener("click", () => map.fitBounds(highlighted(), { maxZoom: 18, padding: [40, 40] }));
  const details = el(
    "details",
    { class: "feature", name: "feature" },
    el(
      "summary",
      {},
      el("span", { class: "kind" }, swatch(drawn), title),
      el("strong", {}, feature.label || title),
      drawn.text && drawn.text !== feature.label ? el("span", {}, drawn.text) : null,
    ),
    el("table", {}, el("tbody", {}, ...rows)),
    feature.geometry ? whole : null,
  );
  details.addEventListener("toggle", () => details.open && highlight(feature.geometry));
  return details;
}

function shown(property) {
  if (property.text === null || property.text === undefined || property.text === "") return say("none");
  return property.unit ? `${property.text} ${property.unit}` : property.text;
}

/** Personal data stay with the server until somebody asks for them, and it is recorded who did. */
function masked(feature, property) {
  const button = el("button", { type: "button", class: "reveal", "aria-label": say("reveal_of", { title: property.title }) }, say("reveal"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const value = el("span", { tabindex: "-1" }, shown(await reveal(feature, property.name)));
      button.replaceWith(value);
      value.focus();
    } catch (problem) {
      button.disabled = false;
      tell(problem.message);
    }
  });
  return button;
}

/** Call `done` when the reader clears the selection, by the button or with Escape. */
export function onClear(done) {
  const both = () => {
    clearPanel();
    done();
  };
  clear.addEventListener("click", () => {
    both();
    map.getContainer().focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !clear.hidden) both();
  });
}
