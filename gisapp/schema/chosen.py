"""Spatial indexes of the rows alone that a style chooses at low zooms: main roads among all roads.

A tile of a low zoom lies over most of a city: with the index of all rows PostgreSQL reads tens of thousands to draw some hundreds.
The condition is the one of the tile's statement, word for word, which is how PostgreSQL knows that the index will do; where it
does not, the tile is as right as before and only slower.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from sqlalchemy import Connection

from gisapp.catalogue.load import Catalogue
from gisapp.schema.step import Step, quote, statement
from gisapp.tiles.plan import choices

_NAME = re.compile(r"_chosen_[0-9a-f]{10}_idx$")
_LONGEST = 40  # of the layer's part of the name: an identifier has 63 bytes


def is_chosen(name: str | None) -> bool:
    """Whether an index of this name is one of these."""
    return name is not None and _NAME.search(name) is not None


def drop_steps(connection: Connection, catalogue: Catalogue, changing: Iterable[str]) -> list[Step]:
    """Steps that drop those no longer wanted, and those of layers whose tables are `changing` (ids): a condition may not hold for a
    column's new type."""
    kept = _wanted(catalogue).keys() - {
        (catalogue.layers[id].department, name)
        for id in changing
        if id in catalogue.layers
        for name in _of(catalogue, id)
    }
    return [
        statement(f"drop index {schema}.{name}", f"DROP INDEX {quote(schema)}.{quote(name)}")
        for schema, name in sorted(_there(connection, catalogue) - kept)
    ]


def create_steps(connection: Connection, catalogue: Catalogue) -> list[Step]:
    """Steps that make those which are missing."""
    wanted = _wanted(catalogue)
    return [
        statement(f"create index {schema}.{name}", wanted[schema, name])
        for schema, name in sorted(wanted.keys() - _there(connection, catalogue))
    ]


def _wanted(catalogue: Catalogue) -> dict[tuple[str, str], str]:
    """By schema and name, the statement that makes it."""
    return {
        (layer.department, name): made
        for layer in catalogue.layers.values()
        for name, made in _of(catalogue, layer.id).items()
    }


def _of(catalogue: Catalogue, id: str) -> dict[str, str]:
    layer, found = catalogue.layers[id], {}
    for condition in choices(layer):
        mark = hashlib.sha256(condition.encode()).hexdigest()[:10]
        name = f"{layer.name[:_LONGEST]}_chosen_{mark}_idx"
        table = f"{quote(layer.department)}.{quote(layer.name)}"
        where = condition.replace("%%", "%")
        found[name] = f"CREATE INDEX {quote(name)} ON {table} USING gist (geom_web) WHERE {where}"
    return found


def _there(connection: Connection, catalogue: Catalogue) -> set[tuple[str, str]]:
    rows = connection.exec_driver_sql(_INDEXES, (sorted(catalogue.departments),))
    return {(schema, name) for schema, name in rows if is_chosen(name)}


_INDEXES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind = 'i' AND nspname = ANY(%s)
"""
