// Measuring on a staff page: lengths and areas in the city's plane rectangular system, not on the web's Mercator,
// where a metre in Japan is drawn a fifth too long.
import { byId, config, el, map, say } from "./page.js";
import { areaOf, lengthOf, toPlane } from "./plane.js";

const ORANGE = "#b4400c";
const number = new Intl.NumberFormat("ja-JP", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const places = [];
let drawing = null;

/**
 * @returns {{on: () => boolean, add: (place: {lat: number, lng: number}) => void}} `add` takes the next point while
 *   the tool is on
 */
export function measureTool() {
  const tool = byId("tool-measure");
  const select = byId("tool-select");
  const on = () => tool.getAttribute("aria-pressed") === "true";
  const switchTo = (measuring) => {
    tool.setAttribute("aria-pressed", String(measuring));
    select.setAttribute("aria-pressed", String(!measuring));
    byId("measure").hidden = !measuring;
    map.getContainer().classList.toggle("measuring", measuring);
    map.doubleClickZoom[measuring ? "disable" : "enable"](); // two points in short order are not a wish to zoom
    places.length = 0;
    draw();
  };
  tool.addEventListener("click", () => switchTo(!on()));
  select.addEventListener("click", () => switchTo(false));
  byId("measure-end").addEventListener("click", () => {
    switchTo(false);
    tool.focus();
  });
  byId("measure-undo").addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    if (!on() || event.target.closest("input, select")) return;
    if (event.key === "Backspace") undo();
    if (event.key === "Escape") switchTo(false);
  });
  return { on, add };
}

function add(place) {
  places.push(place);
  draw();
}

function undo() {
  places.pop();
  draw();
}

function draw() {
  if (drawing) drawing.remove();
  const line = { color: ORANGE, weight: 3, dashArray: "7 5", interactive: false };
  const dot = { radius: 4, color: ORANGE, fillColor: "#fff", fillOpacity: 1, weight: 2, interactive: false };
  drawing = L.layerGroup([
    L.polyline(places, { color: "#fff", weight: 6, interactive: false }),
    L.polyline(places, line),
    ...places.map((place) => L.circleMarker(place, dot)),
  ]).addTo(map);
  const points = places.map((place) => toPlane(place.lat, place.lng, config.origin));
  const rows = [el("dt", {}, say("measure_length")), el("dd", {}, metresOf(lengthOf(points)))];
  if (points.length > 2) rows.push(el("dt", {}, say("measure_area")), el("dd", {}, squareOf(areaOf(points))));
  byId("measure-result").replaceChildren(...rows);
  byId("measure-undo").disabled = places.length === 0;
}

const metresOf = (length) => (length < 10000 ? `${number.format(length)} m` : `${number.format(length / 1000)} km`);
const squareOf = (area) =>
  area < 1e6 ? `${number.format(area)} m²（${number.format(area / 1e4)} ha）` : `${number.format(area / 1e6)} km²`;
