"""One file into one layer: read, diagnose, check, stage, publish. The straight line that shell and worker both take.

Rows go through in batches, so memory does not grow with the file. All of it is one transaction: whatever goes wrong,
and also a trial run, leaves the database as it was.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
import shapely
from sqlalchemy import Connection

from gisapp import errors
from gisapp.audit.record import Who
from gisapp.catalogue.layer import Layer
from gisapp.geo.crs import Bounds
from gisapp.installation import Installation
from gisapp.intake.checks.city import outside_city
from gisapp.intake.columns import ColumnMap, map_columns, no_field_found
from gisapp.intake.copy import raw_connection
from gisapp.intake.fields import convert_columns
from gisapp.intake.options import Options
from gisapp.intake.place import Placement, area_of_bounds, lonlat_bounds, place
from gisapp.intake.problem import refuse
from gisapp.intake.read import open_source
from gisapp.intake.repairs import Keeper
from gisapp.intake.report import Report
from gisapp.intake.settle import check_mode, complete, settle
from gisapp.intake.shape import shape_rows
from gisapp.intake.source import Batch, Source
from gisapp.intake.stage import PASSING, Stage, create_stage, kept_stage, stage_rows
from gisapp.intake.trouble import told_apart

Progress = Callable[[int, int | None], None]  # rows done, rows altogether (None: not known)
BeforeCommit = Callable[[Connection, Report], None]
BOUNDARY = "base.boundary"


@dataclass(frozen=True)
class Order:
    """Which file goes where, and for whom. `name` is what people call the file."""

    path: Path
    name: str
    layer: Layer
    options: Options
    who: str
    dry_run: bool = False
    author: Who | None = None  # for the audit, where more is known than `who`
    keep: uuid.UUID | None = None  # nothing is published: the rows stay staged under this upload's id
    declined: tuple[
        str, ...
    ] = ()  # repairs that are not wanted: rows with them are left out of the difference


@dataclass(frozen=True)
class _Plan:
    """What the diagnosis decided: how columns become fields and coordinates the city's; where the city is."""

    columns: ColumnMap
    placed: Placement
    area: Any


def load_file(
    installation: Installation,
    order: Order,
    *,
    progress: Progress | None = None,
    before_commit: BeforeCommit | None = None,
) -> Report:
    """Load a file as `order` says; needs the owner's connection. `before_commit` runs at the end of the transaction.

    Raises errors.FileRefused with the report in `values["outcome"]`; ParameterInvalid for options that do not fit the
    layer; NotMigrated; and what `Database.transaction` raises.
    """
    began = time.monotonic()
    report = Report(order.name, order.layer, order.options.mode, order.dry_run)
    try:
        check_mode(order)
        with tempfile.TemporaryDirectory(prefix="gisapp-") as scratch:
            source = open_source(order.path, order.name, order.options, Path(scratch))
            with (
                told_apart(),
                installation.database.transaction("owner") as connection,
                connection.begin_nested() as savepoint,
            ):
                with closing(
                    source.batches()
                ) as batches:  # so that GDAL's settings are restored now, not some day
                    _load(connection, installation, order, source, batches, report, progress)
                report.ok = True
                report.seconds = time.monotonic() - began
                if before_commit is not None:
                    before_commit(connection, report)
                if order.dry_run:
                    savepoint.rollback()
                    report.revision = None
    except errors.FileRefused as refusal:
        report.seconds = time.monotonic() - began
        complete(refusal, report)
        raise
    return report


def _load(
    connection: Connection,
    installation: Installation,
    order: Order,
    source: Source,
    batches: Iterator[Batch],
    report: Report,
    progress: Progress | None,
) -> None:
    raw = raw_connection(connection)
    layer, city = order.layer, installation.city
    first = _first(batches)
    columns = map_columns(layer, source, dict(order.options.constants))
    report.findings.add([*source.problems, *columns.problems, *no_field_found(layer, columns)])
    _describe(report, source, columns)
    placed = place(source, first.geometry, city, order.options.crs)
    report.transformation, report.system_from = placed.transformation, placed.said_by
    plan = _Plan(columns, placed, _city_area(raw, installation, layer))
    stage = PASSING if order.keep is None else kept_stage(order.keep)
    create_stage(raw, layer, stage)
    box = _stage(raw, stage, plan, order, city.srid, chain([first], batches), report, progress, source.count)
    if box is not None:
        report.bounds = lonlat_bounds(box, city)
    settle(connection, installation.database, order, stage, report, city.name_ja)


def _first(batches: Iterator[Batch]) -> Batch:
    """The first rows. Raises errors.FileRefused for a file without any."""
    first = next(batches, None)
    if first is None or not len(first.rows):
        why = ("地物（行）が一つもありません", "it holds no features at all")
        refuse(
            "empty_file",
            why,
            ("書き出す範囲やレイヤーを確かめてください。", "See which area and layer were exported."),
        )
    return first


def _describe(report: Report, source: Source, columns: ColumnMap) -> None:
    report.format, report.encoding, report.encoding_from = (
        source.format,
        source.encoding,
        source.encoding_from,
    )
    field_of = {column: field for field, column in columns.fields.items()}
    report.columns = {column: field_of[column] for column in source.columns if column in field_of}
    report.constants, report.ignored = columns.constants, list(columns.ignored)


def _city_area(raw: psycopg.Connection[Any], installation: Installation, layer: Layer) -> Any:
    """The city as a polygon in its plane system: its boundary layer, or its bounds while that is empty."""
    area = None
    if layer.id != BOUNDARY and BOUNDARY in installation.catalogue.layers:
        row = raw.execute("SELECT ST_AsBinary(ST_Union(geom)) FROM base.boundary").fetchone()
        area = shapely.from_wkb(row[0]) if row and row[0] else None
    area = area_of_bounds(installation.city) if area is None else area
    shapely.prepare(area)
    return area


def _stage(
    raw: psycopg.Connection[Any],
    stage: Stage,
    plan: _Plan,
    order: Order,
    srid: int,
    batches: Iterator[Batch],
    report: Report,
    progress: Progress | None,
    count: int | None,
) -> Bounds | None:
    """Shape, convert and check batch after batch into the staging table; returns the box of all rows, None for no rows."""
    boxes = []
    keeper = (
        Keeper(raw, stage, order.layer, plan.columns, plan.placed.transformation, srid)
        if stage.kept
        else None
    )
    for batch in batches:
        shaped = shape_rows(batch.geometry, batch.rows, order.layer.geometry, plan.placed.transformation)
        geometry, rows = shaped.geometry[shaped.kept], batch.rows[shaped.kept]
        columns, wrong = convert_columns(order.layer, plan.columns, batch, shaped.kept)
        report.findings.add([*batch.problems, *shaped.problems, *wrong])
        report.findings.add(outside_city(geometry, rows, plan.area))
        report.read += len(batch.rows)
        report.loaded += len(rows)
        report.dropped = report.read - report.loaded
        stage_rows(raw, stage, columns, geometry, rows, srid)
        if keeper is not None:
            keeper.keep(batch, shaped.kept, columns, [*batch.problems, *shaped.problems, *wrong])
        if len(rows):
            boxes.append(shapely.total_bounds(geometry))
        if progress is not None:
            progress(report.read, count)
    return tuple(shapely.total_bounds([shapely.box(*box) for box in boxes]).tolist()) if boxes else None
