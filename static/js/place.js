// Where the map is and how a reader points at a place: with a pointer, or with the keyboard at the map's centre.
import { config, map, say } from "./page.js";

/**
 * Start at the place that the address names (#zoom/lat/lon), else at the whole city; keep the address true.
 * @param {{top: number, bottom: number}} covered pixels of the map that lie under something else
 */
export function keepPlaceInAddress(covered = { top: 0, bottom: 0 }) {
  const named = /^#([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/.exec(location.hash);
  if (named && Math.abs(named[2]) <= 85 && Math.abs(named[3]) <= 180) {
    map.setView([+named[2], +named[3]], +named[1], { animate: false });
  } else showCity(covered);
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    const zoom = Math.round(map.getZoom() * 100) / 100;
    history.replaceState(null, "", `#${zoom}/${lat.toFixed(5)}/${lng.toFixed(5)}`);
  });
}

/** The other language and the other maps open at the same place. */
export function takePlaceAlong() {
  for (const link of document.querySelectorAll("a[href^='/maps/']")) {
    link.addEventListener("click", () => (link.hash = location.hash));
  }
}

function showCity({ top, bottom }) {
  const [west, south, east, north] = config.bounds;
  map.fitBounds([[south, west], [north, east]], {
    paddingTopLeft: [0, top],
    paddingBottomRight: [0, bottom],
    animate: false,
  });
}

/** Call `ask` with the place of every click, and with the centre when Enter is pressed on the map. */
export function onPlace(ask) {
  const container = map.getContainer();
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", say("map_keys"));
  tellKeyboardFrom(container);
  map.on("click", (event) => ask(event.latlng, event.originalEvent));
  container.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== container) return;
    event.preventDefault();
    ask(map.getCenter(), event);
  });
}

/** The crosshair and the frame show only while the keyboard leads: Leaflet takes the focus on every click as well. */
function tellKeyboardFrom(container) {
  const by = (keyboard) => container.classList.toggle("by-keyboard", keyboard);
  document.addEventListener("pointerdown", () => by(false), true);
  document.addEventListener("keydown", () => by(true), true);
}

/** A place in words, for want of a name. */
export function degrees({ lat, lng }) {
  return say("north_east", { lat: lat.toFixed(6), lon: lng.toFixed(6) });
}
