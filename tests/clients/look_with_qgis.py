"""Run by the system's Python, which has QGIS: opens what stdin says, says on stdout what it found."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDataSourceUri,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProviderRegistry,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402

SIDE = 256  # pixels


def tiles(wish: dict[str, Any]) -> dict[str, Any]:
    """Draw vector tiles in each box: how many pixels are painted."""
    layer = QgsVectorTileLayer(f"type=xyz&url={wish['url']}&zmin={wish['zmin']}&zmax={wish['zmax']}", "tiles")
    return {"valid": layer.isValid(), "painted": [painted(layer, box) for box in wish["boxes"]]}


def pictures(wish: dict[str, Any]) -> dict[str, Any]:
    """Draw picture tiles in each box: how many pixels are painted."""
    uri = f"type=xyz&url={wish['url']}&zmin={wish['zmin']}&zmax={wish['zmax']}"
    layer = QgsRasterLayer(uri, "pictures", "wms")
    return {"valid": layer.isValid(), "painted": [painted(layer, box) for box in wish["boxes"]]}


def service(wish: dict[str, Any]) -> dict[str, Any]:
    """Open a WMS or WMTS layer, draw it in each box of a reference system, and ask what is at a point."""
    layer = QgsRasterLayer(wish["uri"], "service", "wms")
    if not layer.isValid():
        return {"valid": False, "why": layer.error().summary()}
    found = {
        "valid": True,
        "crs": layer.crs().authid(),
        "painted": [painted(layer, box, wish["crs"]) for box in wish["boxes"]],
    }
    if "at" in wish:
        west, south, east, north = wish["boxes"][0]
        asked = layer.dataProvider().identify(
            QgsPointXY(*wish["at"]),
            QgsRaster.IdentifyFormatText,
            QgsRectangle(west, south, east, north),
            SIDE,
            SIDE,
        )
        found["info"] = str(asked.results())
    return found


def painted(layer: Any, box: list[float], crs: str = "EPSG:3857") -> int:
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    settings.setExtent(QgsRectangle(*box))
    settings.setOutputSize(QSize(SIDE, SIDE))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    assert not job.errors(), [error.message for error in job.errors()]
    image, white = job.renderedImage(), QColor("white").rgb()
    return sum(image.pixel(x, y) != white for x in range(SIDE) for y in range(SIDE))


def collection(wish: dict[str, Any]) -> dict[str, Any]:
    """Read an OGC collection."""
    uri = f"url='{wish['url']}' typename='{wish['layer']}' pagingEnabled='true' pageSize='200'"
    return read(QgsVectorLayer(uri, "collection", "OAPIF"))


def read(layer: Any) -> dict[str, Any]:
    if not layer.isValid():
        return {"valid": False}
    features = list(layer.getFeatures())
    return {
        "valid": True,
        "count": layer.featureCount(),
        "read": len(features),
        "fields": [field.name() for field in layer.fields()],
        "area": sum(feature.geometry().area() for feature in features),
        "crs": layer.crs().authid(),
    }


def database(wish: dict[str, Any]) -> dict[str, Any]:
    """List the tables and views that a login shows in the browser, and open some."""
    uri = QgsDataSourceUri()
    uri.setConnection(wish["host"], str(wish["port"]), wish["database"], wish["user"], wish["password"])
    provider = QgsProviderRegistry.instance().providerMetadata("postgres")
    connection = provider.createConnection(uri.uri(False), {})
    listed = [f"{schema}.{t.tableName()}" for schema in wish["schemas"] for t in connection.tables(schema)]
    opened = {}
    for name in wish["open"]:
        schema, view = name.split(".")
        uri.setDataSource(schema, view, "geom", "", "id")
        opened[name] = read(QgsVectorLayer(uri.uri(False), view, "postgres"))
    return {"listed": sorted(set(listed)), "opened": opened}


DO = {
    "tiles": tiles,
    "pictures": pictures,
    "service": service,
    "collection": collection,
    "database": database,
}

if __name__ == "__main__":
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    answers = [DO[wish["do"]](wish) for wish in json.load(sys.stdin)]
    print("FOUND" + json.dumps(answers), flush=True)
    os._exit(0)  # tearing Qt down without a screen may crash, when all is said
