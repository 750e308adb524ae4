"""Which tiles the data touch: found on the layers' spatial indexes from the whole world downwards, so that one feature that
lies far away by mistake costs a few tiles a zoom and not the sea between."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from psycopg import sql
from sqlalchemy import Connection

from gisapp.geo.tiles import BUFFER, EXTENT
from gisapp.tiles.plan import Plan

ASKED_AT_ONCE = 1000
Tiles: TypeAlias = "array[int]"
"""Tiles of one zoom, packed: column in the upper half of 64 bits, row in the lower."""

# Names that begin with _ are no field's.
_TOUCHED = sql.SQL(
    "SELECT _x, _y FROM unnest(%(x)s::int[], %(y)s::int[]) AS _tile (_x, _y) WHERE {} ORDER BY _y, _x"
)
_HAS = sql.SQL("EXISTS (SELECT FROM {} WHERE geom_web && ST_TileEnvelope(%(z)s, _x, _y, margin => {}))")


def pack(x: int, y: int) -> int:
    """A tile as one number."""
    return x << 32 | y


def unpack(tile: int) -> tuple[int, int]:
    """Column and row of `pack`."""
    return tile >> 32, tile & 0xFFFFFFFF


def touched(connection: Connection, plans: Sequence[Plan], last: int) -> Iterator[Tiles]:
    """For each zoom from 0 to `last` the tiles into which (with their buffer) the box of a feature of these layers reaches.

    The connection's role may read the plans' views. A tile's buffered box lies in that of the tile above it, so nothing is
    missed. What the style does not draw counts as well: some tiles will be empty.
    """
    question = _question(plans)
    candidates = array("Q", [0])
    for z in range(last + 1):
        found = array("Q")
        for start in range(0, len(candidates), ASKED_AT_ONCE):
            places = [unpack(one) for one in candidates[start : start + ASKED_AT_ONCE]]
            values = {"z": z, "x": [x for x, _ in places], "y": [y for _, y in places]}
            found.extend(pack(x, y) for x, y in connection.exec_driver_sql(question, values))
        yield found
        candidates = array("Q", (child for one in found for child in _children(one)))


def _question(plans: Sequence[Plan]) -> str:
    views = dict.fromkeys((layer.department, view.name) for layer, view in (plan.made_of for plan in plans))
    has = (_HAS.format(sql.Identifier(*view), sql.Literal(BUFFER / EXTENT)) for view in views)
    return _TOUCHED.format(sql.SQL(" OR ").join(has)).as_string(None)


def _children(tile: int) -> Iterator[int]:
    x, y = unpack(tile)
    return (pack(2 * x + right, 2 * y + down) for down in (0, 1) for right in (0, 1))
