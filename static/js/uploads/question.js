// A question that a file raises: its answers as a list, and for reference systems on the map.
import { byId, el, say } from "../page.js";
import { words } from "./api.js";
import { showCandidates } from "./draw.js";

const ASKED = ["crs", "part", "only", "layer", "places"];

/** @param {(upload: object, verb: string, form: object) => void} act */
export function question(upload, act) {
  const { asks, choices = [], draft } = upload.report;
  if (!ASKED.includes(asks)) return el("p", { class: "notice wait" }, say("ask_position"));
  const lead = asks === "layer" && choices.length === 0 ? say("ask_nothing_fits") : say(`ask_${asks}`);
  const form = el("form", { class: "question part", "aria-labelledby": "ask-title" }, el("h3", { id: "ask-title" }, lead));
  const list = el("ol", { class: "choices" }, ...choices.map((choice, place) => el("li", {}, option(choice, place, asks))));
  const other = free(asks, choices.length);
  form.append(list, ...(other ? [other.row] : []));
  const wrong = el("p", { class: "notice bad", role: "alert", hidden: true });
  form.append(wrong, el("button", { class: "button" }, say("answer")));
  if (draft) form.append(drafted(draft));

  const answer = () => form.elements.answer?.value ?? "";
  const pick = choices.some((choice) => choice.bounds) ? showCandidates(choices) : () => {};
  form.addEventListener("change", () => {
    if (other && document.activeElement === other.input) other.radio.checked = true;
    const place = choices.findIndex((_, n) => answer() === String(n));
    pick(place);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = choices[Number(answer())];
    const value = answer() === "other" ? other.input.value.trim() : answer() === "" ? "" : chosen[chosen.option];
    wrong.hidden = Boolean(value);
    wrong.textContent = value ? "" : say("no_answer");
    if (value) act(upload, "check", { [asks]: value });
    else form.querySelector("input, select")?.focus();
  });
  return form;
}

function option(choice, place, asks) {
  const numbered = choice.bounds ? el("span", { class: "number-badge", "aria-label": say("candidate", { number: place + 1 }) }, String(place + 1)) : null;
  const value = choice[choice.option];
  const shown = asks === "layer" || asks === "places" ? null : el("code", {}, value);
  return el(
    "label",
    {},
    el("input", { type: "radio", name: "answer", value: String(place) }),
    numbered,
    el("span", {}, words(choice, "why_"), " ", shown),
  );
}

/** The answer that is not in the list: a code to type, a layer to choose. */
function free(asks, count) {
  if (asks !== "crs" && asks !== "layer") return null;
  const radio = el("input", { type: "radio", name: "answer", value: "other", "aria-label": say(`other_${asks}`) });
  radio.checked = asks === "layer" && count === 0;
  const input = asks === "crs" ? el("input", { id: "other-answer", maxlength: "40", autocomplete: "off" }) : byId("layer").cloneNode(true);
  if (asks === "layer") {
    input.id = "other-answer";
    input.value = "";
    input.options[0].textContent = "—";
  }
  for (const name of ["input", "focus"]) input.addEventListener(name, () => (radio.checked = true));
  return { radio, input, row: el("div", { class: "other" }, radio, el("label", { for: "other-answer" }, say(`other_${asks}`)), input) };
}

function drafted(text) {
  const area = el("textarea", { readonly: true, rows: "12", "aria-label": say("draft"), spellcheck: "false" });
  area.value = text;
  return el("details", {}, el("summary", {}, say("draft")), area);
}
