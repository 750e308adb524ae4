"""What is decided of a file before its rows are staged: which column is which field, where its coordinates are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
import shapely

from gisapp.catalogue.layer import Layer
from gisapp.geo.grids import find_grids
from gisapp.installation import Installation
from gisapp.intake.columns import ColumnMap
from gisapp.intake.place import Placement, area_of_bounds, lonlat_area, place, told_coarse
from gisapp.intake.problem import QUESTION
from gisapp.intake.report import Report
from gisapp.intake.source import Batch, Source
from gisapp.settings import grids_folder

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
