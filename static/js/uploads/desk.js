// The page of uploads: a form for a new file, the one that is being worked on, and the list of those that were sent.
import { byId, config, el, say, tell } from "../page.js";
import { ask, Refused } from "./api.js";
import { showBoundary } from "./draw.js";
import { send } from "./send.js";
import { close, follow, going, listed, showing } from "./view.js";

const form = byId("new");
let chosen = null;
let sending = null; // an AbortController while a file is on its way

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!sending) start();
});
byId("file").addEventListener("change", (event) => choose([...event.target.files]));
choose([...byId("file").files]); // one that was chosen before this script had come
byId("layer").addEventListener("change", modes);
byId("stop").addEventListener("click", () => sending?.abort());
window.addEventListener("beforeunload", (event) => sending && event.preventDefault());
window.addEventListener("hashchange", openNamed);
document.addEventListener("click", (event) => {
  if (event.target.closest("a[href='#new']")) setTimeout(() => byId("file").focus());
});
window.addEventListener("gisapp-changed", refresh);
window.addEventListener("unhandledrejection", (event) => {
  if (!(event.reason instanceof Refused)) return;
  event.preventDefault();
  tell(event.reason.message); // a part of the page could not be filled
});
dropping();
modes();
showBoundary();
openNamed();
refresh();

function openNamed() {
  byId("other-lang").hash = location.hash;
  const id = location.hash.slice(1);
  if (!/^[0-9a-f-]{36}$/.test(id)) {
    close();
    form.hidden = false;
  } else if (id !== showing()) {
    form.hidden = true;
    follow(id);
  }
}

function choose(files) {
  wrong(files.length > 1 ? say("one_file") : "");
  chosen = files.length === 1 ? files[0] : null;
  byId("chosen").hidden = !chosen;
  byId("chosen").textContent = chosen ? `${chosen.name}（${size(chosen.size)}）` : "";
  byId("drop-hint").hidden = Boolean(chosen);
}

function wrong(sentence) {
  byId("new-wrong").textContent = sentence;
  byId("new-wrong").hidden = !sentence;
}

/** Rows can be updated only where the layer has a key. */
function modes() {
  const layer = config.layers.find((one) => one.id === byId("layer").value);
  const upsert = form.querySelector("[value=upsert]");
  upsert.disabled = Boolean(layer) && !layer.keyed;
  if (upsert.disabled && upsert.checked) form.querySelector("[value=replace]").checked = true;
}

function dropping() {
  const drop = byId("drop");
  // A file that misses the field must not take the place of the page.
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    choose([...event.dataTransfer.files]);
  });
}

async function start() {
  if (!chosen) {
    wrong(say("no_file"));
    return byId("file").focus();
  }
  wrong("");
  sending = new AbortController();
  let id = null;
  const wish = { layer: byId("layer").value, mode: form.elements.mode.value };
  const options = Object.fromEntries(["crs", "encoding", "only"].map((name) => [name, byId(name).value]));
  if (byId("set").value.trim()) options.set = byId("set").value.trim();
  try {
    form.hidden = true;
    going(chosen.name, 0, say("state_receiving"));
    await send(chosen, { ...wish, ...options }, {
      signal: sending.signal,
      began: (given) => (id = given),
      told: (sent, from) => tellSent(chosen, sent, from),
      away: (on) => on && going(chosen.name, null, say("waiting_line")),
    });
    sending = null;
    form.reset();
    choose([]);
    modes();
    location.hash = id;
  } catch (error) {
    const stopped = sending.signal.aborted;
    sending = null;
    if (stopped && id) await ask(`/api/uploads/${id}/discard`, { method: "POST", form: {} }).catch(() => {});
    close();
    form.hidden = false;
    if (!stopped) explain(error);
    byId("send").focus();
  }
  refresh();
}

function tellSent(file, sent, from) {
  const text = say("sending", { done: size(sent), size: size(file.size) });
  going(file.name, sent / file.size, from > 0 ? `${text} ${say("resumed", { done: size(from) })}` : text, true);
}

function explain(error) {
  if (!(error instanceof Refused)) throw error;
  wrong(error.message);
  if (error.status === 401) byId("new-wrong").append(" ", el("a", { href: config.sign_in }, say("sign_in_again")));
}

async function refresh() {
  try {
    listed((await ask("/api/uploads")).uploads);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    byId("mine").replaceChildren(el("li", { class: "quiet" }, error.message));
  }
}

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), 3);
  return `${(bytes / 1000 ** step).toLocaleString(config.lang, { maximumFractionDigits: step ? 1 : 0 })} ${units[step]}`;
}
