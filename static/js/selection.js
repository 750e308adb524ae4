// What is selected, drawn over the map: the geometry in blue, and a pin where the reader pointed.
import { map } from "./page.js";

const BLUE = "#0b57b7";
const PIN =
  '<svg viewBox="0 0 34 44" width="34" height="44"><path d="M17 43C10 32 2 26 2 16.500a15 15 0 0 1 30 0C32 26 24 32 17 43z"' +
  ' fill="#0b57b7" stroke="#fff" stroke-width="2"/><circle cx="17" cy="16.500" r="6" fill="#fff"/></svg>';

let outline = null;
let pin = null;

/** Draw one geometry (GeoJSON, degrees) in place of the last. */
export function highlight(geometry) {
  if (outline) outline.remove();
  outline = null;
  if (!geometry) return;
  const draw = (style) =>
    L.geoJSON(geometry, {
      interactive: false,
      style,
      pointToLayer: (_, place) => L.circleMarker(place, { radius: 12, interactive: false }),
    });
  outline = L.featureGroup([
    draw({ color: "#fff", weight: 7, opacity: 0.9, fill: false }),
    draw({ color: BLUE, weight: 3.5, opacity: 1, fillColor: BLUE, fillOpacity: 0.14 }),
  ]);
  // A zone larger than half the picture keeps its own colour: that is what the reader came to see.
  const size = outline.getBounds();
  const view = map.getBounds();
  const share = (size.getEast() - size.getWest()) / (view.getEast() - view.getWest());
  if (share > 0.5) outline.setStyle({ fill: false });
  outline.addTo(map);
}

/** The box around what is highlighted; null when nothing is. */
export const highlighted = () => outline && outline.getBounds();

export function putPin(place) {
  if (pin) pin.remove();
  const icon = L.divIcon({ className: "pin", html: PIN, iconSize: [34, 44], iconAnchor: [17, 43] });
  pin = place ? L.marker(place, { icon, interactive: false, keyboard: false, alt: "" }).addTo(map) : null;
  if (pin) pin.getElement().setAttribute("aria-hidden", "true");
}
