// Which row of the legend a feature belongs to: the style's own expressions, asked about one feature. So the panel,
// the sheet and the map cannot disagree about a colour. Knows exactly the expressions that layer folders may use.
import { config, map } from "./page.js";

/**
 * @param {object} feature as /api/identify answers
 * @returns {{colour: string|null, opacity: number, text: string|null}} the colour that it is drawn in, and what the legend calls that;
 *   nulls for a feature that no row of the legend stands for
 */
export function classOf(feature) {
  const values = Object.fromEntries(feature.properties.map((property) => [property.name, property.value]));
  for (const part of styleOf(feature.layer)) {
    if (!part.metadata?.legend || (part.filter && !evaluate(part.filter, values))) continue;
    const rule = part.paint?.[COLOUR[part.type]];
    const colour = evaluate(rule, values);
    if (typeof colour !== "string") continue;
    const opacity = evaluate(part.paint[`${part.type}-opacity`], values);
    return { colour, opacity: typeof opacity === "number" ? opacity : 1, text: titleOf(part, rule, feature) };
  }
  return { colour: null, opacity: 1, text: null };
}

/** A small square of a class's colour, as it looks on white; null for no class. */
export function swatch({ colour, opacity }) {
  if (!colour) return null;
  const square = document.createElement("i");
  square.className = "colour";
  square.style.setProperty("--colour", colour);
  square.style.setProperty("--opacity", opacity);
  square.setAttribute("aria-hidden", "true");
  return square;
}

const COLOUR = { fill: "fill-color", line: "line-color", circle: "circle-color", symbol: "text-color" };

function styleOf(layer) {
  const style = window[config.renderer]?.options?.style;
  return style ? style.layers.filter((part) => part.id.startsWith(`${layer}/`)) : [];
}

function titleOf(part, rule, feature) {
  if (Array.isArray(rule) && rule[0] === "match" && rule[1][0] === "get") {
    const coded = feature.properties.find((property) => property.name === rule[1][1]);
    const classes = config.layers.find((layer) => layer.id === feature.layer)?.classes ?? [];
    const row = classes.find((each) => each.field === coded?.name && String(each.value) === String(coded.value));
    return row?.label ?? coded?.text ?? null;
  }
  return part.metadata.title?.[config.lang] ?? null;
}

/** The value of a style expression for a feature's values. */
export function evaluate(expression, values) {
  if (!Array.isArray(expression)) return expression;
  const [name, ...parts] = expression;
  const value = (part) => evaluate(part, values);
  const operator = OPERATORS[name];
  return operator ? operator(parts, value, values) : null;
}

const OPERATORS = {
  get: ([field], _, values) => values[field] ?? null,
  has: ([field], _, values) => values[field] !== null && values[field] !== undefined,
  literal: ([constant]) => constant,
  zoom: () => map.getZoom() - 1, // MapLibre's zoom, as styles count it
  "==": ([a, b], value) => value(a) === value(b),
  "!=": ([a, b], value) => value(a) !== value(b),
  "<": ([a, b], value) => value(a) < value(b),
  "<=": ([a, b], value) => value(a) <= value(b),
  ">": ([a, b], value) => value(a) > value(b),
  ">=": ([a, b], value) => value(a) >= value(b),
  "!": ([a], value) => !value(a),
  all: (parts, value) => parts.every(value),
  any: (parts, value) => parts.some(value),
  in: ([needle, haystack], value) => value(haystack)?.includes(value(needle)) ?? false,
  "to-string": ([a], value) => String(value(a) ?? ""),
  concat: (parts, value) => parts.map((part) => String(value(part) ?? "")).join(""),
  coalesce: (parts, value) => parts.map(value).find((each) => each !== null && each !== undefined) ?? null,
  match: ([input, ...rest], value) => {
    const wanted = value(input);
    for (let i = 0; i + 1 < rest.length; i += 2) {
      if ([rest[i]].flat().includes(wanted)) return value(rest[i + 1]);
    }
    return value(rest.at(-1));
  },
  case: (parts, value) => {
    for (let i = 0; i + 1 < parts.length; i += 2) if (value(parts[i])) return value(parts[i + 1]);
    return value(parts.at(-1));
  },
  step: ([input, first, ...stops], value) => {
    const at = value(input);
    let result = first;
    for (let i = 0; i + 1 < stops.length; i += 2) if (at >= stops[i]) result = stops[i + 1];
    return value(result);
  },
  // Between two colours there is no row of a legend: the nearer stop below stands for it.
  interpolate: ([, input, ...stops], value) => {
    const at = value(input);
    let result = stops[1];
    for (let i = 0; i + 1 < stops.length; i += 2) if (at >= stops[i]) result = stops[i + 1];
    return value(result);
  },
};
