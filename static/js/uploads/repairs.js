// What was repaired, by kind, with before and after; a kind may be declined.
import { config, el, say } from "../page.js";
import { ask, words } from "./api.js";
import { showRepair } from "./draw.js";

/** @param {(upload: object, verb: string, form: object) => void} act */
export function repairs(upload, act) {
  const box = el("form", { class: "part repairs", hidden: true, "aria-labelledby": "repairs-title" });
  void fill(box, upload, act);
  return box;
}

async function fill(box, upload, act) {
  const { kinds } = await ask(`/api/uploads/${upload.id}/repairs`);
  if (kinds.length === 0) return;
  const said = (code) => words(upload.report.problems.find((one) => one.code === code && one.level === "repair") ?? {}) || code;
  const again = el("button", { class: "button second small", disabled: true }, say("recompute"));
  box.append(
    el("h3", { id: "repairs-title" }, say("repairs")),
    el("p", { class: "quiet" }, say("repairs_lead")),
    ...kinds.map((kind) => row(upload, kind, said(kind.code))),
    again,
  );
  box.hidden = false;
  const declined = () => kinds.filter((kind) => !box.elements[`accept-${kind.code}`].checked).map((kind) => kind.code);
  const before = String(declined());
  box.addEventListener("change", () => (again.disabled = String(declined()) === before));
  box.addEventListener("submit", (event) => {
    event.preventDefault();
    act(upload, "check", { decline: declined().length ? declined() : "" });
  });
}

function row(upload, kind, sentence) {
  const count = kind.rows.toLocaleString(config.lang);
  const accept = el("input", { type: "checkbox", name: `accept-${kind.code}`, checked: !kind.declined });
  const details = el("details", {}, el("summary", {}, say("see_rows", { count })));
  details.addEventListener("toggle", () => details.open && details.children.length === 1 && rows(details, upload, kind.code));
  return el("div", { class: "repair" }, el("label", {}, accept, el("span", {}, el("strong", {}, say("accept")), ` ${sentence}`)), details);
}

async function rows(details, upload, code) {
  const found = (await ask(`/api/uploads/${upload.id}/repairs?code=${encodeURIComponent(code)}`)).rows;
  const heads = ["rows", found[0]?.area_after === undefined ? "column" : "show", "before", "after"].map((key) => el("th", { scope: "col" }, say(key)));
  const table = el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...found.map(line)));
  details.append(el("div", { class: "framed", tabindex: "0", role: "group", "aria-label": say("repairs") }, table));
}

function line(one) {
  const cell = (key, ...content) => el("td", { "data-label": say(key) }, ...content);
  if (one.area_after === undefined) {
    return el("tr", {}, cell("rows", String(one.row)), cell("column", one.title ?? say("none")), cell("before", one.before ?? say("none")), cell("after", one.after ?? say("none")));
  }
  const area = (metres) => say("area_of", { metres: Math.abs(metres).toLocaleString(config.lang, { maximumFractionDigits: 1 }) });
  const label = say("show_row", { what: say("level_repair"), label: String(one.row) });
  const show = el("button", { type: "button", class: "button second small", "aria-label": label }, say("show"));
  show.addEventListener("click", () => showRepair(one.before, one.after));
  return el("tr", {}, cell("rows", String(one.row)), cell("show", show), cell("before", area(one.area_before)), cell("after", area(one.area_after)));
}
