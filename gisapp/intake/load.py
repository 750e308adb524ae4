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
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import shapely
from sqlalchemy import Connection

from gisapp import errors
from gisapp.audit.record import Who
from gisapp.catalogue.layer import Layer
from gisapp.geo.crs import Bounds
from gisapp.installation import Installation
from gisapp.intake.beside import MANY, NotTaken
from gisapp.intake.checks.city import outside_city
from gisapp.intake.checks.outliers import Spread
from gisapp.intake.checks.personal import Numbers
from gisapp.intake.columns import ColumnMap, map_columns, no_field_found
from gisapp.intake.diagnose import Plan, diagnose, doubt_datum
from gisapp.intake.draft import draft_of, fits, mixed
from gisapp.intake.draft_stage import create_draft_stage
from gisapp.intake.fields import convert_columns
from gisapp.intake.options import Options
from gisapp.intake.outcome import complete
from gisapp.intake.place import lonlat_bounds
from gisapp.intake.problem import refuse
from gisapp.intake.progress import SILENT, Progress
from gisapp.intake.raw import raw_connection
from gisapp.intake.read import open_any
from gisapp.intake.repairs import Keeper
from gisapp.intake.report import Report
from gisapp.intake.settle import check_mode, settle
from gisapp.intake.several import refuse_shapeless
from gisapp.intake.shape import shape_rows
from gisapp.intake.source import Batch, Source
from gisapp.intake.stage import PASSING, create_stage, kept_stage
from gisapp.intake.survey import survey
from gisapp.intake.trouble import told_apart
from gisapp.intake.writing import Into, Straight, Writer, way_straight
from gisapp.revisions.apply import new_revision

BeforeCommit = Callable[[Connection, Report], None]


@dataclass(frozen=True)
class Order:
    """Which file goes where, and for whom. `name` is what people call the file."""

    path: Path
    name: str
    layer: Layer | None  # None: diagnose only, against the draft of a new layer
    options: Options
    who: str
    dry_run: bool = False
    author: Who | None = None  # for the audit, where more is known than `who`
    keep: uuid.UUID | None = None  # nothing is published: the rows stay staged under this upload's id
    declined: tuple[str, ...] = ()  # kinds of repairs: rows with them are left out of the difference


def load_file(
    installation: Installation,
    order: Order,
    *,
    progress: Progress = SILENT,
    before_commit: BeforeCommit | None = None,
) -> Report:
    """Load a file as `order` says; needs the owner's connection. `before_commit` runs at the end of the transaction.

    Raises errors.FileRefused with the report in `values["outcome"]`; ParameterInvalid for options that do not fit the
    layer; NotMigrated; and what `Database.transaction` raises.
    """
    try:
        return _load_file(installation, order, progress, before_commit)
    except NotTaken:
        return _load_file(installation, order, progress, before_commit, straight=False)


def _load_file(
    installation: Installation,
    order: Order,
    progress: Progress,
    before_commit: BeforeCommit | None,
    *,
    straight: bool = True,
) -> Report:
    """`straight`: an empty layer may have the rows as they come. Raises NotTaken where it does not take them."""
    began = time.monotonic()
    report = Report(order.name, order.layer, order.options.mode, order.dry_run or order.layer is None)
    try:
        check_mode(order)
        with tempfile.TemporaryDirectory(prefix="gisapp-") as scratch:
            layer, order = find_target(installation, order, report, Path(scratch) / "survey")
            source = _open(installation, order, Path(scratch) / "rows")
            if source.shapeless:
                refuse_shapeless(source)
            with (
                told_apart(),
                installation.database.transaction("owner") as connection,
                connection.begin_nested() as savepoint,
            ):
                with closing(
                    source.batches()
                ) as batches:  # so that GDAL's settings are restored now, not some day
                    _load(connection, installation, order, layer, source, batches, report, progress, straight)
                report.ok = True
                report.seconds = time.monotonic() - began
                if before_commit is not None:
                    before_commit(connection, report)
                if report.dry_run:
                    savepoint.rollback()
                    report.revision = None
    except errors.FileRefused as refusal:
        report.seconds = time.monotonic() - began
        complete(refusal, report)
        raise
    return report


def _open(installation: Installation, order: Order, scratch: Path) -> Source:
    scratch.mkdir()
    source = open_any(order.path, order.name, order.options, scratch)
    if not source.shapeless:
        return source
    from gisapp.intake.addresses import (
        placed_by_address,
    )  # the whole search: a fifth of the start of `gisapp load`

    return placed_by_address(source, installation, order)


def find_target(
    installation: Installation, order: Order, report: Report, scratch: Path
) -> tuple[Layer, Order]:
    """The layer, or for a file that belongs to none the draft of one: then its rows are looked at once beforehand.

    Where shapes are mixed, the order goes on as if the first of the answers had been given.
    """
    if order.layer is not None:
        return order.layer, order
    source = _open(installation, order, scratch)
    report.findings.add(source.problems)
    with closing(source.batches()) as batches:
        found = survey(batches, typed=source.typed)
    if not found.rows:
        _refuse_empty(source)
    report.findings.clear()  # they come again when the rows are read for good
    if source.shapeless:
        report.findings.add(found.odd())
        refuse_shapeless(source)
    only = order.options.only
    layer = draft_of(source, found, installation.catalogue, order.name, only)
    problems, report.choices = mixed(found, only)
    report.asks = "only" if problems else ""
    report.layer, report.fits = layer, fits(source, layer.geometry, installation.catalogue)
    report.findings.add([*problems, *found.odd()])
    if problems:
        order = replace(order, options=replace(order.options, only=report.choices[0].value))
    return layer, order


def _load(
    connection: Connection,
    installation: Installation,
    order: Order,
    layer: Layer,
    source: Source,
    batches: Iterator[Batch],
    report: Report,
    progress: Progress,
    may_straight: bool,
) -> None:
    raw = raw_connection(connection)
    city = installation.city
    first = _first(batches, source)
    columns = map_columns(layer, source, dict(order.options.constants))
    report.findings.add([*source.problems, *columns.problems, *no_field_found(layer, columns)])
    _describe(report, source, columns)
    crs = "" if source.addresses else order.options.crs  # said of coordinates, not of addresses
    plan = diagnose(raw, installation, layer, source, first, crs, columns, report)
    stage = PASSING if order.keep is None else kept_stage(order.keep)
    if order.layer:
        create_stage(raw, layer, stage)
    else:
        create_draft_stage(raw, layer, stage, city.srid)
    straight = _straight(raw, order, report, source, first) if may_straight else None
    keeper = Keeper(raw, stage, plan, city.srid) if stage.kept else None
    into = Into(raw, stage, city.srid, keeper, straight)
    box = _stage(into, plan, order, chain([first], batches), report, progress, source.count)
    if source.addresses is not None:
        source.addresses.tell(report)
    if box is not None and plan.placed.transformation is not None:
        report.bounds = lonlat_bounds(box, city)
    if order.layer is not None and not report.asks and straight is None:
        doubt_datum(raw, layer, stage.rows, city, first, report, forced=bool(order.options.crs))
    settle(connection, installation.database, order, layer, stage, report, city.name_ja, progress, straight)


def _straight(
    raw: psycopg.Connection[Any], order: Order, report: Report, source: Source, first: Batch
) -> Straight | None:
    """The rows' way into an empty layer without being staged, for a large file of which nothing is asked so far.

    Not for upsert: each row needs a key then, which the layer does not ask for.
    """
    if order.layer is None or order.keep is not None or report.dry_run or report.asks or report.errors:
        return None
    if order.options.mode == "upsert" or max(source.count or 0, len(first.rows)) <= MANY:
        return None
    beside = way_straight(raw, order.layer)
    if beside is None:
        return None
    said = {"file": order.name, "mode": order.options.mode}
    return Straight(raw, beside, new_revision(raw, order.layer.id, order.who, said))


def _first(batches: Iterator[Batch], source: Source) -> Batch:
    """The first rows. Raises errors.FileRefused for a file without any."""
    first = next(batches, None)
    if first is None or not len(first.rows):
        _refuse_empty(source)
    return first


def _refuse_empty(source: Source) -> NoReturn:
    why = ("地物（行）が一つもありません", "it holds no features at all")
    do = ("書き出す範囲やレイヤーを確かめてください。", "See which area and layer were exported.")
    refuse("empty_file", why, do, found=source.problems)


def _describe(report: Report, source: Source, columns: ColumnMap) -> None:
    report.format, report.encoding, report.encoding_from = (
        source.format,
        source.encoding,
        source.encoding_from,
    )
    field_of = {column: field for field, column in columns.fields.items()}
    report.columns = {column: field_of[column] for column in source.columns if column in field_of}
    report.constants, report.ignored = columns.constants, list(columns.ignored)


def _stage(
    into: Into,
    plan: Plan,
    order: Order,
    batches: Iterator[Batch],
    report: Report,
    progress: Progress,
    count: int | None,
) -> Bounds | None:
    """Shape, convert and check batch after batch and write them; returns the box of all rows, None for no rows."""
    boxes = []
    spread, numbers = Spread(), Numbers()
    only, far = order.options.only, report.asks == "crs"
    with Writer() as writer:
        for batch in batches:
            shaped = shape_rows(
                batch.geometry, batch.rows, plan.layer.geometry, plan.placed.shapes, only=only, far=far
            )
            geometry, rows = shaped.geometry[shaped.kept], batch.rows[shaped.kept]
            columns, wrong = convert_columns(plan.layer, plan.columns, batch, shaped.kept)
            said = [*batch.problems, *shaped.problems, *wrong]
            report.findings.add(said)
            numbers.add(batch.columns)
            if not far:
                report.findings.add(outside_city(geometry, rows, plan.area))
                spread.add(geometry, rows)
            report.read += len(batch.rows)
            report.loaded += len(rows)
            report.dropped = report.read - report.loaded
            writer.write(partial(into.write, batch, shaped.kept, columns, geometry, said))
            if len(rows):
                boxes.append(shapely.total_bounds(geometry))
            progress.rows(report.read, count)
    report.findings.add([*spread.outliers(), *numbers.found()])
    return tuple(shapely.total_bounds([shapely.box(*box) for box in boxes]).tolist()) if boxes else None
