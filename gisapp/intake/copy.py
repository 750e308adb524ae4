"""Many rows into PostGIS quickly: COPY from Arrow, and an empty layer's spatial indexes built after its rows.

COPY takes CSV in which every value is quoted, so that no value (unquoted, empty) and an empty text differ. Geometry goes
as hexadecimal EWKB. PostGIS builds a GiST index over rows that are there already several times faster than row by row.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from psycopg import sql
from pyarrow import csv
from sqlalchemy import Connection, Table

from gisapp.audit.record import Entry, record, shell_user
from gisapp.installation import Installation
from gisapp.intake.raw import identifier, raw_connection
from gisapp.revisions.apply import new_revision

ROWS_AT_ONCE = 50_000
WITH_SRID = 0x20000000
WKB_TYPES = {0: 1, 1: 2, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7}
"""By GEOS' number of a type."""
TWO_DIGITS = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype="<u2")
Columns = Mapping[str, "np.ndarray[Any, Any] | pa.Array"]


def copy_rows(
    raw: psycopg.Connection[Any],
    table: Table | str,
    columns: Columns,
    geometry: np.ndarray[Any, Any],
    srid: int,
    revision: int | None = None,
    *,
    freeze: bool = False,
) -> int:
    """Append rows to `table` (a Table or "schema.name") and return their number.

    `columns`: field name → values (NumPy or Arrow; None and NaN are no value). `geometry`: shapely geometries in EPSG:`srid`.
    `revision` goes into every row; None where the table has no such column. `freeze` needs a table that was created or
    emptied in this transaction. Raises psycopg.Error for values that the table does not take; the transaction is lost then.
    """
    names = [*columns, "geom", *(["revision"] if revision is not None else [])]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv{})").format(
        identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", FREEZE" if freeze else ""),
    )
    with raw.cursor() as cursor, cursor.copy(statement) as stream:
        for start in range(0, len(geometry), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            arrays = [_arrow(values[part]) for values in columns.values()]
            arrays.append(_ewkb(geometry[part], srid))
            if revision is not None:
                arrays.append(pa.repeat(pa.scalar(revision), len(arrays[-1])))
            stream.write(_csv(arrays, names))
    return len(geometry)


def _arrow(values: np.ndarray[Any, Any] | pa.Array) -> pa.Array:
    return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, from_pandas=True)


def _ewkb(geometry: np.ndarray[Any, Any], srid: int) -> pa.Array:
    """Shapes as hexadecimal EWKB. Those of one type differ in their SRID from plain WKB by the same bytes."""
    types = np.unique(shapely.get_type_id(geometry[~shapely.is_missing(geometry)]))
    if len(types) != 1 or shapely.has_z(geometry).any() or shapely.has_m(geometry).any():
        return _hexadecimal(
            pa.array(shapely.to_wkb(shapely.set_srid(geometry, srid), include_srid=True), pa.large_binary())
        )
    head = struct.pack("<II", WKB_TYPES[types[0]] | WITH_SRID, srid)
    plain = pa.array(shapely.to_wkb(geometry, byte_order=1), pa.large_binary())
    return _hexadecimal(pc.binary_replace_slice(plain, 1, 5, head))


def _hexadecimal(binary: pa.Array) -> pa.Array:
    there, ends, data = binary.buffers()
    digits = TWO_DIGITS[np.frombuffer(data or b"", np.uint8)]
    return pa.LargeStringArray.from_buffers(
        len(binary), pa.py_buffer(np.frombuffer(ends, np.int64) * 2), pa.py_buffer(digits), there
    )


def _csv(arrays: list[pa.Array], names: list[str]) -> memoryview:
    text = io.BytesIO()
    options = csv.WriteOptions(include_header=False, quoting_style="all_valid", batch_size=ROWS_AT_ONCE)
    csv.write_csv(pa.table(arrays, names), text, options)
    return text.getbuffer()


def drop_spatial_indexes(raw: psycopg.Connection[Any], table: Table | str) -> list[str]:
    """Drop the GiST indexes of `table`; returns the statements that build them again."""
    found = raw.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam "
        "WHERE indrelid = %s::regclass AND amname = 'gist' ORDER BY 1",
        [identifier(table).as_string(raw)],
    ).fetchall()
    for name, _ in found:
        raw.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    return [definition for _, definition in found]


def build_indexes(raw: psycopg.Connection[Any], table: Table | str, definitions: list[str]) -> None:
    """Build the indexes that `drop_spatial_indexes` dropped, then tell the planner what the table holds now."""
    if not definitions:
        return
    for definition in definitions:
        raw.execute(sql.SQL(definition))
    raw.execute(sql.SQL("ANALYZE {}").format(identifier(table)))


@dataclass
class Loading:
    """Layers being filled anew in one transaction: see `loading`."""

    raw: psycopg.Connection[Any]
    srid: int
    who: str
    layers: dict[str, int] = field(default_factory=dict)  # layer id → revision
    indexes: dict[str, list[str]] = field(default_factory=dict)
    rows: int = 0

    def add(self, layer: str, geometry: np.ndarray[Any, Any], columns: Columns) -> None:
        """Append rows to a layer, which is emptied when its first rows come."""
        if layer not in self.layers:
            self.raw.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(identifier(layer)))
            self.indexes[layer] = drop_spatial_indexes(self.raw, layer)
            self.layers[layer] = new_revision(self.raw, layer, self.who, {"mode": "replace"})
        self.rows += copy_rows(self.raw, layer, columns, geometry, self.srid, self.layers[layer], freeze=True)


@contextmanager
def loading(connection: Connection, installation: Installation, who: str) -> Iterator[Loading]:
    """Fill whole layers with trusted rows (a generator's): `add` rows; at the end the indexes are built.

    `connection` is the owner's, in a transaction that the caller commits. The layers are locked until then.
    """
    load = Loading(raw_connection(connection), installation.city.srid, who)
    yield load
    for layer, definitions in load.indexes.items():
        build_indexes(load.raw, layer, definitions)
    by = replace(shell_user(), via=f"shell, {who}")
    details = {layer: {"mode": "replace", "revision": revision} for layer, revision in load.layers.items()}
    record(connection, *(Entry("published", by, layer, details=said) for layer, said in details.items()))
