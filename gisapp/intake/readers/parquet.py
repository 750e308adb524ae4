"""GeoParquet, and Parquet tables without geometry, through Arrow; GDAL's wheel has no Parquet in it."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import refuse
from gisapp.intake.readers.ogr import AGAIN
from gisapp.intake.readers.position import placed
from gisapp.intake.source import UNREAD, Batch, Source
from gisapp.intake.wkb import refuse_deep

ROWS_AT_ONCE = 20_000
FAILURES = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)


def open_parquet(path: Path) -> Source:
    """The primary geometry column and all plain columns. Raises errors.FileRefused."""
    try:
        file = pq.ParquetFile(path, memory_map=False, buffer_size=2**20, pre_buffer=False)
        schema, count = file.schema_arrow, file.metadata.num_rows
        geo = json.loads((schema.metadata or {}).get(b"geo", b"null"))
        column = str(geo["primary_column"]) if geo else None
        about = geo["columns"][column] if geo else {}
        crs = _crs(about) if geo else None
    except (*FAILURES, RecursionError):
        _refuse_broken()
    if about.get("encoding", "WKB") != "WKB":
        why = (
            f"形状の書き方（{about['encoding']}）が WKB ではありません",
            f"its geometry is encoded as {about['encoding']}, not as WKB",
        )
        refuse(
            "unsupported_variant",
            why,
            ("WKB の GeoParquet として書き出してください。", "Export it as GeoParquet with WKB."),
        )
    if about.get("edges", "planar") != "planar":
        why = ("球面上の辺（spherical）で書かれています", "its edges are spherical")
        refuse("unsupported_variant", why, ("平面の辺で書き出してください。", "Export it with planar edges."))
    shapes = {str(name) for name in geo["columns"]} if geo else set()
    names = [field.name for field in schema if field.name not in shapes and _plain(field.type)]
    source = Source(
        format="GeoParquet" if geo else "Parquet",
        columns=tuple(names),
        batches=lambda: _batches(file, names, column),
        crs=crs,
        crs_from=Text("ファイルの geo", "its geo metadata") if geo else None,
        encoding="utf-8",
        encoding_from=Text("形式の規定による", "by the format's rule"),
        count=count,
        kind=next(iter(about.get("geometry_types", [])), None),
    )
    return source if geo else placed(source)


def _crs(about: dict[str, Any]) -> str | None:
    """The column's system as a WKT: OGC:CRS84 where nothing is said, None where it is said to be unknown."""
    said = about.get("crs", "OGC:CRS84")
    if said is None:
        return None
    try:
        system = pyproj.CRS.from_user_input(said)
    except pyproj.exceptions.CRSError:
        return None
    code = system.to_authority(min_confidence=100)
    return (
        ":".join(code)
        if code and code[0] == "EPSG"
        else ("EPSG:4326" if said == "OGC:CRS84" else system.to_wkt())
    )


def _plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _batches(file: pq.ParquetFile, names: list[str], column: str | None) -> Generator[Batch, None, None]:
    first = 1
    try:
        for batch in _table(file, names, column):
            rows = np.arange(first, first + batch.num_rows)
            columns = {name: _decoded(batch.column(name)) for name in names}
            if column is None:
                yield Batch(rows, columns, np.full(len(rows), None, dtype=object))
            else:
                wkb = batch.column(column)
                wkb = wkb.storage if isinstance(wkb, pa.ExtensionArray) else wkb
                wkb = wkb.cast(pa.large_binary())
                refuse_deep(wkb)
                yield Batch(rows, columns, UNREAD, (), wkb)
            first += batch.num_rows
    except FAILURES:
        why = (f"{first}行目より後が壊れていて読めません", f"it is broken after row {first - 1}")
        refuse("truncated", why, AGAIN)


def _table(file: pq.ParquetFile, names: list[str], column: str | None) -> Iterator[pa.RecordBatch]:
    wanted = [*names, *([column] if column else [])]
    yield from file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted, use_threads=False)


def _decoded(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _refuse_broken() -> None:
    why = ("Parquet として読めません（壊れています）", "it cannot be read as Parquet; it is broken")
    refuse("corrupt_record", why, AGAIN)
