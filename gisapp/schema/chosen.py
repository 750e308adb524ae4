"""Spatial indexes of the rows alone that a style chooses at low zooms: main roads among all roads.

A tile of a low zoom lies over most of a city: with the index of all rows PostgreSQL reads tens of thousands to draw some hundreds.
The condition is the one of the tile's statement, word for word, which is how PostgreSQL knows that the index will do; where it
does not, the tile is as right as before and only slower.
"""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue
from gisapp.schema.step import Step, quote, statement
from gisapp.tiles.plan import choices

_NAME = re.compile(r"_chosen_[0-9a-f]{10}_idx$")
_LONGEST = 40  # of the layer's part of the name: an identifier has 63 bytes


def is_chosen(name: str | None) -> bool:
    """Whether an index of this name is one of these."""
    return name is not None and _NAME.search(name) is not None


def drop_steps(connection: Connection, catalogue: Catalogue, changing: set[str]) -> list[Step]:
    """Steps that drop those no longer wanted, and those of layers whose tables are `changing` (ids): a condition may not hold for a
    column's new type."""
    kept = {place for place, (layer, _) in _wanted(catalogue).items() if layer.id not in changing}
    return [
        statement(f"drop index {schema}.{name}", f"DROP INDEX {quote(schema)}.{quote(name)}")
        for schema, name in sorted(_there(connection, catalogue) - kept)
    ]


def create_steps(connection: Connection, catalogue: Catalogue) -> list[Step]:
    """Steps that make those which are missing."""
    wanted, steps = _wanted(catalogue), []
    for schema, name in sorted(wanted.keys() - _there(connection, catalogue)):
        layer, condition = wanted[schema, name]
        table = f"{quote(schema)}.{quote(layer.name)}"
        made = f"CREATE INDEX {quote(name)} ON {table} USING gist (geom_web) WHERE {condition}"
        steps.append(statement(f"create index {schema}.{name}", made))
    return steps


def _wanted(catalogue: Catalogue) -> dict[tuple[str, str], tuple[Layer, str]]:
    """By schema and name of the index its layer and its condition."""
    found = {}
    for layer in catalogue.layers.values():
        for condition in choices(layer):
            mark = hashlib.sha256(f"{layer.id} {condition}".encode()).hexdigest()[:10]
            name = f"{layer.name[:_LONGEST]}_chosen_{mark}_idx"
            found[layer.department, name] = layer, condition.replace("%%", "%")
    return found


def _there(connection: Connection, catalogue: Catalogue) -> set[tuple[str, str]]:
    rows = connection.exec_driver_sql(_INDEXES, (sorted(catalogue.departments),))
    return {(schema, name) for schema, name in rows if is_chosen(name)}


_INDEXES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
WHERE relkind = 'i' AND nspname = ANY(%s)
"""
