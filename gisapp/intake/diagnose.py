"""What is decided of a file before its rows are staged: which column is which field, where its coordinates are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
import pyproj
import shapely
from psycopg import sql

from gisapp.catalogue.layer import Layer
from gisapp.geo.crs import PLANE_SYSTEMS, TOKYO_FIRST_PLANE, datum_of, describe, find_system
from gisapp.geo.grids import find_grids
from gisapp.geo.readings import Reading
from gisapp.installation import Installation
from gisapp.intake.checks.shift import tokyo_shift
from gisapp.intake.columns import ColumnMap
from gisapp.intake.hypotheses import offered
from gisapp.intake.place import Placement, area_of_bounds, coordinates_of, lonlat_area, place, told_coarse
from gisapp.intake.problem import QUESTION, WARNING, Problem
from gisapp.intake.report import Report
from gisapp.intake.source import Batch, Source
from gisapp.settings import City, grids_folder

BOUNDARY = "base.boundary"


@dataclass(frozen=True)
class Plan:
    """What the diagnosis decided: how columns become fields and coordinates the city's; where the city is."""

    columns: ColumnMap
    placed: Placement
    area: Any
    layer: Layer


def diagnose(
    raw: psycopg.Connection[Any],
    installation: Installation,
    layer: Layer,
    source: Source,
    first: Batch,
    crs: str,
    columns: ColumnMap,
    report: Report,
) -> Plan:
    """In which reference system the file is; a question about it goes into the report."""
    city = installation.city
    area = _city_area(raw, installation, layer)
    grids = find_grids([grids_folder(installation.settings)])
    placed = place(source, first.geometry, city, lonlat_area(area, city), crs, grids)
    report.findings.add([*placed.problems, *told_coarse(placed)])
    report.transformation, report.system_from = placed.transformation, placed.said_by
    report.reading = placed.reading
    if any(problem.level == QUESTION for problem in placed.problems):
        report.asks, report.choices = "crs", list(placed.choices)
    return Plan(columns, placed, area, layer)


def _city_area(raw: psycopg.Connection[Any], installation: Installation, layer: Layer) -> Any:
    """The city as a polygon in its plane system: its boundary layer, or its bounds while that is empty."""
    area = None
    if layer.id != BOUNDARY and BOUNDARY in installation.catalogue.layers:
        row = raw.execute("SELECT ST_AsBinary(ST_Union(geom)) FROM base.boundary").fetchone()
        area = shapely.from_wkb(row[0]) if row and row[0] else None
    area = area_of_bounds(installation.city) if area is None else area
    shapely.prepare(area)
    return area


def doubt_datum(
    raw: psycopg.Connection[Any],
    layer: Layer,
    staged: sql.Identifier,
    city: City,
    first: Batch,
    report: Report,
    *,
    forced: bool,
) -> None:
    """Ask (only warn, where a person named the system) whether rows that lie beside themselves are on the Tokyo Datum."""
    if report.reading is None or datum_of(report.reading.system) == "Tokyo Datum":
        return
    shift = tokyo_shift(raw, layer, staged, city)
    if shift is None:
        return
    moved = f"({shift.east:+,.0f} m, {shift.north:+,.0f} m)"
    ja = (
        f"登録済みの同じ行（{shift.rows:,}件）から一様に東・北へ {moved} ずれています。日本測地系とみられます"
    )
    en = f"its rows lie {moved} (east, north) from where the same {shift.rows:,} rows lie: they seem to be on the Tokyo Datum"
    report.findings.add([Problem(WARNING if forced else QUESTION, "datum_suspect", ja, en)])
    if forced:
        return
    reading = report.reading
    tokyo = Reading(_on_tokyo(reading.system), reading.swapped, reading.unit)
    as_said = describe(reading.system, "ja"), describe(reading.system, "en")
    report.asks = "crs"
    xy = coordinates_of(first.geometry)
    report.choices = [
        offered(tokyo, xy, "日本測地系として読む", "read it as Tokyo Datum"),
        offered(reading, xy, f"{as_said[0]} のまま読む", f"leave it as {as_said[1]}"),
    ]


def _on_tokyo(system: pyproj.CRS) -> pyproj.CRS:
    """The system of the same kind on the Tokyo Datum."""
    code = system.to_epsg() or 0
    for first in PLANE_SYSTEMS:
        if first <= code < first + 19:
            code = TOKYO_FIRST_PLANE + code - first
            break
    else:
        code = 4301
    found = find_system(f"EPSG:{code}")
    assert found is not None
    return found
