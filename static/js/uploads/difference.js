// What would be added, changed and removed: as a table that is read page by page, and on the map.
import { config, el, say } from "../page.js";
import { ask } from "./api.js";
import { filterShapes, showDifference, showShape } from "./draw.js";

const WHATS = ["added", "changed", "removed"];
const PAGE = 50;
const SOME = 4; // values of an added or removed row that are shown at once

/** The section of an upload that waits to be published. */
export function difference(upload) {
  const counts = upload.difference ?? {};
  const total = WHATS.reduce((sum, what) => sum + (counts[what] ?? 0), 0);
  const box = el("section", { class: "part difference", "aria-labelledby": "difference-title" }, el("h3", { id: "difference-title" }, say("difference")));
  if (total === 0) {
    box.append(el("p", { class: "notice wait" }, say("no_difference")));
    return box;
  }
  const table = new Table(upload);
  box.append(tabs(counts, total, (what) => (table.show(what), filterShapes(what))), table.box);
  void table.show("");
  void shapes(upload, counts, total, box);
  return box;
}

function tabs(counts, total, choose) {
  const all = [["", "all", total], ...WHATS.map((what) => [what, what, counts[what] ?? 0])];
  const options = all.map(([value, key, count]) => {
    const radio = el("input", { type: "radio", name: "what", value, checked: value === "", disabled: count === 0 });
    radio.addEventListener("change", () => choose(value));
    return el("label", { class: key }, radio, el("i", { class: "sign", "aria-hidden": "true" }), `${say(`what_${key}`)} `, el("strong", {}, count.toLocaleString(config.lang)));
  });
  const same = el("span", { class: "quiet" }, `${say("what_unchanged")} ${(counts.unchanged ?? 0).toLocaleString(config.lang)}`);
  return el("fieldset", { class: "tabs" }, el("legend", { class: "vh" }, say("difference")), ...options, same);
}

async function shapes(upload, counts, total, box) {
  const drawn = await ask(`/api/uploads/${upload.id}/difference.geojson`);
  showDifference(drawn, counts);
  const rows = new Set(drawn.features.map(({ properties: { id, row } }) => `${id} ${row}`));
  if (rows.size < total) box.append(el("p", { class: "quiet" }, say("some_shapes")));
}

class Table {
  constructor(upload) {
    this.upload = upload;
    this.body = el("tbody");
    this.more = el("button", { type: "button", class: "button second small", hidden: true }, say("more_rows"));
    this.reveal = el("button", { type: "button", class: "button second small", hidden: true }, say("reveal_personal"));
    this.more.addEventListener("click", () => this.page(this.number + 1));
    this.reveal.addEventListener("click", () => this.uncover());
    const heads = ["level", "row_name", "content", "show"].map((key) => el("th", { scope: "col" }, say(key)));
    const table = el("table", { class: "rows" }, el("thead", {}, el("tr", {}, ...heads)), this.body);
    this.frame = el("div", { class: "framed", tabindex: "0", role: "group", "aria-label": say("difference") }, table);
    this.box = el("div", {}, this.reveal, this.frame, this.more);
    this.covered = true;
  }

  async show(what) {
    this.what = what;
    this.rows = [];
    this.body.replaceChildren();
    await this.page(1);
  }

  async page(number) {
    const { what } = this;
    const answer = await ask(`/api/uploads/${this.upload.id}/difference?limit=${PAGE}&page=${number}${what ? `&what=${what}` : ""}`);
    if (what !== this.what) return; // another was chosen meanwhile
    this.number = number;
    this.fields = answer.fields;
    this.more.hidden = !answer.more;
    this.reveal.hidden = !(this.covered && this.fields.some((field) => field.personal));
    const first = this.rows.length;
    this.rows.push(...answer.rows);
    this.body.append(...answer.rows.map((row) => this.line(row)));
    if (number > 1) this.body.children[first]?.querySelector("button")?.focus();
  }

  uncover() {
    this.covered = false;
    this.reveal.hidden = true;
    this.body.replaceChildren(...this.rows.map((row) => this.line(row)));
    this.frame.focus();
  }

  line(row) {
    const cell = (key, ...content) => el("td", { "data-label": say(key) }, ...content);
    const what = say(`what_${row.what}`);
    const label = say("show_row", { what, label: row.label ?? "" });
    const show = el("button", { type: "button", class: "button second small", "aria-label": label }, say("show"));
    show.addEventListener("click", () => showShape(row));
    return el(
      "tr",
      {},
      cell("level", el("span", { class: `what ${row.what}` }, el("i", { class: "sign", "aria-hidden": "true" }), what)),
      cell("row_name", this.hides(row) ? say("personal") : row.label || say("none")),
      cell("content", ...(row.what === "changed" ? this.changes(row) : this.values(row.after ?? row.before))),
      cell("show", show),
    );
  }

  /** A label may be made of what is personal. */
  hides(row) {
    const values = Object.values(row.after ?? row.before ?? {}).map(String);
    const personal = this.fields.filter((field) => field.personal).map((field) => (row.after ?? row.before)?.[field.name]);
    return this.covered && values.length > 0 && personal.some((value) => value && String(row.label).includes(String(value)));
  }

  text(field, value) {
    if (value === null || value === undefined || value === "") return say("none");
    return this.covered && field.personal ? say("personal") : String(value);
  }

  changes(row) {
    const fields = this.fields.filter((field) => row.fields.includes(field.name));
    const lines = fields.map((field) =>
      el("span", { class: "change" }, `${field.title} `, el("del", {}, this.text(field, row.before[field.name])), " → ", el("ins", {}, this.text(field, row.after[field.name]))),
    );
    return row.moved ? [...lines, el("span", { class: "change" }, say("moved"))] : lines;
  }

  values(all) {
    const there = this.fields.filter((field) => all[field.name] !== null && all[field.name] !== "");
    const pair = (field) => el("span", { class: "change" }, `${field.title} ${this.text(field, all[field.name])}`);
    const rest = there.slice(SOME).map(pair);
    const more = rest.length ? [el("details", {}, el("summary", {}, `＋${rest.length}`), ...rest)] : [];
    return [...there.slice(0, SOME).map(pair), ...more];
  }
}
