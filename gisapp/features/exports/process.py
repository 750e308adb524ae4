"""The process that writes one export: a job comes in, a line of JSON goes out: {"rows": …, "unheld": {…}} or {"error": …}."""

from __future__ import annotations

import json
import pickle
import resource
import sys
from collections.abc import Iterator
from typing import Any

from gisapp import priority
from gisapp.db import connect_alone
from gisapp.features.exports.formats import Job

ROWS = 2_000  # read at a time
MEMORY = 4 * 2**30  # bytes of address space, most of it code and reserve


def main() -> None:
    """Read the job, write the file, say how it went. The job comes from the process that started this one, and nobody else."""
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    priority.give_way(priority.COMPUTES)
    try:
        said: dict[str, Any] = _write(job)
    except Exception as error:  # noqa: BLE001 — whatever it was, the parent must hear of it
        said = {"error": type(error).__name__, "detail": str(error)[:500]}
    print(json.dumps(said))


def _write(job: Job) -> dict[str, Any]:
    with connect_alone(job.url, job.timeout_ms) as connection, connection.cursor(name="export") as cursor:
        cursor.itersize = ROWS
        cursor.execute(job.statement, dict(job.values))
        return _writer(job)(job, _batches(cursor))


def _batches(cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(ROWS):
        yield rows


def _writer(job: Job) -> Any:
    if job.format in ("geojson", "csv"):
        from gisapp.features.exports import texts

        return texts.write_geojson if job.format == "geojson" else texts.write_csv
    if job.format == "xlsx":
        from gisapp.features.exports import sheet

        return sheet.write_xlsx
    from gisapp.features.exports import gis

    return gis.write_parquet if job.format == "parquet" else gis.write_with_gdal


if __name__ == "__main__":
    main()
