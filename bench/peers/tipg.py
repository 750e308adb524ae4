"""tipg: OGC API – Features and Tiles over PostGIS (Python, asyncpg)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.city import first_port
from bench.measure import Answer, Requests
from bench.peers import PATIENCE, PROCESSES, SCHEMA, Peer, View, environment_of, login_url, name_of, running
from bench.places import Tile
from gisapp.installation import Installation

VERSION = "1.6.1"


@contextmanager
def tipg(installation: Installation) -> Iterator[Peer]:
    """A running tipg over the views."""
    port = first_port() + 2
    programs = environment_of("tipg", f"tipg=={VERSION}", "uvicorn")
    variables = {
        "DATABASE_URL": login_url(installation),
        "TIPG_DB_SCHEMAS": f'["{SCHEMA}"]',
        "TIPG_MAX_FEATURES_PER_TILE": "10000000",
    }
    words = [str(programs / "uvicorn"), "tipg.main:app", "--port", str(port)]
    words += ["--workers", str(PROCESSES), "--log-level", "error"]
    requests = Requests(
        f"http://127.0.0.1:{port}", {"Accept-Encoding": "identity"}, keep=False, seconds=3 * PATIENCE
    )

    def ask(layer: str, tile: Tile) -> Answer:
        z, x, y = tile
        collection = f"{SCHEMA}.{name_of(layer, tile)}"
        return requests.ask(
            f"/collections/{collection}/tiles/WebMercatorQuad/{z}/{x}/{y}?geom-column=geom_web"
        )

    with running("tipg", words, port, variables):
        yield Peer("tipg", VERSION, ask, f"http://127.0.0.1:{port}", _items)


def _items(view: View) -> Callable[[int], str]:
    wanted = f"geom-column=geom_web&sortby=id&f=geojson&properties={','.join(view.columns)}"
    return lambda limit: f"/collections/{SCHEMA}.{view.name}/items?limit={limit}&{wanted}"
