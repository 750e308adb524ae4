"""Starts the process that writes an export, and waits for it."""

from __future__ import annotations

import json
import logging
import os
import pickle
import subprocess
import sys
from functools import lru_cache
from typing import Any

from psycopg import sql

from gisapp import errors
from gisapp.features import expressions
from gisapp.features.exports.formats import Job
from gisapp.features.filters.wrong import wrong
from gisapp.features.references import Reference
from gisapp.features.search import feature_text
from gisapp.features.selection import Selection
from gisapp.settings import ROOT

log = logging.getLogger("gisapp")
PATIENCE = 600.0  # seconds for one export
PASSED_ON = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")

_ROWS = sql.SQL("SELECT {columns} FROM {source} AS f WHERE {where} ORDER BY f.id")
_MIDDLE = sql.SQL("round(ST_X(m.p)::numeric, 7)::float8 AS lon, round(ST_Y(m.p)::numeric, 7)::float8 AS lat")
_WITH_MIDDLE = sql.SQL(
    """SELECT {columns} FROM {source} AS f
CROSS JOIN LATERAL (SELECT ST_Transform(ST_PointOnSurface(f.geom), 6668) AS p) AS m WHERE {where} ORDER BY f.id"""
)


def statement_of(chosen: Selection, fields: tuple[str, ...], format: str, reference: Reference) -> str:
    """The rows of an export in SQL: see `Job`."""
    return _statement(chosen.layer, chosen.view, chosen.where, fields, format, reference)


@lru_cache(maxsize=256)
def _statement(
    layer: Any, view: Any, where: str, fields: tuple[str, ...], format: str, reference: Reference
) -> str:
    columns: list[sql.Composable] = [sql.Identifier("f", name) for name in ("id", *fields)]
    form = _ROWS
    if format == "geojson":
        columns = [feature_text(layer, fields, reference)]
    elif format in ("csv", "xlsx"):
        columns.append(_MIDDLE)
        form = _WITH_MIDDLE
    else:
        shape = sql.SQL("ST_AsBinary(ST_Transform(f.geom, {})) AS geom")
        columns.append(shape.format(sql.Literal(reference.srid)))
    return form.format(
        columns=sql.SQL(", ").join(columns),
        source=expressions.source(layer, view),
        where=sql.SQL(where),
    ).as_string(None)


def write(job: Job) -> dict[str, Any]:
    """Let a process of its own write the file `job.path`; returns what it said: rows, unheld, dropped.

    Raises errors.ParameterInvalid (a filter that cannot be computed), TooSlow, DatabaseAway, ExportFailed.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"GISAPP_ROOT": str(ROOT), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "gisapp.features.exports.process"]
    try:
        done = subprocess.run(
            words, input=pickle.dumps(job), capture_output=True, env=environment, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise errors.TooSlow() from error
    try:
        said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1] if done.stdout else b"")
    except ValueError as error:
        log.error("export %s: exit %s %s", job.format, done.returncode, done.stderr[-500:])
        raise errors.ExportFailed(format=job.format) from error
    if "error" in said:
        _raise(said, job)
    return said


def _raise(said: dict[str, Any], job: Job) -> None:
    log.error("export %s: %s %s", job.format, said["error"], said["detail"])
    if said["error"] == "QueryCanceled":
        raise errors.TooSlow()
    if said["error"] == "OperationalError":
        raise errors.DatabaseAway()
    if said["error"] in ("NumericValueOutOfRange", "InvalidArgumentForPowerFunction", "InternalError_"):
        raise wrong("計算できない値があります", "it has a value that cannot be computed")
    raise errors.ExportFailed(format=job.format)
