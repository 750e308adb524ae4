"""The generalised table of a layer: its name, its columns, and what it was declared to be.

One row a class and tile (a cluster: one row a cluster), keyed by the tile's numbers, already clipped to the tile with
its buffer and simplified for it: in the tile's own whole units, as a vector tile has them, and of
areas once more as it writes them (`commands`). A row with x = -1 and y = -1 says that its zoom has been built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from gisapp.catalogue.layer import POINT_COUNT, Layer, View, tokens

SCHEMA = "generalised"
LONGEST_NAME = 63
MARK = -1
"""x and y of the row that says that its zoom has been built."""
SQL_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "text": "text",
        "integer": "bigint",
        "number": "double precision",
        "boolean": "boolean",
        "date": "date",
        "datetime": "timestamp with time zone",
    }
)


def table_name(layer: Layer) -> str:
    """The table's name in its schema: `<department>__<layer>`."""
    name = f"{layer.department}__{layer.name}"
    if len(name) <= LONGEST_NAME - 5:  # its primary key ends with _pkey
        return name
    return name[: LONGEST_NAME - 18] + "_" + hashlib.sha256(layer.id.encode()).hexdigest()[:12]


def relation(layer: Layer) -> str:
    """The table as changes and caches name it: `generalised.<department>__<layer>`."""
    return f"{SCHEMA}.{table_name(layer)}"


def clustered(layer: Layer) -> bool:
    """Whether the table holds clusters of points (else areas of classes)."""
    return any(block.how == "cluster" for block in layer.generalised)


def class_columns(layer: Layer) -> tuple[str, ...]:
    """The fields that tell the classes apart."""
    return layer.generalised[0].by if layer.generalised else ()


def columns(layer: Layer) -> dict[str, str]:
    """Every column with its SQL type, in order."""
    kind = "Point" if clustered(layer) else "MultiPolygon"
    return {
        "z": "smallint",
        "x": "integer",
        "y": "integer",
        "id": "bigint",
        **{name: SQL_TYPES[layer.field(name).type] for name in class_columns(layer)},
        **({POINT_COUNT: "bigint"} if clustered(layer) else {"area": "double precision"}),
        "geom_tile": f"geometry({kind})",
        **({} if clustered(layer) else {"commands": "bytea"}),
    }


def declared(layer: Layer) -> str:
    """What layer.toml says of the generalised zooms, as text: a table built for another text is built anew."""
    return f"{layer.generalised!r} {layer.rows!r}" if layer.rows else repr(layer.generalised)


def least_views(layer: Layer) -> tuple[View, ...]:
    """The views that show least: whoever sees the layer at all may read one of them."""
    views = layer.views()
    return tuple(v for v in views if not any(o is not v and o.needs <= tokens(v.needs) for o in views))
