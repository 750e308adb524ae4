// Asks the server what lies at a place. The newest question wins: an older one is given up.
import { config, say } from "./page.js";

let running = null;

/**
 * @param {{lng: number, lat: number}} place degrees
 * @param {string[]} layers ids
 * @param {number} zoom of Leaflet
 * @returns {Promise<object[]|null>} the features; null when a newer question took over
 * @throws {Error} with a sentence for the reader
 */
export async function identify(place, layers, zoom) {
  if (running) running.abort();
  running = new AbortController();
  const { signal } = running;
  const query = new URLSearchParams({
    lon: place.lng.toFixed(7),
    lat: place.lat.toFixed(7),
    layers: layers.join(","),
    zoom: zoom.toFixed(2),
    lang: config.lang,
  });
  let answer;
  try {
    answer = await fetch(`${config.identify}?${query}`, { signal, headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()).features;
  } catch (error) {
    if (signal.aborted) return null;
    throw new Error(say(answer ? "failed" : "offline"), { cause: error });
  }
  throw new Error(await sentenceOf(answer));
}

/**
 * One personal value: the server records that it was shown.
 * @param {{layer: string, id: number}} feature
 * @param {string} field its name
 * @returns {Promise<object>} value, text, unit
 * @throws {Error} with a sentence for the reader
 */
export async function reveal(feature, field) {
  const body = new URLSearchParams({ layer: feature.layer, id: feature.id, field, lang: config.lang });
  let answer;
  try {
    answer = await fetch(config.reveal, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": config.csrf } });
    if (answer.ok) return await answer.json();
  } catch (error) {
    throw new Error(say(answer ? "failed" : "offline"), { cause: error });
  }
  throw new Error(await sentenceOf(answer));
}

/** The server's own sentence, when it sent one (RFC 9457). */
async function sentenceOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  const own = config.lang === "ja" ? [problem.title, problem.detail] : [problem.title_en, problem.detail_en];
  const sentence = own.filter((part) => typeof part === "string").join(" ");
  return sentence || say("failed");
}
