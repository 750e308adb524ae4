// The search box: a combobox with a list of suggestions (WAI-ARIA pattern, the focus stays in the field). What is chosen
// becomes the middle of the map, and the page asks what lies there as if it had been clicked.
import { byId, config, el, map, say, tell } from "./page.js";

const WAIT = 120; // milliseconds after a key before suggestions are asked for
const CLOSE_UP = 18; // zoom of a single point

let running = null;
let timer = 0;
let options = [];
let active = -1;

/** Bring the box to life; `show` is called with the place (L.LatLng) that was chosen, when the map is there. */
export function searchBox(show) {
  const field = byId("search");
  const open = (on) => {
    byId("search-drop").hidden = !on;
    field.setAttribute("aria-expanded", String(on));
    if (!on) mark(-1);
  };

  field.addEventListener("input", () => {
    byId("search-clear").hidden = field.value === "";
    clearTimeout(timer);
    if (field.value.trim() === "") return close();
    timer = setTimeout(() => suggest(field.value), WAIT);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter and arrows belong to the input method then
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return step(event);
    if (event.key === "Enter") return enter(event);
    if (event.key === "Escape") return escape(event);
    if (event.key === "Tab") close();
  });
  field.addEventListener("focus", () => options.length > 0 && open(true));
  byId("search-clear").addEventListener("click", () => {
    field.value = "";
    byId("search-clear").hidden = true;
    close();
    field.focus();
  });
  byId("search-list").addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the field
  byId("search-list").addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(options[[...byId("search-list").children].indexOf(option)]);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".search")) open(false);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
  });

  async function suggest(query) {
    const answer = await ask(config.suggest, query);
    if (!answer?.features || field.value !== query) return;
    list(answer.features, "");
  }

  async function search(query) {
    clearTimeout(timer);
    const { lng, lat } = map.getCenter().wrap(); // what is asked for by its kind comes nearest first
    const answer = await ask(config.search, query, { lon: lng.toFixed(5), lat: lat.toFixed(5) });
    if (!answer) return;
    if (!answer.features) return list([], answer.title);
    const [first] = answer.features;
    if (first && first.properties.sure && first.properties.kind !== "facility") return go(first, answer.reason);
    if (answer.status === "found" && answer.features.length === 1) return go(first, answer.reason);
    list(answer.features, answer.reason);
  }

  function list(features, reason) {
    options = features;
    byId("search-reason").textContent = reason;
    byId("search-reason").hidden = reason === "";
    byId("search-list").replaceChildren(...features.map(option));
    byId("search-list").hidden = features.length === 0;
    byId("search-status").textContent = `${reason} ${features.length ? say("search_count", { count: features.length }) : reason ? "" : say("search_none")}`;
    mark(-1);
    open(features.length > 0 || reason !== "");
  }

  function choose(feature) {
    if (feature.properties.kind === "kind") {
      field.value = feature.properties.label;
      return search(field.value);
    }
    return go(feature, "");
  }

  function go(feature, reason) {
    const { label } = feature.properties;
    field.value = label;
    byId("search-clear").hidden = false;
    close();
    const [west, south, east, north] = feature.bbox;
    const [lng, lat] = feature.geometry.coordinates;
    if (east > west && north > south) map.fitBounds([[south, west], [north, east]], { maxZoom: CLOSE_UP, animate: false });
    else map.setView([lat, lng], Math.max(map.getZoom(), CLOSE_UP), { animate: false });
    byId("search-status").textContent = `${say("search_here", { label })} ${reason}`;
    if (reason) tell(reason);
    show(L.latLng(lat, lng));
  }

  function step(event) {
    event.preventDefault();
    if (options.length === 0) return;
    open(true);
    const by = event.key === "ArrowDown" ? 1 : -1;
    mark(active < 0 && by < 0 ? options.length - 1 : (active + by + options.length) % options.length);
  }

  function enter(event) {
    event.preventDefault();
    if (active >= 0) return choose(options[active]);
    if (field.value.trim() !== "") search(field.value);
  }

  function escape(event) {
    if (field.getAttribute("aria-expanded") === "true") {
      event.stopPropagation();
      open(false);
    } else if (field.value !== "") {
      event.stopPropagation();
      field.value = "";
      byId("search-clear").hidden = true;
      close();
    }
  }

  function close() {
    clearTimeout(timer);
    if (running) running.abort();
    options = [];
    byId("search-list").replaceChildren();
    open(false);
  }

  function mark(index) {
    active = index;
    const rows = [...byId("search-list").children];
    rows.forEach((row, place) => row.setAttribute("aria-selected", String(place === index)));
    if (index < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", rows[index].id);
    rows[index].scrollIntoView({ block: "nearest" });
  }
}

function option(feature, place) {
  const { label, detail, layer_title: title } = feature.properties;
  const note = [detail, title].filter((part) => part && part !== label).join("　");
  return el("li", { role: "option", id: `search-option-${place}`, "aria-selected": "false" }, el("span", { class: "search-name" }, label), note ? el("span", { class: "search-note" }, note) : null);
}

/** The server's answer, or its sentence (`title`) on what it cannot search for; null when a newer question took over or it could not be had (which is said). */
async function ask(address, query, more = {}) {
  if (running) running.abort();
  running = new AbortController();
  const { signal } = running;
  try {
    const words = new URLSearchParams({ q: query, lang: config.lang, ...more });
    const answer = await fetch(`${address}?${words}`, { signal, headers: { Accept: "application/json" } });
    if (answer.ok || answer.status === 400) return await answer.json();
    tell(say("failed"));
  } catch {
    if (!signal.aborted) tell(say("offline"));
  }
  return null;
}
