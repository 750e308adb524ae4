// A file in pieces: after a break it goes on where it stopped, also when the page was left and the same file chosen again.
import { say } from "../page.js";
import { ask, Refused } from "./api.js";

const PIECE = 2 * 2 ** 20; // bytes
const KEPT = "gisapp-upload:";

/**
 * @param {File} file
 * @param {{layer: string, mode: string, crs: string, encoding: string}} wish `layer` empty: one is proposed
 * @param {{signal: AbortSignal, began: (id: string) => void, told: (sent: number, from: number) => void, away: (on: boolean) => void}} to
 * @returns {Promise<string>} the upload's id, when all is there
 */
export async function send(file, { layer, ...options }, { signal, began, told, away }) {
  const key = `${KEPT}${file.name}|${file.size}|${file.lastModified}|${layer}`;
  const upload = await begin(file, layer, options, key, { signal, away });
  began(upload.id);
  const from = upload.offset;
  let { offset, state } = upload;
  while (state === "receiving" && offset < file.size) {
    told(offset, from);
    ({ offset, state } = await piece(upload.id, file, offset, { signal, away }));
  }
  told(file.size, from);
  forget(key);
  return upload.id;
}

async function begin(file, layer, options, key, { signal, away }) {
  const announce = (id) => {
    const form = { ...options, id, name: file.name, size: file.size, publish: "0" };
    return ask(layer ? `/api/layers/${layer}/uploads` : "/api/uploads", { method: "POST", form, signal, away });
  };
  const kept = remembered(key);
  if (kept) {
    const found = await announce(kept).catch((error) => (error.status === 404 ? null : Promise.reject(error)));
    if (found?.state === "receiving") return found;
    forget(key);
  }
  const id = newId();
  remember(key, id);
  return announce(id);
}

async function piece(id, file, offset, { signal, away }) {
  const headers = { "Upload-Offset": String(offset), "Content-Type": "application/octet-stream" };
  const body = await bytes(file, offset);
  try {
    return await ask(`/api/uploads/${id}`, { method: "PATCH", body, headers, signal, away });
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409) throw error;
    return ask(`/api/uploads/${id}`, { signal, away }); // an answer was lost: this much is there
  }
}

/** Read before it is sent: a file that was moved or overwritten is told from a broken connection. */
async function bytes(file, offset) {
  try {
    return new Blob([await file.slice(offset, offset + PIECE).arrayBuffer()]);
  } catch {
    throw new Refused(say("file_gone"), 0);
  }
}

/** A random UUID; `crypto.randomUUID` is there over https only. */
function newId() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  random[6] = (random[6] & 15) | 64;
  random[8] = (random[8] & 63) | 128;
  const hex = [...random].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage is switched off: then a file starts anew
  }
}

function remember(key, id) {
  try {
    localStorage.setItem(key, id);
  } catch {
    // see above
  }
}

function forget(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // see above
  }
}
