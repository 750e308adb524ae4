// What @camptocamp/ogc-client reads of a running server, and the addresses that it makes: as JSON for the test.
import { OgcApiEndpoint, WmsEndpoint, WmtsEndpoint } from "@camptocamp/ogc-client";

const [server, layer, lon, lat] = [process.argv[2], process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
const extent = [lon - 0.0005, lat - 0.0005, lon + 0.0005, lat + 0.0005];

async function api() {
  const end = new OgcApiEndpoint(`${server}/ogc/`);
  return {
    info: await end.info,
    features: await end.featureCollections,
    vectorTiles: await end.vectorTileCollections,
    mapTiles: await end.mapTileCollections,
    has: { features: await end.hasFeatures, tiles: await end.hasTiles, styles: await end.hasStyles, records: await end.hasRecords },
    matrixSets: await end.tileMatrixSets,
    collection: await end.getCollectionInfo(layer),
    items: await end.getCollectionItems(layer, 3),
    itemsUrl: await end.getCollectionItemsUrl(layer, { limit: 5, extent, outputCrs: "EPSG:6668", asJson: true }),
    vectorTileset: await end.getVectorTilesetUrl(layer),
    mapTileset: await end.getMapTilesetUrl(layer),
    styles: (await end.allStyles()).map((one) => one.id),
    stylesheet: await end.getStylesheetUrl(layer, "application/vnd.mapbox.style+json"),
  };
}

async function wms(version) {
  const end = await new WmsEndpoint(`${server}/wms?SERVICE=WMS&VERSION=${version}&REQUEST=GetCapabilities`).isReady();
  return {
    version: end.getVersion(),
    title: end.getServiceInfo().title,
    layers: end.getFlattenedLayers().map((one) => one.name).filter(Boolean),
    layer: end.getLayerByName(layer),
    map: end.getMapUrl([layer], { widthPx: 101, heightPx: 101, crs: "EPSG:3857", extent: web(extent), outputFormat: "image/png" }),
  };
}

async function wmts() {
  const end = await new WmtsEndpoint(`${server}/wmts?REQUEST=GetCapabilities`).isReady();
  const n = 2 ** 18;
  const column = Math.floor(((lon + 180) / 360) * n);
  const row = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * n);
  return {
    layers: end.getLayers().map((one) => one.name),
    layer: end.getLayerByName(layer),
    sets: end.getMatrixSets().map((one) => one.identifier),
    tile: end.getTileUrl(layer, end.getLayerByName(layer).defaultStyle, "WebMercatorQuad", "18", row, column, "image/png"),
  };
}

function web([west, south, east, north]) {
  const x = (degrees) => (degrees * 20037508.342789244) / 180;
  const y = (degrees) => (Math.asinh(Math.tan((degrees * Math.PI) / 180)) / Math.PI) * 20037508.342789244;
  return [x(west), y(south), x(east), y(north)];
}

console.log(JSON.stringify({ api: await api(), wms: [await wms("1.1.1"), await wms("1.3.0")], wmts: await wmts() }));
