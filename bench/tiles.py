"""Tiles and identify of a running server: cold tiles of every layer at every zoom it is drawn, and tipg beside it."""

from __future__ import annotations

from bench.measure import Requests, Times
from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation

TILES_PER_ZOOM = 12
PEER_ZOOMS = range(14, 17)


def sampled_points(installation: Installation, layer: str, count: int) -> list[tuple[float, float]]:
    """Longitude and latitude of points on `count` features, the same every time."""
    sql = (
        f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {layer} "
        f"WHERE id IN (SELECT id FROM {layer} ORDER BY md5(id::text) LIMIT {count}) ORDER BY id) AS f"
    )
    with installation.database.transaction("owner") as connection:
        return [(float(x), float(y)) for x, y in connection.exec_driver_sql(sql)]


def cold_tiles(installation: Installation, requests: Requests) -> list[dict[str, object]]:
    """One row a layer and zoom: milliseconds and bytes of non-empty public tiles (there is no cache yet: all are cold)."""
    rows = []
    for layer in installation.catalogue.layers.values():
        if not any(not view.needs for view in layer.views()):
            continue
        points = sampled_points(installation, layer.id, TILES_PER_ZOOM)
        for zoom in range(layer.min_zoom, layer.max_zoom + 1):
            tiles = sorted({(zoom, *tile_at(lon, lat, zoom)) for lon, lat in points})
            times, sizes = _ask(requests, [f"/tiles/{layer.id}/{z}/{x}/{y}.mvt" for z, x, y in tiles])
            if times:
                rows.append(
                    {
                        "layer": layer.id,
                        "zoom": zoom,
                        **Times(tuple(times)).as_dict(),
                        "max_bytes": max(sizes),
                    }
                )
    return rows


def _ask(requests: Requests, paths: list[str]) -> tuple[list[float], list[int]]:
    times, sizes = [], []
    for path in paths:
        milliseconds, status, body = requests.get(path)
        if status == 200 and body:
            times.append(milliseconds)
            sizes.append(len(body))
    return times, sizes


def beside_tipg(
    installation: Installation, ours: Requests, peer: Requests, layers: list[str]
) -> list[dict[str, object]]:
    """The same tiles asked of both in turn, tile by tile: medians of each and how much data each sent."""
    rows = []
    for layer_id in layers:
        layer = installation.catalogue.layer(layer_id)
        points = sampled_points(installation, layer_id, 20)
        collection = f"{layer.department}.{layer.name}_for_public"
        for zoom in (z for z in PEER_ZOOMS if layer.min_zoom <= z <= layer.max_zoom):
            tiles = sorted({(zoom, *tile_at(lon, lat, zoom)) for lon, lat in points})
            pairs = [
                (
                    f"/tiles/{layer_id}/{z}/{x}/{y}.mvt",
                    f"/collections/{collection}/tiles/WebMercatorQuad/{z}/{x}/{y}?geom-column=geom_web",
                )
                for z, x, y in tiles
            ]
            rows.append({"layer": layer_id, "zoom": zoom, **_in_turn(ours, peer, pairs)})
    return rows


def _in_turn(ours: Requests, peer: Requests, pairs: list[tuple[str, str]]) -> dict[str, object]:
    times: dict[str, list[float]] = {"gisapp": [], "tipg": []}
    sizes: dict[str, int] = {"gisapp": 0, "tipg": 0}
    for own_path, peer_path in pairs:
        for name, requests, path in (("gisapp", ours, own_path), ("tipg", peer, peer_path)):
            milliseconds, status, body = requests.get(path)
            if status not in (200, 204):
                raise SystemExit(f"{name}: {status} at {path}: {body[:200]!r}")
            times[name].append(milliseconds)
            sizes[name] += len(body)
    result: dict[str, object] = {}
    for name in times:
        measured = Times(tuple(times[name]))
        result |= {
            f"{name}_p50_ms": measured.p50,
            f"{name}_p95_ms": measured.p95,
            f"{name}_bytes": sizes[name] // len(pairs),
        }
    return result


def identify(installation: Installation, requests: Requests, count: int = 200) -> dict[str, float | int]:
    """Milliseconds of /api/identify over every public layer at points on buildings."""
    points = sampled_points(installation, "base.building", count)
    asked = [f"/api/identify?lon={lon}&lat={lat}&zoom=17" for lon, lat in points]
    return Times(tuple(requests.get(path)[0] for path in asked)).as_dict()
