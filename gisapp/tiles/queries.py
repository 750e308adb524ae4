"""Asks PostGIS for tiles."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from psycopg.types.numeric import Int4
from sqlalchemy import Connection

from gisapp import errors
from gisapp.db import Database, in_binary
from gisapp.geo.tiles import unit
from gisapp.tiles.content import finished
from gisapp.tiles.plan import Plan
from gisapp.tiles.statement import statement

AT_LEAST = 2  # layers for a connection: fewer are not worth its round trips


def read_tiles(
    database: Database, role: str, plans: tuple[Plan, ...], z: int, x: int, y: int, helpers: Executor
) -> tuple[str, list[bytes]]:
    """The vector tile (MVT 2, extent 4096) of each plan (at least one), and the snapshot (as text) that all of it shows.

    Several are read at once, by `helpers`, on connections that share the snapshot: a joined tile is never half before
    and half after a change. `role` is an audience that may read the plans' views.
    Raises errors.DatabaseAway, TooSlow, Busy.
    """
    values = parameters(z, x, y)
    read = _read_at_once if len(plans) >= 2 * AT_LEAST else _read_one_by_one
    try:
        return read(database, role, plans, z, values, helpers)
    except errors.DatabaseAway as error:
        if not getattr(error.__cause__, "connection_invalidated", False):
            raise
        return read(
            database, role, plans, z, values, helpers
        )  # the connection had ended, maybe not the database


def tiles_on(
    connection: Connection, plans: tuple[Plan, ...], z: int, x: int, y: int
) -> tuple[str, list[bytes]]:
    """As `read_tiles`, one after the other on a connection that the caller has."""
    return _read(connection, plans, z, parameters(z, x, y))


def _read(
    connection: Connection, plans: tuple[Plan, ...], z: int, values: Mapping[str, Any]
) -> tuple[str, list[bytes]]:
    with in_binary(connection):
        seen, *columns = connection.exec_driver_sql(statement(plans, z), values).one()
    place = z, int(values["x"]), int(values["y"])
    return seen, [finished(plan, column, *place) for plan, column in zip(plans, columns, strict=True)]


def parameters(z: int, x: int, y: int) -> Mapping[str, Any]:
    """The parameters of a tile's statement."""
    # Int4: psycopg would choose the width by the number, and prepare a statement for every choice.
    return {"z": Int4(z), "x": Int4(x), "y": Int4(y), "unit": unit(z)}


def _read_one_by_one(
    database: Database, role: str, plans: tuple[Plan, ...], z: int, values: Mapping[str, Any], _: Executor
) -> tuple[str, list[bytes]]:
    with database.reading(role) as connection:
        return _read(connection, plans, z, values)


def _read_at_once(
    database: Database,
    role: str,
    plans: tuple[Plan, ...],
    z: int,
    values: Mapping[str, Any],
    helpers: Executor,
) -> tuple[str, list[bytes]]:
    groups = max(len(plans) // AT_LEAST, 2)
    shares = [plans[n::groups] for n in range(groups)]

    def read_share(share: tuple[Plan, ...], snapshot: str) -> list[bytes]:
        with database.snapshot(role, snapshot) as connection:
            return _read(connection, share, z, values)[1]

    with database.snapshot(role) as connection:
        name = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        others = [helpers.submit(read_share, share, name) for share in shares[1:]]
        try:
            seen, own = _read(connection, shares[0], z, values)
        finally:
            found = [
                other.exception() or other.result() for other in others
            ]  # the snapshot lives while we do
    for each in found:
        if isinstance(each, BaseException):
            raise each
    contents: list[bytes] = [b""] * len(plans)
    for n, share in enumerate([own, *found]):
        contents[n::groups] = share  # type: ignore[assignment]
    return seen, contents
