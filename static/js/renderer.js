// What draws the vector tiles, behind four functions: whoever draws otherwise (a canvas for machines without a GPU)
// offers the same four, and no other file changes.
import { config, say, tell } from "./page.js";

/**
 * @returns {{
 *   ready: Promise<void>,
 *   show: (layer: string, on: boolean) => void,
 *   fade: (layer: string, share: number) => void,
 * }} `show` and `fade` take a layer id (department.layer); `share` is 0 to 1 of the style's own opacity.
 */
export function mapRenderer() {
  const layer = window[config.renderer];
  const gl = layer && layer.getMaplibreMap && layer.getMaplibreMap();
  return gl ? mapLibre(gl) : nothing();
}

function nothing() {
  tell(say("no_webgl"));
  return { ready: Promise.resolve(), show() {}, fade() {} };
}

function mapLibre(gl) {
  const parts = (id) => gl.getStyle().layers.filter((each) => each.id.startsWith(`${id}/`));
  const asWritten = new Map();
  const ready = new Promise((resolve) => (gl.getLayer("background") ? resolve() : gl.once("styledata", () => resolve())));

  gl.on("error", () => tell(say("tiles_failed")));
  gl.getCanvas().setAttribute("aria-hidden", "true");
  gl.getCanvas().removeAttribute("role");
  gl.getCanvas().removeAttribute("aria-label");

  function show(id, on) {
    for (const part of parts(id)) gl.setLayoutProperty(part.id, "visibility", on ? "visible" : "none");
  }

  function fade(id, share) {
    for (const part of parts(id)) {
      for (const property of OPACITY[part.type]) {
        const key = `${part.id} ${property}`;
        if (!asWritten.has(key)) asWritten.set(key, gl.getPaintProperty(part.id, property) ?? 1);
        gl.setPaintProperty(part.id, property, scaled(asWritten.get(key), share));
      }
    }
  }

  return {
    ready,
    show: (id, on) => void ready.then(() => show(id, on)),
    fade: (id, share) => void ready.then(() => fade(id, share)),
  };
}

const OPACITY = {
  fill: ["fill-opacity"],
  line: ["line-opacity"],
  circle: ["circle-opacity", "circle-stroke-opacity"],
  symbol: ["text-opacity"],
};

/** A number, or an expression whose results are numbers, times `share`. A zoom may only be read at an expression's
 *  top, so the results inside are multiplied rather than the whole. */
export function scaled(value, share) {
  if (typeof value === "number") return value * share;
  if (!Array.isArray(value)) return value;
  const [head] = value;
  const isResult = {
    interpolate: (index) => index >= 4 && index % 2 === 0,
    step: (index) => index >= 2 && index % 2 === 0,
    match: (index) => index >= 3 && (index % 2 === 1 || index === value.length - 1),
    case: (index) => index >= 2 && (index % 2 === 0 || index === value.length - 1),
  }[head];
  if (!isResult) return ["*", share, value];
  return value.map((part, index) => (isResult(index) ? scaled(part, share) : part));
}
