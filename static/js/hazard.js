// The public hazard map: chips that switch what is drawn, a legend, and the sheet with the answer.
import { identify } from "./identify.js";
import { byId, config, map, say, tell } from "./page.js";
import { keepPlaceInAddress, onPlace } from "./place.js";
import { mapRenderer } from "./renderer.js";
import { putPin } from "./selection.js";
import { showPlace, tellInSheet, wireSheet } from "./sheet.js";
import { classOf } from "./style-class.js";

keepPlaceInAddress();
const renderer = mapRenderer();
wireSheet();
chips();
locate();
onPlace((place) => ask(place));

/** Every layer is asked, switched on or not: what may happen at a place does not depend on what is drawn. */
async function ask(place) {
  putPin(place);
  keepInSight(place);
  tellInSheet(say("loading"));
  const layers = config.layers.filter((layer) => layer.asked).map((layer) => layer.id);
  try {
    const features = await identify(place, config.place ? [...layers, config.place] : layers, map.getZoom());
    if (features) {
      showPlace(place, features);
      markLegend(features);
    }
  } catch (error) {
    tellInSheet(error.message);
  }
}

/** The pin must not hide under the sheet. */
function keepInSight(place) {
  const point = map.latLngToContainerPoint(place);
  const room = byId("sheet").getBoundingClientRect();
  const covered = room.width > map.getSize().x / 2;
  const lowest = map.getSize().y - 380;
  if (covered && point.y > lowest) map.panBy([0, Math.min(point.y - lowest, 340)], { animate: !reducedMotion() });
}

const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function chips() {
  for (const chip of document.querySelectorAll(".chip")) {
    chip.addEventListener("click", () => {
      const on = chip.getAttribute("aria-pressed") !== "true";
      chip.setAttribute("aria-pressed", String(on));
      renderer.show(chip.dataset.layer, on);
      legendOf(chip.dataset.layer, on);
    });
  }
}

function legendOf(layer, on) {
  const entries = [...byId("legend").querySelectorAll(".entry")];
  const entry = entries.find((each) => each.dataset.layer === layer);
  if (entry) entry.hidden = !on;
  if (entry?.tagName === "DETAILS" && on) for (const each of entries) each.open = each === entry;
  byId("legend").hidden = entries.every((each) => each.hidden);
}

/** The legend's rows that stand for what lies at the place. */
function markLegend(features) {
  for (const section of byId("legend").querySelectorAll("details")) {
    const here = features.filter((feature) => feature.layer === section.dataset.layer).map((feature) => classOf(feature).text);
    for (const row of section.querySelectorAll("li")) row.classList.toggle("here", here.includes(row.textContent.trim()));
  }
}

/** Only where the browser gives a position at all: over TLS, or on the reader's own machine. */
function locate() {
  if (!window.isSecureContext || !navigator.geolocation) return;
  const button = byId("locate");
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const place = L.latLng(coords.latitude, coords.longitude);
        if (!L.latLngBounds(map.options.maxBounds).contains(place)) return tell(say("outside"));
        map.setView(place, 16);
        ask(place);
      },
      () => tell(say("not_located")),
    );
  });
}
