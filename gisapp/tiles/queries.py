"""Asks PostGIS for tiles."""

from __future__ import annotations

from psycopg.types.numeric import Int4
from sqlalchemy import Connection

from gisapp import errors
from gisapp.db import Database
from gisapp.geo.tiles import unit
from gisapp.tiles.plan import Plan
from gisapp.tiles.statement import statement


def read_tiles(
    database: Database, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int
) -> tuple[str, list[bytes]]:
    """The vector tile (MVT 2, extent 4096) of each plan (at least one), and the snapshot (as text) that the statement saw.

    `role` is an audience that may read the plans' views. Raises errors.DatabaseAway, TooSlow, Busy.
    """
    try:
        return _read(database, role, plans, z, x, y)
    except errors.DatabaseAway as error:
        if not getattr(error.__cause__, "connection_invalidated", False):
            raise
        return _read(database, role, plans, z, x, y)  # the connection had ended, maybe not the database


def _read(
    database: Database, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int
) -> tuple[str, list[bytes]]:
    with database.reading(role) as connection:
        return tiles_on(connection, plans, z, x, y)


def tiles_on(
    connection: Connection, plans: tuple[Plan, ...], z: int, x: int, y: int
) -> tuple[str, list[bytes]]:
    """As `read_tiles`, on a connection that the caller has."""
    # Int4: psycopg would choose the width by the number, and prepare a statement for every choice.
    values = {"z": Int4(z), "x": Int4(x), "y": Int4(y), "unit": unit(z)}
    seen, *contents = connection.exec_driver_sql(statement(plans, z), values).one()
    return seen, contents
