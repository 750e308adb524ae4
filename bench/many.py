"""Millions of rows in one file: `gisapp load` into an empty layer, and that its memory is that of a smaller file.

The file is the city's parcels repeated, each time under ids of its own. It is made beside the others and deleted afterwards.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from bench.city import WORK, opened, prepare, settings_at
from bench.intake import REACH, files, load, run

PARCELS = 500_000  # of the file that is repeated


def many(rows: int) -> dict[str, Any]:
    """Seconds, peak memory of all processes of the load, the longest wait of a reader, and how many rows were published."""
    settings = settings_at("city-intake", port=8795)
    file = _repeated(files(PARCELS)[0], rows)
    prepare(settings)
    try:
        with opened(settings) as installation:
            measured = load(installation, settings, file)
            with installation.database.transaction("owner") as connection:
                published = connection.exec_driver_sql("SELECT count(*) FROM tax.parcel").scalar_one()
    finally:
        size = file.stat().st_size
        file.unlink()
    found = {"rows": rows, "file_mb": round(size / 2**20), **measured, "published": published}
    print(found, flush=True)
    return found | {"reach": {"memory_mb": REACH["memory_mb"]}}


def _repeated(source: Path, rows: int) -> Path:
    """A GeoPackage of that many rows (a multiple of PARCELS), without an index of its own, as exports often come."""
    path = WORK / f"parcels-{rows}.gpkg"
    path.unlink(missing_ok=True)
    run(["ogr2ogr", "-f", "GPKG", str(path), str(source), "-lco", "SPATIAL_INDEX=NO"])
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA journal_mode = OFF")
        file.execute("PRAGMA synchronous = OFF")
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{trigger}"')
        about = file.execute("SELECT name FROM pragma_table_info('parcel')").fetchall()
        names = [name for (name,) in about if name not in ("fid", "parcel_id")]
        listed = ", ".join(f'"{name}"' for name in names)
        for time in range(1, rows // PARCELS):
            file.execute(
                f"INSERT INTO parcel (parcel_id, {listed}) "
                f"SELECT parcel_id || '-{time}', {listed} FROM parcel WHERE fid <= {PARCELS} ORDER BY fid"
            )
        file.execute("UPDATE gpkg_ogr_contents SET feature_count = (SELECT count(*) FROM parcel)")
    file.close()
    return path
