// The sheet at the bottom of the public map: what is known about one place, the answer first.
import { byId, config, el, say } from "./page.js";
import { degrees } from "./place.js";
import { classOf, swatch } from "./style-class.js";

const sheet = byId("sheet");
const grab = byId("grab");
const result = byId("result");

/** `peek` (an invitation), `half` (the answer) or `full` (everything). */
export function setSheet(state) {
  sheet.dataset.state = state;
  document.body.dataset.sheet = state;
  const full = state === "full";
  grab.setAttribute("aria-expanded", String(full));
  grab.setAttribute("aria-label", say(full ? "sheet_close" : "sheet_open"));
}

/** The handle and Escape. */
export function wireSheet() {
  let before = "peek";
  grab.addEventListener("click", () => {
    if (sheet.dataset.state !== "full") before = sheet.dataset.state;
    setSheet(sheet.dataset.state === "full" ? before : "full");
  });
  onSwipe(grab, (up) => {
    const to = STATES.indexOf(sheet.dataset.state) + (up ? 1 : -1);
    if (STATES[to]) setSheet(STATES[to]);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || sheet.dataset.state === "peek") return;
    setSheet(sheet.dataset.state === "full" && before === "half" ? "half" : "peek");
  });
  setSheet("peek");
}

const STATES = ["peek", "half", "full"];

/** Call `moved(up)` when a finger draws the element up or down; the click that follows is swallowed. */
function onSwipe(element, moved) {
  let from = 0;
  let swipedAt = -Infinity;
  element.style.touchAction = "none";
  element.addEventListener("pointerdown", (event) => {
    from = event.clientY;
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointerup", (event) => {
    const way = event.clientY - from;
    if (Math.abs(way) <= 24) return;
    swipedAt = event.timeStamp;
    moved(way < 0);
  });
  const swallow = (event) => event.timeStamp - swipedAt < 400 && event.stopImmediatePropagation();
  element.addEventListener("click", swallow, true);
}

export function tellInSheet(sentence) {
  result.replaceChildren(el("h2", {}, sentence));
  if (sheet.dataset.state === "peek") setSheet("half");
}

/** @param {{lng: number, lat: number}} at @param {object[]} features as /api/identify answers */
export function showPlace(at, features) {
  if (config.boundary && !features.some((feature) => feature.layer === config.boundary)) return showOutside(at);
  const town = features.find((feature) => feature.layer === config.place);
  const place = town ? say("near", { place: town.label }) : degrees(at);
  const hazards = config.layers.filter((layer) => layer.hazard);
  const found = (layer) => features.filter((feature) => feature.layer === layer.id);
  const spoken = [config.place, config.boundary, ...hazards.map((layer) => layer.id)];
  const others = features.filter((feature) => !spoken.includes(feature.layer));
  const [first, ...rest] = hazards;
  result.replaceChildren(
    el("h2", {}, place),
    ...(first ? [answer(first, found(first))] : []),
    ...(rest.length ? [el("dl", { class: "tags" }, ...rest.map((layer) => tag(layer, found(layer))))] : []),
    ...(others.length ? [el("h3", {}, say("found_here")), ...others.map(facility)] : []),
    ...(hazards.length ? [el("h3", {}, say("as_text")), inWords(place, hazards, found)] : []),
  );
  if (sheet.dataset.state === "peek") setSheet("half");
}

/** Outside of the city nothing is known, which is not the same as no hazard. */
function showOutside(at) {
  const said = el("p", { class: "hint" }, say("outside_city_more"));
  result.replaceChildren(el("h2", {}, say("outside_city")), said, el("p", { class: "hint" }, degrees(at)));
  if (sheet.dataset.state === "peek") setSheet("half");
}

/** What a feature of a hazard says: the class that its colour stands for, else its name. */
function valueOf(feature) {
  const drawn = classOf(feature);
  return { ...drawn, text: drawn.text || feature.label };
}

/** Each thing said once, however many features say it. */
function valuesOf(features) {
  return [...new Map(features.map(valueOf).map((value) => [value.text, value])).values()];
}

const said = (value) => el("dd", {}, swatch(value), value.text);

function answer(layer, features) {
  const values = valuesOf(features).map(said);
  return el("dl", { class: "answer" }, el("dt", {}, layer.title), ...(values.length ? values : [el("dd", {}, say("in_none"))]));
}

function tag(layer, features) {
  const values = valuesOf(features).map(said);
  const shown = values.length ? values : [el("dd", {}, say("in_none"))];
  return el("div", { class: values.length ? "tag in" : "tag" }, el("dt", {}, layer.title), ...shown);
}

function facility(feature) {
  const title = config.layers.find((layer) => layer.id === feature.layer)?.title ?? feature.layer_title;
  const known = feature.properties.filter((property) => property.text);
  const rows = known.map((property) => {
    const text = property.unit ? `${property.text} ${property.unit}` : property.text;
    return el("tr", {}, el("th", { scope: "row" }, property.title), el("td", {}, text));
  });
  return el(
    "details",
    { class: "facility" },
    el("summary", {}, el("strong", {}, feature.label || title), el("small", {}, title)),
    el("table", {}, el("tbody", {}, ...rows)),
  );
}

function inWords(place, hazards, found) {
  const sentences = hazards.map((layer) => {
    const value = valuesOf(found(layer)).map((each) => each.text).join("・");
    return el("p", {}, value ? say("text_in", { layer: layer.title, value }) : say("text_out", { layer: layer.title }));
  });
  return el("div", { class: "words" }, el("p", {}, el("strong", {}, place)), ...sentences);
}
