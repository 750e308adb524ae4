"""pygeoapi: the OGC's reference of the API standards (Python, Flask); tiles by its MVT-postgresql provider."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.city import WORK, first_port
from bench.measure import Answer, Requests
from bench.peers import PATIENCE, PROCESSES, SCHEMA, Peer, View, environment_of, login, name_of, running
from bench.places import Tile
from gisapp.installation import Installation

VERSION = "0.21.0"
NEEDS = ("gunicorn", "psycopg2-binary", "geoalchemy2")


@contextmanager
def pygeoapi(installation: Installation, views: list[View]) -> Iterator[Peer]:
    """A running pygeoapi over the views."""
    port = first_port() + 3
    programs = environment_of("pygeoapi", f"pygeoapi=={VERSION}", *NEEDS)
    config, openapi = WORK / "pygeoapi.yml", WORK / "pygeoapi-openapi.yml"
    config.write_text(json.dumps(_configuration(installation, views, port)))  # JSON is YAML
    variables = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    made = [str(programs / "pygeoapi"), "openapi", "generate", str(config), "--output-file", str(openapi)]
    subprocess.run(made, env=os.environ | variables, check=True, capture_output=True)
    words = [str(programs / "gunicorn"), "pygeoapi.flask_app:APP", "--bind", f"127.0.0.1:{port}"]
    words += ["--workers", str(PROCESSES), "--timeout", "300", "--log-level", "error"]
    requests = Requests(
        f"http://127.0.0.1:{port}", {"Accept-Encoding": "identity"}, keep=False, seconds=3 * PATIENCE
    )

    def ask(layer: str, tile: Tile) -> Answer:
        z, x, y = tile
        return requests.ask(f"/collections/{name_of(layer, tile)}/tiles/WebMercatorQuad/{z}/{y}/{x}?f=mvt")

    with running("pygeoapi", words, port, variables):
        yield Peer("pygeoapi", VERSION, ask, f"http://127.0.0.1:{port}", _items)


def _items(view: View) -> Callable[[int], str]:
    wanted = f"f=json&sortby=id&properties={','.join(view.columns)}"
    return lambda limit: f"/collections/{view.name}/items?limit={limit}&{wanted}"


def _configuration(installation: Installation, views: list[View], port: int) -> dict[str, Any]:
    words = {"title": "bench", "description": "bench", "keywords": ["bench"], "url": "http://127.0.0.1"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port},
            "url": f"http://127.0.0.1:{port}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://127.0.0.1/{z}/{x}/{y}", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": words | {"keywords_type": "theme", "terms_of_service": "none"},
            "license": {"name": "none", "url": "http://127.0.0.1"},
            "provider": {"name": "bench", "url": "http://127.0.0.1"},
            "contact": {"name": "bench", "email": "bench@example.org"},
        },
        "resources": {view.name: _collection(installation, view) for view in views},
    }


def _collection(installation: Installation, view: View) -> dict[str, Any]:
    one = login(installation)
    data = {
        "host": one["host"],
        "port": int(one["port"]),
        "dbname": one["database"],
        "user": one["user"],
        "password": one["password"],
        "search_path": [SCHEMA],
    }
    crs = "http://www.opengis.net/def/crs/EPSG/0/3857"
    provider = {
        "type": "tile",
        "name": "MVT-postgresql",
        "data": data,
        "id_field": "id",
        "table": view.name,
        "geom_field": "geom_web",
        "storage_crs": crs,
        "options": {"zoom": {"min": 0, "max": 22}},
        "format": {"name": "pbf", "mimetype": "application/vnd.mapbox-vector-tile"},
    }
    features = {name: provider[name] for name in ("data", "id_field", "table", "geom_field", "storage_crs")}
    features |= {"type": "feature", "name": "PostgreSQL"}
    west, south, east, north = installation.city.bounds
    return {
        "type": "collection",
        "title": view.layer,
        "description": view.layer,
        "keywords": ["bench"],
        "extents": {"spatial": {"bbox": [west, south, east, north]}},
        "providers": [provider, features],
    }
