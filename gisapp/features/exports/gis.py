"""GeoPackage, Shapefile, FlatGeobuf and KML by GDAL, GeoParquet by Arrow, from batches of rows as they come."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pyproj

from gisapp.features.exports.formats import FORMATS, Column, Job
from gisapp.features.exports.texts import Batches

ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
}
GEOMETRY = "geometry"
LONGEST_NAME = 10  # of a Shapefile's field
OPTIONS: dict[str, dict[str, Any]] = {"fgb": {"SPATIAL_INDEX": "NO"}}  # its index would be sorted in memory


def write_with_gdal(job: Job, batches: Batches) -> dict[str, Any]:
    """One layer, written from a stream of Arrow batches."""
    form = FORMATS[job.format]
    path = Path(job.path)
    target = path.with_suffix("") / f"{job.layer}.shp" if form.packed else path
    target.parent.mkdir(exist_ok=True)
    names = short_names(job.columns) if job.format == "shp" else [column.name for column in job.columns]
    if job.format == "gpkg":  # its own number is called fid
        names = [f"{name}_" if name.lower() in ("fid", GEOMETRY) else name for name in names]
    count = [0]
    schema = _schema(job, names, "feature_id" if job.format != "shp" else "feature_no")
    reader = pa.RecordBatchReader.from_batches(schema, _arrow(schema, batches, count))
    more = {
        **OPTIONS.get(job.format, {}),
        **({"ENCODING": job.encoding.upper()} if job.format == "shp" else {}),
    }
    pyogrio.raw.write_arrow(
        reader,
        target,
        layer=job.layer,
        driver=form.driver,
        geometry_name=GEOMETRY,
        geometry_type=job.geometry,
        crs=f"EPSG:{job.srid}",
        **more,
    )
    if form.packed:
        _pack(target, path, job, names)
    return {"rows": count[0]}


def write_parquet(job: Job, batches: Batches) -> dict[str, Any]:
    """GeoParquet 1.1: WKB, and the reference system as PROJJSON."""
    names = [column.name for column in job.columns]
    count = [0]
    about = {
        "version": "1.1.0",
        "primary_column": GEOMETRY,
        "columns": {
            GEOMETRY: {
                "encoding": "WKB",
                "geometry_types": [],
                "crs": pyproj.CRS.from_epsg(job.srid).to_json_dict(),
            }
        },
    }
    schema = _schema(job, names, "feature_id").with_metadata({"geo": json.dumps(about)})
    with pq.ParquetWriter(job.path, schema, compression="zstd") as writer:
        for batch in _arrow(schema, batches, count):
            writer.write_batch(batch)
    return {"rows": count[0]}


def short_names(columns: tuple[Column, ...]) -> list[str]:
    """Names of at most ten letters, no two alike in either case."""
    taken: set[str] = {"feature_no"}
    found = []
    for column in columns:
        name, turn = column.name[:LONGEST_NAME], 1
        while name.lower() in taken:
            turn += 1
            name = f"{column.name[: LONGEST_NAME - len(str(turn)) - 1]}_{turn}"
        taken.add(name.lower())
        found.append(name)
    return found


def _schema(job: Job, names: list[str], number: str) -> Any:
    fields = [pa.field(number, pa.int64())]
    fields += [pa.field(name, ARROW[column.type]) for name, column in zip(names, job.columns, strict=True)]
    known = {"ARROW:extension:name": "geoarrow.wkb"}
    return pa.schema([*fields, pa.field(GEOMETRY, pa.binary(), metadata=known)])


def _arrow(schema: Any, batches: Batches, count: list[int]) -> Iterator[Any]:
    for rows in batches:
        count[0] += len(rows)
        columns = zip(*rows, strict=True)
        yield pa.record_batch(
            [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)], schema=schema
        )


def _pack(target: Path, path: Path, job: Job, names: list[str]) -> None:
    """The parts in one zip, with a table that tells which field each short name stands for."""
    table = target.parent / "fields.csv"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        rows = ([short, column.name, column.title] for short, column in zip(names, job.columns, strict=True))
        csv.writer(file).writerows([["shapefile", "field", "title"], *rows])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in sorted(target.parent.iterdir()):
            packed.write(part, part.name)
