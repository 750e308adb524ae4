// A department's map page: the order in which its parts come to life.
import { identify } from "./identify.js";
import { layerTree } from "./layer-tree.js";
import { measureTool } from "./measure.js";
import { byId, config, map, say } from "./page.js";
import { onClear, showFeatures, tellInPanel } from "./panel.js";
import { keepPlaceInAddress, onPlace, takePlaceAlong } from "./place.js";
import { mapRenderer } from "./renderer.js";
import { searchBox } from "./search.js";
import { putPin } from "./selection.js";
import { statusBar } from "./status-bar.js";

keepPlaceInAddress();
takePlaceAlong();
const switchedOn = layerTree(mapRenderer(), () => {});
const measuring = measureTool();
statusBar();
onPlace((place) => (measuring.on() ? measuring.add(place) : ask(place)));
onClear(forget);
searchBox((place) => ask(place));
drawer();
menu();

async function ask(place) {
  putPin(place);
  document.body.classList.add("has-result");
  map.invalidateSize({ animate: false }); // on a narrow screen the panel takes a part of the map's place
  map.panInside(place, { padding: [40, 60] });
  const layers = switchedOn().map((layer) => layer.id);
  if (layers.length === 0) return tellInPanel(say("features_no_layer"));
  const asked = config.place && !layers.includes(config.place) ? [...layers, config.place] : layers;
  tellInPanel(say("loading"));
  try {
    const features = await identify(place, asked, map.getZoom());
    if (features) showFeatures(place, inOrder(features));
  } catch (error) {
    tellInPanel(error.message);
  }
}

function forget() {
  putPin(null);
  document.body.classList.remove("has-result");
  map.invalidateSize({ animate: false });
}

/** The page's own department first and the base map last; in each as the server sorted them, the smallest first. */
function inOrder(features) {
  const group = (feature) => config.layers.find((layer) => layer.id === feature.layer)?.group ?? config.layers.length;
  return [...features].sort((a, b) => group(a) - group(b));
}

/** The choice of maps closes as a menu does. */
function menu() {
  const choice = document.querySelector(".menu");
  document.addEventListener("click", (event) => {
    if (!choice.contains(event.target)) choice.open = false;
  });
  choice.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !choice.open) return;
    event.stopPropagation();
    choice.open = false;
    choice.querySelector("summary").focus();
  });
}

/** On a narrow screen the list of layers is a drawer. */
function drawer() {
  const button = byId("show-layers");
  const open = (on) => {
    document.body.classList.toggle("layers-open", on);
    button.setAttribute("aria-expanded", String(on));
  };
  button.addEventListener("click", () => {
    open(!document.body.classList.contains("layers-open"));
    if (document.body.classList.contains("layers-open")) byId("layer-filter").focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !document.body.classList.contains("layers-open")) return;
    open(false);
    button.focus();
  });
  map.on("click", () => open(false));
}
