"""The addresses of every route, for one feature of a layer: what the test of secrecy asks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from gisapp.catalogue.layer import Layer
from gisapp.geo.tiles import tile_at

NOT_LAYERS = [
    *("/healthz", "/readyz", "/metrics", "/sign-in", "/", "/favicon.ico"),
    *("/people", "/account", "/uploads", "/sign-in/oidc", "/sign-in/oidc/callback", "/audit", "/audit.csv"),
]


@dataclass(frozen=True)
class Place:
    """One feature of a layer and where it is."""

    layer: Layer
    feature: int
    lon: float
    lat: float
    upload: str = ""  # a file for the layer that waits with its rows staged

    def tile(self, zoom: int) -> str:
        x, y = tile_at(self.lon, self.lat, zoom)
        return f"{zoom}/{x}/{y}"


def addresses(rule: str, place: Place) -> list[str] | None:
    """The addresses to ask on one channel about one place; None for a channel that this test does not know."""
    layer, zooms = place.layer.id, range(place.layer.min_zoom, place.layer.max_zoom + 1)
    at = f"lon={place.lon:.6f}&lat={place.lat:.6f}"
    box = f"{place.lon - 0.001:.5f},{place.lat - 0.001:.5f},{place.lon + 0.001:.5f},{place.lat + 0.001:.5f}"
    tiles = [place.tile(zoom) for zoom in zooms]
    known: dict[str, list[str]] = {
        "/maps/hazard": ["/maps/hazard", "/maps/hazard?lang=en"],
        "/maps/<string:department>": [
            f"/maps/{place.layer.department}",
            f"/maps/{place.layer.department}?lang=en",
        ],
        "/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.mvt": [f"/tiles/{layer}/{t}.mvt" for t in tiles]
        + [f"/tiles/base.boundary,{layer}/{tiles[-1]}.mvt"],
        "/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.png": [
            f"/tiles/{layer}/{place.tile(place.layer.max_zoom + 1)}.png",
            f"/tiles/base.boundary,{layer}/{place.tile(20)}.png",
        ],
        "/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.webp": [
            f"/tiles/{layer}/{place.tile(20)}.webp?size=512"
        ],
        "/tiles/<string:layers>/pictures.json": [f"/tiles/{layer}/pictures.json?format=webp"],
        "/tiles/<string:layers>.json": [f"/tiles/{layer}.json", f"/tiles/base.boundary,{layer}.json"],
        "/api/identify": [
            f"/api/identify?{at}&zoom=18",
            f"/api/identify?{at}&layers={layer}&zoom=18&lang=en",
            "/api/identify?lon=x",
            f"/api/identify?bbox={box}&limit=50",
            f"/api/identify?feature={layer}/{place.feature}&buffer=5&limit=50",
        ],
        "/api/export": [
            f"/api/export?layer={layer}&format=csv",
            f"/api/export?layer={layer}&properties=owner_name",
        ],
        "/api/nearest": [f"/api/nearest?layer={layer}&{at}", f"/api/nearest?layer={layer}&{at}&owner_name=x"],
        "/api/summary": [
            f"/api/summary?layer={layer}",
            f"/api/summary?layer={layer}&area={layer}",
            f"/api/summary?layer={layer}&by=owner_name&f=csv",
            f"/api/summary?layer=base.building&meets={layer}&meets-filter=owner_name%20IS%20NULL",
        ],
        "/api/search": [
            f"/api/search?q={place.lon:.6f},{place.lat:.6f}",
            *(
                f"/api/search?q={quote(word)}"
                for word in ("トイレ", "本町", "本町2丁目101-1", "秘ZQ", "918273")
            ),
            "/api/search?q=",
        ],
        "/api/suggest": [f"/api/suggest?q={quote(word)}" for word in ("本", "本町2-101", "秘", "ZQ", "918")],
        "/api/reverse": [f"/api/reverse?{at}", "/api/reverse?lon=x"],
        "/ogc/": ["/ogc/", "/ogc/?f=html"],
        "/ogc/conformance": ["/ogc/conformance"],
        "/ogc/api": ["/ogc/api"],
        "/ogc/collections": ["/ogc/collections", "/ogc/collections?f=html"],
        "/ogc/collections/<string:layer>": [f"/ogc/collections/{layer}", f"/ogc/collections/{layer}?f=html"],
        "/ogc/collections/<string:layer>/items": [
            f"/ogc/collections/{layer}/items?limit=50",
            f"/ogc/collections/{layer}/items?bbox={box}",
            f"/ogc/collections/{layer}/items?owner_name=x",
            f"/ogc/collections/{layer}/items?bbox=1,2",
            f"/ogc/collections/{layer}/items?limit=50&crs=EPSG:6668&filter=id>0",
            f"/ogc/collections/{layer}/items?filter=owner_name%20IS%20NULL",
            f"/ogc/collections/{layer}/items?properties=owner_name",
        ],
        "/ogc/collections/<string:layer>/items/<int:feature>": [
            f"/ogc/collections/{layer}/items/{place.feature}"
        ],
        "/ogc/tileMatrixSets": ["/ogc/tileMatrixSets"],
        "/ogc/tileMatrixSets/<string:name>": ["/ogc/tileMatrixSets/WebMercatorQuad"],
        **_ogc_tiles(place),
        "/ogc/styles": ["/ogc/styles"],
        "/ogc/styles/<string:style>": [f"/ogc/styles/{layer}"],
        "/ogc/records": ["/ogc/records"],
        "/ogc/records/<string:layer>": [f"/ogc/records/{layer}"],
        "/wms": _wms(place),
        "/wmts": [
            "/wmts?REQUEST=GetCapabilities",
            f"/wmts?REQUEST=GetTile&LAYER={layer}&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=1&TILEROW=0&TILECOL=0",
        ],
        "/wmts/1.0.0/WMTSCapabilities.xml": ["/wmts/1.0.0/WMTSCapabilities.xml"],
        "/ogc/collections/<string:layer>/queryables": [f"/ogc/collections/{layer}/queryables"],
        "/api/uploads": ["/api/uploads", "/api/uploads?lang=en"],
        "/api/uploads/<uuid:upload_id>": [f"/api/uploads/{place.upload}"],
        "/api/uploads/<uuid:upload_id>/difference": [f"/api/uploads/{place.upload}/difference?limit=500"],
        "/api/uploads/<uuid:upload_id>/difference.geojson": [
            f"/api/uploads/{place.upload}/difference.geojson"
        ],
        "/api/uploads/<uuid:upload_id>/repairs": [f"/api/uploads/{place.upload}/repairs?code=text_cut"],
    }
    known |= {"/people/<int:person>": ["/people/1"], "/one-time/<string:code>": ["/one-time/no.code"]}
    known |= {address: [address] for address in NOT_LAYERS}
    return known.get(rule)


def _ogc_tiles(place: Place) -> dict[str, list[str]]:
    """The addresses of OGC API - Tiles: descriptions, and one tile of each kind."""
    layer, last = place.layer.id, place.layer.max_zoom
    found: dict[str, list[str]] = {}
    for kind, zoom in (("tiles", last), ("map/tiles", last + 1)):
        z, x, y = place.tile(zoom).split("/")
        for base in (f"/ogc/{kind}", f"/ogc/collections/<string:layer>/{kind}"):
            here = base.replace("<string:layer>", layer)
            joined = f"base.boundary,{layer}" if kind == "tiles" else layer  # kept already: asked for above
            some = "" if "collections" in base else f"?collections={joined}"
            found[base] = [here]
            found[f"{base}/<string:name>"] = [f"{here}/WebMercatorQuad{some}"]
            found[f"{base}/<string:name>/<int:z>/<int:row>/<int:column>"] = [
                f"{here}/WebMercatorQuad/{z}/{y}/{x}{some}"
            ]
    return found


def _wms(place: Place) -> list[str]:
    """What it says of itself, and the feature at the middle of a map, in every form."""
    layer, (lon, lat) = place.layer.id, (place.lon, place.lat)
    box = f"{lon - 0.0005:.6f},{lat - 0.0005:.6f},{lon + 0.0005:.6f},{lat + 0.0005:.6f}"
    here = f"LAYERS={layer}&CRS=CRS:84&BBOX={box}&WIDTH=101&HEIGHT=101"
    info = f"/wms?REQUEST=GetFeatureInfo&{here}&QUERY_LAYERS={layer}&I=50&J=50&FEATURE_COUNT=10&INFO_FORMAT="
    return [
        "/wms?REQUEST=GetCapabilities",
        "/wms?REQUEST=GetCapabilities&VERSION=1.1.1&lang=en",
        f"/wms?REQUEST=GetMap&{here}",
        f"/wms?REQUEST=GetLegendGraphic&LAYER={layer}",
        *(info + form for form in ("application/json", "text/html", "text/plain")),
    ]
