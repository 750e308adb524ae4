"""What happens to a file once all its rows are staged: judged as a whole, then compared and published, or kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from gisapp.audit.record import Entry, Who, record
from gisapp.catalogue.layer import Layer
from gisapp.db import Database
from gisapp.intake.checks.city import all_outside_city
from gisapp.intake.checks.keys import keys_there_already, keys_without_value, repeated_keys
from gisapp.intake.checks.names import repeated_names
from gisapp.intake.checks.overlaps import overlapping
from gisapp.intake.difference import compare
from gisapp.intake.outcome import refuse_if_wrong
from gisapp.intake.problem import ERROR, REPAIR, Problem, refuse
from gisapp.intake.progress import Progress
from gisapp.intake.publish import publish
from gisapp.intake.raw import raw_connection
from gisapp.intake.report import Report
from gisapp.intake.stage import Stage, index_stage
from gisapp.intake.writing import Straight
from gisapp.revisions.apply import lock_layer, table_of

if TYPE_CHECKING:
    from gisapp.intake.load import Order


def check_mode(order: Order) -> None:
    """Raises errors.FileRefused for a mode that the layer does not know."""
    layer = order.layer
    if order.options.mode == "upsert" and layer is not None and not layer.key:
        ja = f"レイヤー「{layer.title.ja}」にはキーがないため、upsert（キーによる更新）はできません"
        why = (ja, f"the layer “{layer.title.en}” has no key to update its rows by")
        refuse("no_key", why, ("replace か append を使ってください。", "Use replace or append."))


def settle(
    connection: Connection,
    database: Database,
    order: Order,
    layer: Layer,
    stage: Stage,
    report: Report,
    city_name: str,
    progress: Progress,
    straight: Straight | None = None,
) -> None:
    """Check the staged rows as a whole; then publish them, or keep them with their difference (`order.keep`).

    Rows of a draft (`order.layer` is None, `layer` is drafted) are only checked. `straight`: they are in the layer's new table,
    was empty and took them, so that no key comes twice and nothing is lost.

    Raises errors.FileRefused for errors found until now.
    """
    raw, mode = raw_connection(connection), order.options.mode
    if straight is None:
        report.findings.add(repeated_keys(raw, layer, stage.rows))
    _check_whole(raw, order, layer, stage, report, city_name)
    if order.layer is None:
        return
    if not stage.kept:
        lock_layer(raw, layer)
    if mode == "append" and straight is None:
        report.findings.add(keys_there_already(raw, layer, stage.rows))
    if mode == "replace" and straight is None:
        report.findings.add(only_empty_values(raw, layer, stage))
    refuse_if_wrong(report)
    if stage.kept:
        index_stage(raw, database, layer, stage)
        (report.seen,) = raw.execute("SELECT pg_current_snapshot()::text").fetchone() or ("",)
        report.difference = compare(raw, layer, stage, mode, order.declined)
        return
    what = {"file": order.name, "mode": mode, "rows": report.loaded}
    report.revision, report.difference = publish(
        raw, layer, mode, stage, order.who, what, told=progress.publishing, straight=straight
    )
    said = what | {"revision": report.revision, "difference": report.difference}
    record(
        connection, Entry("published", order.author or Who(order.who, via="shell"), layer.id, details=said)
    )


def _check_whole(
    raw: psycopg.Connection[Any], order: Order, layer: Layer, stage: Stage, report: Report, city_name: str
) -> None:
    """What can be judged only when all rows are there. Raises errors.FileRefused for errors found until now."""
    report.repaired = report.findings.count_rows(REPAIR)
    report.findings.add(overlapping(raw, layer, stage.rows))
    if order.layer is None:
        report.findings.add(repeated_names(raw, layer, stage.rows))
    if order.options.mode == "upsert":
        report.findings.add(keys_without_value(raw, layer, stage.rows))
    if report.bounds and report.findings.rows_of("partly_outside_city") == report.loaded:
        report.findings.drop("partly_outside_city")
        report.findings.add([all_outside_city(report.bounds, report.loaded, city_name)])
    refuse_if_wrong(report)
    if not report.loaded:
        why = ("読み込める行が一つもありません", "there is no row that can be loaded")
        refuse(
            "no_position",
            why,
            ("位置や形状のあるデータを書き出してください。", "Export rows that have a position."),
        )


def only_empty_values(raw: psycopg.Connection[Any], layer: Layer, stage: Stage) -> list[Problem]:
    """An error for a file that has shapes and no value at all, where the layer has values that it would replace."""
    if not layer.fields:
        return []
    fields = sql.SQL(", ").join(sql.Identifier(field.name) for field in layer.fields)
    some = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE num_nonnulls({}) > 0)")
    questions = (some.format(table, fields) for table in (stage.rows, table_of(layer)))
    in_file, in_layer = (bool(raw.execute(question).fetchone()[0]) for question in questions)  # type: ignore[index]
    if in_file or not in_layer:
        return []
    ja = "どの行にも値がありません（形状だけです）。公開中の値を空で置き換えることはしません"
    en = "no row has any value, only shapes; values that are published are not replaced by nothing"
    return [Problem(ERROR, "all_empty", ja, en)]
