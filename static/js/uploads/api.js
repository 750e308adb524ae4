// Requests to this server: what fails for a while is tried again, what is refused becomes a sentence.
import { config, say } from "../page.js";

const AWAY = new Set([429, 502, 503, 504]);
const LONGEST_PAUSE = 15_000;
const PATIENCE = 10 * 60_000; // milliseconds without an answer before it is given up

/** A request that the server refused; `status` is 0 where it never answered. */
export class Refused extends Error {
  constructor(sentence, status, body = {}) {
    super(sentence);
    this.status = status;
    this.body = body;
  }
}

/**
 * @param {string} path
 * @param {{method?: string, form?: object, body?: Blob, headers?: object, signal?: AbortSignal, away?: (on: boolean) => void}} words
 *   `form`: fields, a list for one that is repeated; `away`: told when the server stops and when it begins to answer
 * @returns {Promise<object>} the answer's JSON; raises Refused
 */
export async function ask(path, { method = "GET", form, body, headers = {}, signal, away = () => {} } = {}) {
  const began = Date.now();
  for (let tries = 0; ; tries += 1) {
    const answer = await once(path, method, form ? formOf(form) : body, headers, signal);
    if (answer && !AWAY.has(answer.status)) {
      away(false);
      return read(answer);
    }
    if (Date.now() - began > PATIENCE) throw new Refused(say("gave_up"), 0);
    away(true);
    const said = Number(answer?.headers.get("Retry-After")) * 1000;
    await pause(Math.min(said || 500 * 2 ** tries, LONGEST_PAUSE), signal);
  }
}

async function once(path, method, body, headers, signal) {
  try {
    const english = config.lang === "en" && path.startsWith("/api/uploads");
    const url = english ? `${path}${path.includes("?") ? "&" : "?"}lang=en` : path;
    return await fetch(url, { method, body, signal, headers: { Accept: "application/json", "X-CSRFToken": config.csrf, ...headers } });
  } catch (error) {
    if (signal?.aborted) throw error;
    return null;
  }
}

async function read(answer) {
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const [title, detail] = config.lang === "ja" ? [body.title, body.detail] : [body.title_en, body.detail_en];
  throw new Refused(title ? `${title} ${detail ?? ""}`.trim() : say("failed"), answer.status, body);
}

function formOf(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, one);
  }
  return form;
}

/** Wait; ends early, with the signal's reason, when it is aborted. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

/** Words of an object with `ja` and `en` in the page's language; `key` stands before them. Where they name an option as the
 *  shell writes it, it is called as on this page. */
export function words(object, key = "") {
  const text = object[`${key}${config.lang}`] ?? "";
  return text.replace(config.lang === "ja" ? / ?`--(\w+) ?([^`]*)` ?/g : /`--(\w+) ?([^`]*)`/g, (_, name, value) => say("option_named", { name: say(`option_${name}`), value }));
}
