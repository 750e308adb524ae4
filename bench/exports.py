"""A million features as a GeoPackage, beside `ogr2ogr` from the same view in the same minutes: seconds, and memory of the writer.

The features are the made-up city's buildings repeated, each time under ids of their own, in an installation of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.city import WORK, gisapp, kept, opened, prepare, settings_at, settings_of
from bench.intake import postgis, run
from bench.questions import LAYER, REACH, beside
from bench.server import serving
from gisapp.installation import Installation

PARCELS = 500_000  # of the city whose buildings are repeated
KEY = "building_id"


def exports(rows: int) -> dict[str, Any]:
    """Seconds of both, their ratio, the most memory of the process that writes ours, and the file's size."""
    settings = settings_at("city-exports", port=8797)
    file = WORK / f"buildings-{PARCELS}.gpkg"
    if not file.exists():
        _written(file)
    prepare(settings)
    gisapp(settings, "load", str(file), "--layer", LAYER)
    with opened(settings) as installation:
        _repeat(installation, rows)
        with serving(settings) as server:
            measured = beside(installation, server)
    ratio = round(measured["gisapp_s"] / measured["ogr2ogr_s"], 2)
    return {"rows": rows, **measured, "ratio": ratio, "reach": REACH}


def _written(file: Path) -> None:
    source = settings_of(PARCELS)
    if not kept(source):
        raise SystemExit(f"bench: there is no city of {PARCELS} parcels yet: run the step `city` first")
    with opened(source) as installation:
        question = f"SELECT {_columns(installation)}, geom FROM {LAYER} ORDER BY id"
        run(["ogr2ogr", "-f", "GPKG", str(file), postgis(installation), "-sql", question, "-nln", "building"])


def _columns(installation: Installation) -> str:
    return ", ".join(field.name for field in installation.catalogue.layer(LAYER).fields)


def _repeat(installation: Installation, rows: int) -> None:
    """Bring the layer to so many rows."""
    columns = f"{_columns(installation)}, geom"
    with installation.database.transaction("owner") as connection:
        first = connection.exec_driver_sql(f"SELECT count(*) FROM {LAYER}").scalar_one()
        for time in range(1, -(-rows // first)):
            again = columns.replace(KEY, f"{KEY} || '-{time}'", 1)
            connection.exec_driver_sql(
                f"INSERT INTO {LAYER} ({columns}) SELECT {again} FROM {LAYER} ORDER BY id LIMIT {min(first, rows - time * first)}"
            )
    with installation.database.standing(
        "owner"
    ) as alone:  # or the first to read the new rows would write them once more
        alone.execute(f"VACUUM (ANALYZE) {LAYER}")  # type: ignore[arg-type]
