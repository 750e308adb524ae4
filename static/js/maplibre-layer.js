// A MapLibre style as a Leaflet layer. A classic script, because the scripts that Folium writes call it directly.
// Another renderer takes its place by offering the same small set of methods as `renderer.js` asks for.
"use strict";

/**
 * @param {object} options style (MapLibre style), worker (URL of its worker script), server ("" for this one: where
 *   paths in the style lead), fonts (CSS font stack of the labels)
 * @returns {L.Layer}
 */
function gisappMapLibre({ style, worker, server, fonts }) {
  const base = server ? `${server}/` : `${location.origin}/`;
  if (!gisappHasWebGL()) return L.layerGroup([], { style });
  maplibregl.setWorkerUrl(gisappWorkerUrl(new URL(worker, base)));
  return L.maplibreGL({
    style,
    localIdeographFontFamily: fonts,
    // Paths become addresses here: a worker has no page to resolve them against.
    transformRequest: (url) => ({ url: new URL(url, base).href }),
    interactive: false,
    attributionControl: false,
    padding: 0.1,
    fadeDuration: 0,
    maxZoom: 22,
  });
}

/** Without WebGL MapLibre throws: the page then goes on without a picture. */
function gisappHasWebGL() {
  const canvas = document.createElement("canvas");
  return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
}

/** A worker must come from the page's own origin; a notebook's page does not, so it wraps the script. */
function gisappWorkerUrl(url) {
  if (url.origin === self.origin) return url.href;
  const code = `importScripts(${JSON.stringify(url.href)});`;
  return URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
}
