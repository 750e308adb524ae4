// One upload from its state: what is going on, what was found, what may be done next. The server decides; this shows it.
import { byId, config, el, say } from "../page.js";
import { ask, pause, Refused, words } from "./api.js";
import { difference } from "./difference.js";
import { clearMap } from "./draw.js";
import { found } from "./found.js";
import { question } from "./question.js";
import { repairs } from "./repairs.js";

const STEP = { receiving: 0, received: 1, checking: 1, asking: 1, refused: 1, failed: 1, checked: 2 };
const MOVING = new Set(["received", "checking", "publishing", "undoing"]);
const GOOD = new Set(["published", "undone", "checked"]);
const BAD = new Set(["refused", "failed"]);

let current = null; // an AbortController with the id that is followed
let spoken = "";

/** The id of the upload that is on the page; null for none. */
export const showing = () => current && current.id;

/** Show no upload. */
export function close() {
  current?.abort();
  current = null;
  byId("one").hidden = true;
  clearMap();
  step(0);
}

/** Say how far something is: `share` 0 to 1 (null: as it was). `send`: it may be stopped. */
export function going(name, share, text, send = false) {
  byId("one").hidden = false;
  byId("going").hidden = false;
  byId("stop").hidden = !send;
  byId("one-title").textContent = name;
  if (send || share !== null) byId("bar").value = share ?? 0;
  byId("going-text").textContent = text;
  if (!send) {
    tag("receiving");
    byId("one-layer").textContent = "";
    byId("result").replaceChildren();
  }
  speak(share === null ? text : `${name} ${Math.floor((share ?? 0) * 4) * 25}%`);
}

/** Show an upload and keep it true until it waits for somebody or has ended. */
export async function follow(id) {
  close();
  current = new AbortController();
  current.id = id;
  const { signal } = current;
  byId("result").replaceChildren();
  byId("one").hidden = false;
  try {
    let wait = 250;
    for (;;) {
      const upload = await ask(`/api/uploads/${id}`, { signal, away: (on) => on && speak(say("waiting_line")) });
      if (!MOVING.has(upload.state)) return rest(upload);
      move(upload);
      await pause(wait, signal);
      wait = Math.min(wait * 1.4, 2000);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Refused)) throw error;
    byId("going").hidden = true;
    byId("one-title").textContent = say("uploads");
    byId("result").replaceChildren(el("p", { class: "notice bad", role: "alert" }, error.message));
    byId("result").append(actions({ can: [], state: "" }));
  }
}

function move(upload) {
  head(upload);
  byId("going").hidden = false;
  byId("stop").hidden = true;
  byId("bar").value = upload.done;
  const text = say("percent", { state: say(`state_${upload.state}`), percent: Math.floor(upload.done * 100) });
  byId("going-text").textContent = text;
  speak(say("percent", { state: say(`state_${upload.state}`), percent: Math.floor(upload.done * 4) * 25 }));
}

function rest(upload) {
  const held = document.activeElement;
  head(upload);
  byId("going").hidden = true;
  clearMap();
  byId("result").replaceChildren(...lead(upload), ...body(upload), actions(upload));
  speak(`${upload.file} ${say(`state_${upload.state}`)}`);
  if (!held || held === document.body || !held.isConnected || held.closest("[hidden]")) byId("one-title").focus();
  window.dispatchEvent(new Event("gisapp-changed"));
}

function body(upload) {
  if (upload.state === "asking") return [question(upload, act), ...found(upload)];
  if (upload.state === "checked") return [...found(upload), repairs(upload, act), difference(upload)];
  if (upload.state === "receiving") return [];
  return upload.report ? found(upload) : [];
}

function lead(upload) {
  const said = {
    refused: ["bad", say("refused_lead")],
    failed: ["bad", say("failed_lead")],
    published: ["good", say("published_lead", { revision: upload.revision })],
    undone: ["good", say("undone_lead")],
    discarded: ["wait", say("discarded_lead")],
    receiving: ["wait", say("receiving_lead")],
  }[upload.state];
  const lines = said ? [el("p", { class: `notice ${said[0]}` }, said[1])] : [];
  if (upload.notice) lines.push(el("p", { class: "notice wait" }, words(upload.notice)));
  if (upload.state === "published" && upload.difference) lines.push(counts(upload.difference));
  return lines;
}

/** The four numbers of a difference in a line. */
function counts(difference) {
  const parts = ["added", "changed", "removed", "unchanged"].map((what) =>
    el("li", { class: what }, `${say(`what_${what}`)} `, el("strong", {}, (difference[what] ?? 0).toLocaleString(config.lang))),
  );
  return el("ul", { class: "tally" }, ...parts);
}

function actions(upload) {
  const box = el("div", { class: `actions${upload.state === "checked" ? " stays" : ""}` });
  const button = (word, kind, done) => {
    const made = el("button", { type: "button", class: `button ${kind}` }, say(word));
    made.addEventListener("click", done);
    box.append(made);
  };
  const may = (verb) => upload.can?.includes(verb);
  if (may("publish")) button("publish", "", () => act(upload, "publish"));
  else if (upload.state === "checked") box.append(el("p", { class: "quiet" }, say("may_not_publish")));
  if (upload.state === "published") {
    const layer = config.layers.find((one) => one.id === upload.layer);
    if (layer) box.append(el("a", { class: "button", href: layer.map }, say("open_map")));
  }
  if (may("undo")) button("undo", "danger", () => confirm(say("really_undo")) && act(upload, "undo"));
  if (may("discard")) button("discard", "danger", () => confirm(say("really_discard")) && act(upload, "discard"));
  box.append(el("a", { class: "button second", href: "#new" }, say("another")));
  return box;
}

/** Ask the server to do something to an upload, then follow what becomes of it. */
async function act(upload, verb, form = {}) {
  for (const one of byId("result").querySelectorAll("button")) one.disabled = true;
  try {
    await ask(`/api/uploads/${upload.id}/${verb}`, { method: "POST", form });
    await follow(upload.id);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    for (const one of byId("result").querySelectorAll("button")) one.disabled = false;
    const line = el("p", { class: "notice bad", role: "alert" }, error.message);
    if (error.status === 401) line.append(" ", el("a", { href: config.sign_in }, say("sign_in_again")));
    byId("result").querySelector(".actions").before(line);
  }
}

function head(upload) {
  byId("one").hidden = false;
  byId("one-title").textContent = upload.file;
  byId("one-layer").textContent = `→ ${upload.layer_title || say("no_layer_yet")}（${say(`mode_${upload.mode}`)}）`;
  tag(upload.state);
  step(STEP[upload.state] ?? 3);
}

function tag(state) {
  byId("one-state").textContent = say(`state_${state}`);
  byId("one-state").className = `tag ${kindOf(state)}`;
}

const kindOf = (state) => (GOOD.has(state) ? "good" : BAD.has(state) ? "bad" : state === "discarded" ? "off" : "wait");

function step(number) {
  [...byId("steps").children].forEach((one, place) => {
    one.classList.toggle("done", place < number);
    if (place === number) one.setAttribute("aria-current", "step");
    else one.removeAttribute("aria-current");
  });
}

function speak(text) {
  if (text !== spoken) byId("spoken").textContent = text;
  spoken = text;
}

/** The list of what was sent, the newest first. */
export function listed(uploads) {
  const rows = uploads.map((one) => {
    const when = new Date(one.created_at).toLocaleString(config.lang, { dateStyle: "medium", timeStyle: "short" });
    return el(
      "li",
      {},
      el("a", { href: `#${one.id}` }, one.file),
      el("span", { class: `tag ${kindOf(one.state)}` }, say(`state_${one.state}`)),
      el("span", { class: "quiet" }, `${one.layer_title || say("no_layer_yet")}　${when}`),
    );
  });
  byId("mine").replaceChildren(...(rows.length ? rows : [el("li", { class: "quiet" }, say("none_sent"))]));
}
