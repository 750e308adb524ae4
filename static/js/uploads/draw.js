// What the map shows: the city's boundary, where each reference system would put a file, what a publish would change.
// Plain shapes in SVG: quick without a GPU. Nothing is told by colour alone: lines, patterns and signs differ too.
import { byId, config, el, map, say } from "../page.js";
import { ask, Refused } from "./api.js";

const COLOURS = { added: "#0a7d3f", changed: "#b86a00", removed: "#b3261e", before: "#6a4a12" };
const DASHES = { added: null, changed: "9 5", removed: "2 6", before: "1 5" };
const BLUE = "#0b57b7";
const CLOSE_UP = 18;
const cityBox = L.latLngBounds([config.bounds[1], config.bounds[0]], [config.bounds[3], config.bounds[2]]);

const drawn = L.layerGroup().addTo(map);
const marked = L.layerGroup().addTo(map);
let byRow = new Map();
let groups = {};
let legendRows = [];

map.getContainer().setAttribute("aria-label", say("upload_map"));
map.getContainer().setAttribute("role", "application");
L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
new ResizeObserver(() => map.invalidateSize({ animate: false })).observe(map.getContainer());
map.fitBounds(cityBox, { animate: false });

/** The city's boundary, from the layer of boundaries; the map does without it where that fails. */
export async function showBoundary() {
  if (!config.boundary) return;
  try {
    const features = await ask(config.boundary);
    L.geoJSON(features, { interactive: false, style: { color: "#123a6b", weight: 2.5, dashArray: "10 3 2 3", fill: false } }).addTo(map);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

/** Forget what was drawn of a file. */
export function clearMap() {
  drawn.clearLayers();
  marked.clearLayers();
  byRow = new Map();
  groups = {};
  legend([]);
  document.getElementById("intake").classList.remove("with-map");
}

function legend(rows, keep = true) {
  if (keep) legendRows = rows;
  byId("map-legend").hidden = rows.length === 0;
  byId("map-legend").replaceChildren(el("ul", {}, ...rows.map(([kind, text]) => el("li", { class: kind }, el("i", { class: "sign", "aria-hidden": "true" }), text))));
  if (rows.length > 0) {
    byId("intake").classList.add("with-map");
    map.invalidateSize({ animate: false });
  }
}

/**
 * Each candidate as a numbered frame.
 * @returns {(place: number) => void} to show the rows of one of them
 */
export function showCandidates(choices) {
  clearMap();
  const there = choices.map((choice, place) => ({ ...choice, place })).filter((choice) => choice.bounds);
  legend([["city", say("city_line")], ["candidate", say("candidate", { number: "1…" })]]);
  const draw = (chosen) => {
    drawn.clearLayers();
    badges(there, chosen).forEach((layer) => layer.addTo(drawn));
    map.fitBounds(view(there, chosen), { animate: false, padding: [24, 24], maxZoom: 17 });
  };
  draw(-1);
  return draw;
}

/**
 * What to look at: candidates in the city together, so that the map stays where it is from one to the next and a shift of
 * some hundred metres is seen; for one elsewhere the city too.
 */
function view(there, chosen) {
  const one = there.find(({ place }) => place === chosen) ?? there[0];
  const near = there.filter((each) => box(each).intersects(cityBox));
  const [first, ...rest] = near.includes(one) ? near : [one];
  const whole = rest.reduce((all, each) => all.extend(box(each)), first ? box(first) : L.latLngBounds([]));
  if (first && near.includes(one) && !whole.contains(cityBox)) return whole.pad(0.5);
  return whole.extend(cityBox);
}

const box = ({ bounds: [west, south, east, north] }) => L.latLngBounds([south, west], [north, east]);

/** Frames with their numbers; numbers of frames that lie on each other stand side by side. */
function badges(choices, chosen) {
  const seen = new Map();
  const layers = [];
  for (const choice of [...choices].sort((a, b) => (a.place === chosen) - (b.place === chosen))) {
    const on = choice.place === chosen;
    layers.push(L.rectangle(box(choice), { interactive: false, color: on ? BLUE : "#59616d", weight: on ? 3 : 1.5, dashArray: on ? null : "5 4", fill: on, fillColor: BLUE, fillOpacity: 0.08 }));
    if (on) for (const [lon, lat] of choice.points) layers.push(L.circleMarker([lat, lon], { interactive: false, radius: 3.5, color: "#fff", weight: 1, fillColor: BLUE, fillOpacity: 1 }));
  }
  for (const choice of choices) {
    const corner = box(choice).getNorthWest();
    const key = `${corner.lat.toFixed(1)} ${corner.lng.toFixed(1)}`;
    const shift = seen.get(key) ?? 0;
    seen.set(key, shift + 1);
    const html = el("span", { class: `number-badge${choice.place === chosen ? " on" : ""}` }, String(choice.place + 1));
    const icon = L.divIcon({ className: "badge-pin", html, iconSize: [24, 24], iconAnchor: [-2 - shift * 27, 26] });
    layers.push(L.marker(corner, { icon, interactive: false, keyboard: false, alt: "" }));
  }
  return layers;
}

/** A point that is drawn with a sign of its own: a plus in a ring, a square, a cross. */
const Sign = L.CircleMarker.extend({
  _updatePath() {
    const { x, y } = this._point;
    const r = this.options.radius;
    const path = {
      added: `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0M${x - r / 2},${y}h${r}M${x},${y - r / 2}v${r}`,
      changed: `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
      removed: `M${x - r},${y - r}l${2 * r},${2 * r}M${x + r},${y - r}l${-2 * r},${2 * r}`,
      before: `M${x},${y - r}l${r},${r}l${-r},${r}l${-r},${-r}z`,
    }[this.options.what];
    this._renderer._setPath(this, this._empty() ? "M0 0" : path);
  },
});

function style(what) {
  return {
    color: COLOURS[what],
    weight: what === "before" ? 2 : 3.5,
    dashArray: DASHES[what],
    fill: what !== "before",
    fillColor: `url(#hatch-${what})`,
    fillOpacity: 1,
    interactive: false,
  };
}

function asLayer(feature, what) {
  const options = style(what);
  return L.geoJSON(feature, {
    style: ({ geometry }) => (geometry.type.includes("Polygon") ? options : { ...options, fill: false }),
    interactive: false,
    pointToLayer: (_, place) => new Sign(place, { ...options, what, radius: 7, dashArray: null, fillColor: "#fff", fillOpacity: 0.85 }),
  });
}

/** What a publish would change, as GeoJSON of the server. */
export function showDifference(collection, counts) {
  drawn.clearLayers();
  groups = { added: L.featureGroup(), changed: L.featureGroup(), removed: L.featureGroup() };
  for (const feature of collection.features) {
    const { what, id, row } = feature.properties;
    const layer = asLayer(feature, what).addTo(groups[what === "before" ? "changed" : what]);
    byRow.set(`${what} ${id ?? ""} ${row ?? ""}`, layer);
  }
  const kinds = ["added", "changed", "removed"].filter((what) => counts[what] > 0);
  const moved = collection.features.some((feature) => feature.properties.what === "before");
  legend([...kinds.map((what) => [what, say(`what_${what}`)]), ...(moved ? [["before", say("what_before")]] : []), ["city", say("city_line")]]);
  filterShapes("");
  const whole = Object.values(groups).reduce((box, group) => (group.getLayers().length ? box.extend(group.getBounds()) : box), L.latLngBounds([]));
  if (whole.isValid()) map.fitBounds(whole, { animate: false, padding: [32, 32], maxZoom: 17 });
}

/** Show only the shapes of one kind; all where `what` is empty. */
export function filterShapes(what) {
  for (const [kind, group] of Object.entries(groups)) {
    if (!what || kind === what) group.addTo(drawn);
    else drawn.removeLayer(group);
  }
  marked.clearLayers();
}

/** Bring one row of the difference into the middle, with a frame around it. */
export function showShape({ what, id, row }) {
  const key = (kind) => `${kind} ${id ?? ""} ${row ?? ""}`;
  const layers = [byRow.get(key(what)), what === "changed" ? byRow.get(key("before")) : null].filter(Boolean);
  if (layers.length === 0) return;
  frame(layers.reduce((box, layer) => box.extend(layer.getBounds()), L.latLngBounds([])));
}

/** A repaired shape: as it was, and as it is now. */
export function showRepair(before, after) {
  const layers = [
    L.geoJSON(after, { interactive: false, style: { color: BLUE, weight: 3.5, fillColor: BLUE, fillOpacity: 0.15 } }),
    asLayer(before, "before"),
  ];
  frame(layers[0].getBounds().extend(layers[1].getBounds()));
  for (const layer of layers) layer.addTo(marked);
  legend([...legendRows, ["after", say("after")], ["before", say("before")]], false);
}

function frame(bounds) {
  map.fitBounds(bounds, { animate: false, maxZoom: CLOSE_UP, padding: [70, 70] });
  marked.clearLayers();
  L.rectangle(bounds.pad(0.12), { interactive: false, color: BLUE, weight: 2, fill: false }).addTo(marked);
  byId("stage").scrollIntoView({ block: "nearest" });
}
