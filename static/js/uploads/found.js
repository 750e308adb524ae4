// What the diagnosis found: how the file was read, and every problem with its rows, its column and what to do.
import { config, el, say } from "../page.js";
import { words } from "./api.js";

const ORDER = ["error", "question", "warning", "repair", "note"];
const RANGES = 8;

/** @returns {Element[]} sections about an upload's report */
export function found({ report }) {
  return report ? [problems(report), ...reading(report)] : [];
}

function problems({ problems: all = [] }) {
  const box = el("section", { class: "part" }, el("h3", {}, say("problems")));
  if (all.length === 0) {
    box.append(el("p", { class: "quiet" }, say("no_problems")));
    return box;
  }
  const sorted = [...all].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  const heads = ["level", "rows", "column", "sentence"].map((key) => el("th", { scope: "col" }, say(key)));
  const table = el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...sorted.map(line)));
  box.append(el("div", { class: "framed", tabindex: "0", role: "group", "aria-label": say("problems") }, table));
  return box;
}

function line(problem) {
  const advice = words(problem, "do_");
  const cell = (key, ...content) => el("td", { "data-label": say(key) }, ...content);
  return el(
    "tr",
    {},
    cell("level", el("span", { class: `mark ${problem.level}` }, say(`level_${problem.level}`))),
    cell("rows", numbers(problem)),
    cell("column", problem.column ?? say("none")),
    cell("sentence", el("span", {}, words(problem)), advice ? el("span", { class: "advice" }, advice) : null),
  );
}

function numbers({ count, rows }) {
  if (!count) return say("whole_file");
  const text = ranges(rows, count);
  return count === 1 ? text : say("rows_of", { count: count.toLocaleString(config.lang), rows: text });
}

/** Row numbers in short: [1, 2, 3, 7] → "1–3, 7". */
export function ranges(rows, count = rows.length) {
  const runs = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last && row === last[1] + 1) last[1] = row;
    else runs.push([row, row]);
  }
  const shown = runs.slice(0, RANGES).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return shown.join(", ") + (runs.length > RANGES || rows.length < count ? ", …" : "");
}

function reading(report) {
  const rows = [];
  const add = (key, value) => value && rows.push(el("div", {}, el("dt", {}, say(key)), el("dd", {}, value)));
  add("format", report.format);
  add("encoding", report.encoding);
  if (report.crs) {
    const { crs } = report;
    const name = (key) => (config.lang === "ja" && crs[`${key}_ja`]) || crs[key];
    add("crs_system", `${name("source")} → ${name("target")}`);
    const accuracy = crs.accuracy_m === null ? "" : `（${say("accuracy", { metres: crs.accuracy_m })}）`;
    add("transformation", `${crs.transformation}${accuracy}`);
  }
  if (report.rows?.read) {
    const counts = Object.fromEntries(Object.entries(report.rows).map(([key, n]) => [key, n.toLocaleString(config.lang)]));
    add("row_counts", say("row_counts_of", counts));
  }
  const pairs = Object.entries(report.columns ?? {}).map(([column, field]) => `${column} → ${field}`);
  add("columns_of", pairs.join("、"));
  add("ignored", (report.ignored_columns ?? []).join("、"));
  if (rows.length === 0) return [];
  return [el("details", { class: "part" }, el("summary", {}, el("h3", {}, say("reading"))), el("dl", { class: "facts" }, ...rows))];
}
