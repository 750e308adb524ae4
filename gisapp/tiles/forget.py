"""Has every node forget tiles, by writing to the database that all of them follow."""

from __future__ import annotations

from gisapp.catalogue.layer import Layer
from gisapp.changes.follow import KEPT
from gisapp.db import Database
from gisapp.tiles.plan import plan


def forget_all(database: Database) -> str:
    """Renew the epoch: whoever follows this database (caches, derived tables) begins anew. Returns the new one.

    With the owner's rights. Raises errors.DatabaseAway, NotMigrated.
    """
    with database.transaction("owner") as connection:
        return str(connection.exec_driver_sql(_RENEW).scalar_one())


def forget_kept(database: Database) -> None:
    """Note that nothing may be kept of what nodes keep; the tables that tiles are made of stay, as does the search index.

    With the owner's rights. Raises errors.DatabaseAway, NotMigrated.
    """
    with database.transaction("owner") as connection:
        connection.exec_driver_sql(_NOTE, ([KEPT],))


def forget_layer(database: Database, layer: Layer) -> list[str]:
    """Note that the layer, and whatever its tiles are read from instead, changed everywhere; returns those relations.

    With the owner's rights. Raises errors.DatabaseAway, NotMigrated.
    """
    plans = [plan(layer, view) for view in layer.views()]
    depends = (one.at(z).depends for one in plans for z in range(one.min_zoom, one.max_zoom + 1))
    relations = list(dict.fromkeys([*(one.source for one in plans), *depends]))
    with database.transaction("owner") as connection:
        connection.exec_driver_sql(_NOTE, (relations,))
    return relations


_RENEW = "UPDATE gisapp.tile_state SET epoch = gen_random_uuid() RETURNING epoch"
_NOTE = "INSERT INTO gisapp.tile_change (relation) SELECT unnest(%s::text[])"
