"""The areas of a summary as a grid and as small pieces, kept in the process for as long as the same areas are asked about.

Kept by what the areas are, not by their name: a digest of their ids and outlines, taken in the moment (and with the rights)
of the question. So nothing has to follow changes of the layer, and nobody is answered from areas that they may not see.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np
import shapely
from psycopg import sql
from shapely.errors import GEOSException
from sqlalchemy import Connection

from gisapp.features.areas import Areas
from gisapp.geo.inside import Inside, inside

MOST_AREAS = 20_000
MOST_POINTS = 1_000_000
KEPT = 4
PIECE_POINTS = 128
"""A test against a few dozen points costs less than to cut an outline into smaller pieces."""
MOST_TILES = 512  # columns and rows of the tiles that tell which pieces are near
NEAR = 1e-4

_DIGEST = sql.SQL(
    """SELECT count(*) AS areas, coalesce(sum(ST_NPoints(a.geom)), 0) AS points,
  md5(string_agg(a.id || md5(ST_AsBinary(a.geom)), ',' ORDER BY a.id)) AS digest FROM ({areas}) AS a"""
)
_SHAPES = sql.SQL(
    """SELECT a.number, ST_AsEWKB(a.geom) AS whole, ARRAY(SELECT ST_AsEWKB(p.piece) FROM {cut} AS p(piece)) AS pieces
FROM (SELECT row_number() OVER (ORDER BY a.id) AS number, a.geom FROM ({areas}) AS a) AS a ORDER BY a.number"""
)
_CUT = sql.SQL("ST_Subdivide(a.geom, {})").format(sql.Literal(PIECE_POINTS))
_WHOLE = sql.SQL("(SELECT a.geom)")

Values = Mapping[str, Any]
_kept: OrderedDict[tuple[str, bool], Values] = OrderedDict()
_lock = Lock()


def values_of(connection: Connection, areas: Areas, cut: bool) -> Values | None:
    """What a statement of `placed` binds to say where these areas lie; None for more of them than are worth a grid.

    cut: large areas may come in pieces. Raises what the database raises.
    """
    asked = _DIGEST.format(areas=sql.SQL(areas.sql)).as_string(None)
    about = connection.exec_driver_sql(asked, dict(areas.values)).one()
    if not 0 < about.areas <= MOST_AREAS or about.points > MOST_POINTS or about.digest is None:
        return None
    key = (about.digest, cut)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    made = _read(connection, areas, cut)
    if made is not None:
        with _lock:
            _kept[key] = made
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return made


def _read(connection: Connection, areas: Areas, cut: bool) -> Values | None:
    statement = _SHAPES.format(areas=sql.SQL(areas.sql), cut=_CUT if cut else _WHOLE).as_string(None)
    rows = connection.exec_driver_sql(statement, dict(areas.values)).all()
    try:
        shapes = shapely.from_wkb([row.whole for row in rows])
        if shapely.is_empty(shapes).any():
            return None
        grid = inside(shapes)
    except GEOSException:  # an outline that crosses itself: the database says so, if it matters
        return None
    numbers = np.array([row.number for row in rows for _ in row.pieces])
    return {"grid_srid": int(shapely.get_srid(shapes[0]))} | _bound(
        grid, numbers, [bytes(piece) for row in rows for piece in row.pieces]
    )


def _bound(grid: Inside, numbers: Any, pieces: list[bytes]) -> dict[str, Any]:
    """The grid, the pieces, and which of them come near which tile: the tiles of a coarse grid over the same box."""
    west, south, east, north = grid.box
    tiles = max(1, min(MOST_TILES, int(2 * len(pieces) ** 0.5)))
    bounds = shapely.bounds(shapely.from_wkb(pieces))
    scale = tiles / np.array([east - west, north - south])
    first = np.floor((bounds[:, :2] - NEAR - [west, south]) * scale).astype(int) + 1
    wide, high = (np.floor((bounds[:, 2:] + NEAR - [west, south]) * scale).astype(int) + 2 - first).T
    piece = np.repeat(np.arange(len(pieces)), wide * high)
    place = np.arange(len(piece)) - np.repeat(np.cumsum(wide * high) - wide * high, wide * high)
    arrays = {
        "grid_piece_area": numbers,
        "grid_piece_x": first[:, 0],
        "grid_piece_y": first[:, 1],
        "grid_tile_piece": piece + 1,
        "grid_tile_x": first[piece, 0] + place % wide[piece],
        "grid_tile_y": first[piece, 1] + place // wide[piece],
    }
    return {
        "grid_squares": grid.squares,
        "grid_cells": grid.cells,
        "grid_columns": grid.columns,
        "grid_rows": grid.rows,
        "grid_tiles": tiles,
        **dict(zip(("grid_west", "grid_south", "grid_east", "grid_north"), grid.box, strict=True)),
        "grid_piece_shape": pieces,
        "grid_tile_count": len(piece),
        **{name: "{" + ",".join(map(str, array.tolist())) + "}" for name, array in arrays.items()},
    }
