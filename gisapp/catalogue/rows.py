"""Where a layer's rows are read from: its table, or for those whom its row rule keeps rows from, a copy of the open ones.

The copy is a table of its own because a table is what PostgreSQL grants. A view that filters would be as fast and no wall:
whoever may send SQL can have a cheap condition evaluated before the view's own. Row level security and security barriers
are walls, and turn the spatial index off, because PostGIS' operators are not leakproof.
"""

from __future__ import annotations

from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.layer import Layer, View

SCHEMA = "open_rows"


def source(layer: Layer, view: View) -> tuple[str, str]:
    """Schema and name of the table that a view shows."""
    return (layer.department, layer.name) if view.whole else (SCHEMA, table_name(layer))


def common_source(layer: Layer) -> tuple[str, str]:
    """Schema and name of the table with the rows that everybody sees who sees the layer: what derived copies are made of."""
    return (SCHEMA, table_name(layer)) if layer.rows else (layer.department, layer.name)


def relation(table: tuple[str, str]) -> str:
    """Such a table as changes and caches name it: `department.layer` or `open_rows.<department>__<layer>`."""
    return ".".join(table)
