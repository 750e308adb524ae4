"""The search table of a layer: its name, its columns, and what it was declared to be.

One table a layer in the schema `search`, readable by whoever may see the layer at all; what it holds is made of fields
that all of them see (`check_search`). One row a key: a feature with a name and a reading has two.
"""

from __future__ import annotations

from gisapp.catalogue.generalised import table_name
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import Catalogue

SCHEMA = "search"
VERSION = 2
"""Of the keys and indexes: when they are made differently, every table is made anew."""
FULL, GROUP, READING = 0, 1, 2
"""What a key is (column `form`): the name; the name of a town without its 丁目; another name or reading of it."""
COLUMNS = {
    "feature": "bigint",
    "key": 'text COLLATE "C"',
    "label": "text",
    "detail": "text",
    "form": "smallint",
    "level": "smallint",
    "lon": "double precision",
    "lat": "double precision",
    "west": "double precision",
    "south": "double precision",
    "east": "double precision",
    "north": "double precision",
}
"""lon, lat: a point on the feature in degrees; west to north: its box in EPSG:3857, exactly as changes note it."""

__all__ = ["COLUMNS", "FULL", "GROUP", "READING", "SCHEMA", "declared", "searchable", "table_name"]


def searchable(catalogue: Catalogue) -> list[Layer]:
    """The layers that are found by words."""
    return [layer for layer in catalogue.layers.values() if layer.search]


def declared(layer: Layer) -> str:
    """What layer.toml says of the search, as text: a table built for another text is built anew."""
    codes = [layer.field(name).codes for name in layer.search.fields()] if layer.search else []
    return f"{VERSION} {layer.search!r} {layer.label} {codes}" + (f" {layer.rows!r}" if layer.rows else "")
