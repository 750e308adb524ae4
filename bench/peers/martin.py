"""martin's exact SQL (its 1.x, `query_tables.rs`), run in the database: a lower bound of what martin needs.

There is no martin to install from the package registries here; what its process adds (HTTP, Rust) is little.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from bench.measure import Answer
from bench.peers import SCHEMA, Peer, View, login, name_of
from bench.places import Tile
from gisapp.installation import Installation

SQL = """
    SELECT ST_AsMVT(tile, '{layer}', 4096, 'geom', 'id') FROM (
      SELECT ST_AsMVTGeom(ST_Transform(ST_CurveToLine(geom_web::geometry), 3857), ST_TileEnvelope(%s, %s, %s), 4096, 64, true)
        AS geom, {columns}
      FROM {table}
      WHERE geom_web && ST_Transform(ST_TileEnvelope(%s, %s, %s, margin => 64.0 / 4096), 3857)) AS tile
"""


@contextmanager
def martin(installation: Installation, views: list[View]) -> Iterator[Peer]:
    """martin's statement over the views, prepared, on one connection with the server's defaults."""
    one = login(installation)
    statements = {
        view.name: SQL.format(
            layer=view.layer, columns=", ".join(("id", *view.columns)), table=f"{SCHEMA}.{view.name}"
        )
        for view in views
    }
    words = {"host": one["host"], "port": one["port"], "user": one["user"], "password": one["password"]}
    with psycopg.connect(dbname=one["database"], autocommit=True, **words) as connection:  # type: ignore[arg-type]

        def ask(layer: str, tile: Tile) -> Answer:
            began = time.perf_counter()
            row = None
            with suppress(psycopg.errors.QueryCanceled):  # too slow: see PATIENCE
                row = connection.execute(
                    statements[name_of(layer, tile)], (*tile, *tile), prepare=True, binary=True
                ).fetchone()
            took = (time.perf_counter() - began) * 1000
            return Answer(took, 200, bytes(row[0] or b"") if row else b"", {})

        yield Peer("martin's SQL", "1.x", ask)
