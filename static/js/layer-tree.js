// The list of layers on a staff page: switch them, set how strongly they are drawn, find one by name.
import { byId, config, map } from "./page.js";

const tree = byId("layers");

/**
 * @param {{show: Function, fade: Function}} renderer
 * @param {() => void} changed called after a layer was switched
 * @returns {() => object[]} the layers that are switched on and may be asked, in the order of the list
 */
export function layerTree(renderer, changed) {
  for (const row of tree.querySelectorAll(".layer")) wire(row, renderer, changed);
  byId("layer-filter").addEventListener("input", (event) => filter(event.target.value));
  map.on("zoomend", markFar);
  markFar();
  count();
  return () => {
    const on = new Set(switchedOn().map((row) => row.dataset.layer));
    return config.layers.filter((layer) => layer.asked && on.has(layer.id));
  };
}

function wire(row, renderer, changed) {
  const box = row.querySelector("input[type=checkbox]");
  const slider = row.querySelector("input[type=range]");
  box.addEventListener("change", () => {
    renderer.show(row.dataset.layer, box.checked);
    row.querySelector(".layer-more").hidden = !box.checked;
    count();
    changed();
  });
  slider.addEventListener("input", () => {
    renderer.fade(row.dataset.layer, slider.valueAsNumber / 100);
    slider.nextElementSibling.value = `${slider.value}%`;
  });
  // A browser that goes back to the page puts the boxes as they were left: the map follows them.
  renderer.ready.then(() => {
    renderer.show(row.dataset.layer, box.checked);
    row.querySelector(".layer-more").hidden = !box.checked;
    count();
  });
}

const switchedOn = () => [...tree.querySelectorAll(".layer")].filter((row) => row.querySelector("input").checked);

function count() {
  for (const group of tree.querySelectorAll(".group")) {
    const boxes = [...group.querySelectorAll("input[type=checkbox]")];
    const shown = boxes.filter((box) => box.checked).length;
    group.querySelector("[data-count]").textContent = `${shown} / ${boxes.length}`;
  }
}

/** Layers that hold nothing at this zoom are told apart from empty ones. */
function markFar() {
  const zooms = new Map(config.layers.map((layer) => [layer.id, layer.min_zoom + 1]));
  for (const row of tree.querySelectorAll(".layer")) {
    row.querySelector(".far").hidden = map.getZoom() >= zooms.get(row.dataset.layer);
  }
}

function filter(words) {
  const wanted = folded(words);
  let found = 0;
  for (const group of tree.querySelectorAll(".group")) {
    const rows = [...group.querySelectorAll(".layer")];
    for (const row of rows) row.hidden = !folded(row.dataset.title).includes(wanted);
    const some = rows.some((row) => !row.hidden);
    group.hidden = !some;
    if (wanted && some) group.open = true;
    found += some ? 1 : 0;
  }
  byId("layer-none").hidden = found > 0;
}

const folded = (words) => words.normalize("NFKC").toLowerCase().replace(/\s/g, "");
