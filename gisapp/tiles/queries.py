"""Asks PostGIS for tiles."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg.types.numeric import Int4

from gisapp.db import Database
from gisapp.geo.tiles import unit
from gisapp.tiles.plan import Plan
from gisapp.tiles.statement import statement


def read_tile(database: Database, role: str, plans: Iterable[Plan], z: int, x: int, y: int) -> bytes:
    """One vector tile (MVT 2, extent 4096) with a layer for every plan that holds something there.

    A plan whose first zoom is above `z`, or whose style draws nothing there, is left out: the layers of a joined tile have ranges of their own.
    `role` is the audience that the plans' views are for. Raises errors.DatabaseAway, TooSlow, Busy.
    """
    drawn = tuple(plan for plan in plans if z >= plan.min_zoom)
    text = statement(drawn, z)
    if not text:
        return b""
    # Int4: psycopg would choose the width by the number, and prepare a statement for every choice.
    values = {"z": Int4(z), "x": Int4(x), "y": Int4(y), "unit": unit(z)}
    with database.reading(role) as connection:
        return b"".join(connection.exec_driver_sql(text, values).one())
