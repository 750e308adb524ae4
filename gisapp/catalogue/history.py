"""The history table of a layer: every row as it was before a revision changed or removed it.

A row that was added needs no entry: it is what carries the revision's number and has no earlier state. So a change costs
one row here, and the state after it is the next entry of the same id, or the layer's own row.
"""

from __future__ import annotations

from psycopg import sql

from gisapp.catalogue.generalised import SQL_TYPES, table_name
from gisapp.catalogue.layer import Layer, view_for

SCHEMA = "history"
OWN = {"revision": "bigint", "id": "bigint", "became": "text", "old_revision": "bigint"}
"""revision: which one changed the row; became: changed or removed; old_revision: what the row's own revision was before."""


def history_table(layer: Layer) -> sql.Identifier:
    """The table's name for a statement: `history.<department>__<layer>`."""
    return sql.Identifier(SCHEMA, table_name(layer))


def columns(layer: Layer) -> dict[str, str]:
    """Every column with its SQL type, in order: its own, the layer's fields, the shape in the city's system."""
    fields = {field.name: SQL_TYPES[field.type] for field in layer.fields}
    return {**OWN, **fields, "geom": "geometry"}


def readable(layer: Layer) -> tuple[str, ...]:
    """The columns that the layer's own department may read: what it sees of the layer. Nobody else reads history."""
    view = view_for(layer, frozenset({layer.department}))
    if view is None:
        return ()
    return (*OWN, *(name for name in columns(layer) if name not in OWN and name in view.columns))
