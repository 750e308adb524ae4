// The line at the bottom of a staff page: scale, and where the pointer (or the map's centre) is.
import { byId, config, map } from "./page.js";
import { degrees } from "./place.js";
import { toPlane } from "./plane.js";

const EARTH = 40075016.68; // metres around the equator, as the web's Mercator has it
const PIXEL = 0.0254 / 96; // metres of paper that a CSS pixel stands for
const metres = new Intl.NumberFormat("ja-JP", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const figure = (value) => metres.format(value).replace("-", "−");
const whole = new Intl.NumberFormat("ja-JP");

/** Metres on the ground of one CSS pixel at the map's centre. */
const metresPerPixel = () => (EARTH * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 256 / 2 ** map.getZoom();

export function statusBar() {
  map.on("mousemove", (event) => writePlace(event.latlng));
  map.on("move", () => writePlace(map.getCenter()));
  map.on("zoom moveend", writeScale);
  byId("scale").addEventListener("change", (event) => setScale(Number(event.target.value)));
  writePlace(map.getCenter());
  writeScale();
}

function writePlace(place) {
  const { x, y } = toPlane(place.lat, place.lng, config.origin);
  byId("plane").textContent = `X ${figure(x)}　Y ${figure(y)}`;
  byId("degrees").textContent = degrees(place);
}

function writeScale() {
  const perPixel = metresPerPixel();
  const select = byId("scale");
  const denominator = perPixel / PIXEL;
  const exact = [...select.options].find((option) => Math.abs(Number(option.value) / denominator - 1) < 0.005);
  select.options[0].textContent = `1:${whole.format(Number(denominator.toPrecision(3)))}`;
  select.value = exact ? exact.value : "";
  const length = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000].find((each) => each / perPixel > 60) ?? 20000;
  byId("scale-bar").style.width = `${length / perPixel}px`;
  byId("scale-bar-text").textContent = length >= 1000 ? `${length / 1000} km` : `${length} m`;
}

function setScale(denominator) {
  if (!denominator) return;
  const snap = map.options.zoomSnap;
  map.options.zoomSnap = 0; // an exact scale lies between Leaflet's steps
  map.setZoom(map.getZoom() + Math.log2(metresPerPixel() / (denominator * PIXEL)), { animate: false });
  map.options.zoomSnap = snap;
}
