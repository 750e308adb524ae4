"""One polygon with 30,000 noisy vertices, cold, at low zooms: a layer of the bench's own, in a city of its own.

No shipped layer with such outlines is drawn at zoom 8, so the bench adds a layer folder (drawn from zoom 5) to a copy
of the sample city in a checkout of links (GISAPP_ROOT), loads the polygon through `gisapp load` and asks over HTTP.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.city import WORK, gisapp, prepare, settings_at
from bench.measure import Times
from bench.places import SEED, path_of
from bench.server import forget, serving
from gisapp.geo.tiles import tile_at
from gisapp.settings import ROOT

VERTICES = 30_000
ZOOMS = range(5, 13)
TIMES = 10
REACH_MS = 100.0
CENTRE, RADIUS = (141.3, 35.2), 0.13  # degrees: it fills the city's bounds
LAYER = "disaster.bench_noisy"
LAYER_TOML = """
title = { ja = "雑な輪郭", en = "A noisy outline" }
geometry = "MultiPolygon"
key = ["number"]
label = "{number}"
see = "public"
default = false

[zoom]
min = 5
max = 12

[source]
name = { ja = "計測用", en = "For the bench" }
licence = "CC0"
date = 2026-04-01
confirmed = false

[fields.number]
type = "integer"
title = { ja = "番号", en = "Number" }
"""
STYLE = [
    {
        "id": "area",
        "type": "fill",
        "metadata": {"slot": "hazard", "legend": True},
        "paint": {"fill-color": "#4682b4", "fill-opacity": 0.5},
    }
]


def noisy() -> dict[str, Any]:
    """A row for every zoom: milliseconds of the tile with the polygon's eastern edge, forgotten before each time."""
    settings = settings_at("city-noisy")
    more = {"GISAPP_ROOT": str(_root())}
    prepare(settings, more)
    file = WORK / "noisy.geojson"
    file.write_text(json.dumps(polygon()))
    gisapp(settings, "load", str(file), "--layer", LAYER, more=more)
    with serving(settings, more) as server:
        server.warm(LAYER, ZOOMS[-1])
        rows = [_row(server, zoom, more) for zoom in ZOOMS]
    return {"vertices": VERTICES, "layer": LAYER, "rows": rows, "reach_ms": REACH_MS}


def _row(server: Any, zoom: int, more: Mapping[str, str]) -> dict[str, Any]:
    path = path_of(LAYER, (zoom, *tile_at(CENTRE[0] + 0.9 * RADIUS, CENTRE[1], zoom)))  # at its edge
    answers = []
    for _ in range(TIMES):
        forget(server.settings, more)
        answers.append(server.requests().need(path))
    if not answers[0].body or any(answer.from_cache for answer in answers):
        raise SystemExit(f"bench: {path} is empty or was not cold")
    return {
        "zoom": zoom,
        **Times(tuple(answer.milliseconds for answer in answers)).as_dict(),
        "bytes": len(answers[0].body),
    }


def polygon() -> dict[str, Any]:
    """The polygon as GeoJSON: a star of noise around a circle, valid by its making, the same every time."""
    chance = random.Random(SEED)
    points = []
    for number in range(VERTICES):
        angle, radius = math.tau * number / VERTICES, RADIUS * (0.8 + 0.2 * chance.random())
        points.append([CENTRE[0] + radius * math.cos(angle), CENTRE[1] + 0.8 * radius * math.sin(angle)])
    geometry = {"type": "Polygon", "coordinates": [[*points, points[0]]]}
    feature = {"type": "Feature", "properties": {"number": 1}, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature]}


def _root() -> Path:
    """A checkout of links with the bench's layer folder in its sample city."""
    root = WORK / "noisy-root"
    shutil.rmtree(root, ignore_errors=True)
    folder = root / "cities" / "sample" / "layers" / LAYER.replace(".", "/")
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "cities" / "sample" / "city.toml", root / "cities" / "sample")
    (folder / "layer.toml").write_text(LAYER_TOML)
    (folder / "style.json").write_text(json.dumps(STYLE))
    for name in ("layers", "static", "migrations"):
        (root / name).symlink_to(ROOT / name)
    return root
