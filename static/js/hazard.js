// The public hazard map: chips that switch what is drawn, a legend, and the sheet with the answer.
import { identify } from "./identify.js";
import { byId, config, map, say, tell } from "./page.js";
import { keepPlaceInAddress, onPlace, takePlaceAlong } from "./place.js";
import { mapRenderer } from "./renderer.js";
import { searchBox } from "./search.js";
import { putPin } from "./selection.js";
import { showPlace, tellInSheet, wireSheet } from "./sheet.js";
import { classOf } from "./style-class.js";

const wide = matchMedia("(min-width: 800px)");

keepPlaceInAddress(wide.matches ? undefined : { top: 176, bottom: 150 });
takePlaceAlong();
const renderer = mapRenderer();
wireSheet();
chips();
locate();
onPlace((place) => ask(place));
searchBox((place) => ask(place));

async function ask(place) {
  putPin(place);
  makeRoom(place);
  tellInSheet(say("loading"));
  try {
    const features = await identify(place, asked(), map.getZoom());
    if (features) {
      showPlace(place, features);
      markLegend(features);
    }
  } catch (error) {
    tellInSheet(error.message);
  }
}

/** Hazards, drawn or not: what may happen at a place does not depend on the chips. Other layers only when drawn. */
function asked() {
  const drawn = [...document.querySelectorAll(".chip[aria-pressed=true]")].map((chip) => chip.dataset.layer);
  const layers = config.layers.filter((layer) => layer.hazard || drawn.includes(layer.id)).map((layer) => layer.id);
  return [...layers, config.place, config.boundary].filter(Boolean);
}

/** On a phone the sheet takes half the screen: the pin must not lie under it, nor the legend over what is left. */
function makeRoom(place) {
  if (wide.matches) return;
  for (const section of byId("legend").querySelectorAll("details")) section.open = false;
  const below = map.latLngToContainerPoint(place).y - (map.getSize().y - 380);
  if (below > 0) map.panBy([0, Math.min(below, 340)], { animate: !reducedMotion() });
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
        const [west, south, east, north] = config.bounds;
        if (!L.latLngBounds([south, west], [north, east]).pad(0.5).contains(place)) return tell(say("outside"));
        map.setView(place, 16);
        ask(place);
      },
      () => tell(say("not_located")),
    );
  });
}
