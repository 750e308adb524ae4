"""Every file of the shared data is answered as EXPECTED.csv says, with no option set by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from gisapp import errors
from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import parse_options
from gisapp.intake.raw import raw_connection
from gisapp.intake.report import Report
from gisapp.settings import ROOT
from tests.intake.conftest import load_into
from tests.intake.expected import Row, codec, fact_of, near, numbers, read_rows

STAGED = "gisapp_staged"
FOLDER = ROOT.parent / "shared" / "data"
ROWS = list(read_rows(FOLDER)) if FOLDER.is_dir() else []
OURS = {"unknown_column", "no_column_known", "crs_assumed", "no_position"}
"""Notes of ours that the table has no code for, or has under the row's own."""
DISPUTED = {
    # No JSON (a comma before a bracket in line 13): what a lenient reader would find in it is not known to one that stops.
    "09_nasty/topojson1.topojson": {"mixed_geometry", "invalid_geometry"},
    # Each of its layers holds one kind of shape; they are never mixed into one.
    "09_nasty/gdb/testopenfilegdb.gdb.zip": {"mixed_geometry"},
}
"""Codes that the table asks for and that we are sure cannot be given, with the reason."""
UNKNOWABLE = {"09_nasty/csv/csv_with_utf8_bom.csv"}
"""Bare metres that the table knows to be New Zealand's: no evidence for a city in Japan can say so, and nothing is offered."""
SEVERAL = {"03_base/plateau_53392642/udx/bldg/53392642_bldg_6697_op2.gml"}
"""Holes of its first building lie outside of the outline: the area that the table names fits no single polygon."""
USABLE = {
    "09_nasty/kml/geometries.kml": 12
}  # 14 by the table: placemarks 10 and 11 are points without coordinates
OF_STAGED = (
    r"(sum|max|mean|duplicate)\.|fields=|(area|area_made_valid|union|footprint_area|length)_m2?@|bbox_EN@"
)
"""Facts of staged rows (where a file lies that is far from Japan is seen in test_expected_as_read.py)."""
Look = Callable[[psycopg.Connection[Any], Report], Any]


@pytest.fixture(scope="module")
def cities(
    city_installation: Callable[[str], Installation], shared_data: Path
) -> Iterator[dict[str, Installation]]:
    """Both cities; 武蔵村山市 with its boundary."""
    found = {name: city_installation(name) for name in ("musashimurayama", "yaizu")}
    load_into(found["musashimurayama"], shared_data / "01_boundary" / "N03_13223.geojson", "base.boundary")
    yield found
    with found["musashimurayama"].database.transaction("owner") as connection:
        connection.execute(text("TRUNCATE base.boundary"))


def diagnose(installation: Installation, path: Path, look: Look | None = None, **said: Any) -> Report:
    """What `gisapp load FILE` does without a layer; `look` sees the staged rows."""
    order = Order(path, path.name, None, parse_options(**said), "test", dry_run=True)
    try:
        return load_file(
            installation,
            order,
            before_commit=(lambda connection, report: look(raw_connection(connection), report))
            if look
            else None,
        )
    except errors.FileRefused as refusal:
        report: Report = refusal.values["outcome"]  # type: ignore[assignment]
        return report


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.file)
def test_the_file_is_answered_as_expected(row: Row, cities: dict[str, Installation]) -> None:
    installation, path = cities[row.city], FOLDER / row.file
    if row.several:
        whole = diagnose(installation, path)
        assert whole.outcome == "ask" and "ask" in row.outcomes, whole.outcome
        assert [c.option for c in whole.choices] == ["part"] * len([n for n in row.features if n])
        assert row.must <= {p.code for p in whole.findings} | _of_parts(installation, path, row, whole)
        return
    facts: list[str] = []
    report = diagnose(installation, path, lambda raw, report: facts.extend(_wrong(raw, report, row, "")))
    if report.asks == "part":
        assert "ask" in row.outcomes
        parts = [diagnose(installation, path, part=choice.value) for choice in report.choices]
        assert sum(_arriving(part) for part in parts) == sum(row.features)
        found = {p.code for part in (report, *parts) for p in part.findings}
        assert row.must - DISPUTED.get(row.file, set()) <= found
        return
    _check_report(row, report)
    _answer_until_loaded(installation, path, row, report, facts)
    assert not facts


def _answer_until_loaded(
    installation: Installation, path: Path, row: Row, report: Report, facts: list[str]
) -> None:
    """Take the first answer of each question, so that the facts of a file that asks are compared too."""
    staged = [fact for fact in row.facts if re.match(OF_STAGED, fact)]
    said: dict[str, str] = {}
    while staged and report.asks in ("crs", "only") and report.asks not in said and report.choices:
        said[report.asks] = report.choices[0].value
        report = diagnose(
            installation, path, lambda raw, report: facts.extend(_wrong(raw, report, row, "")), **said
        )
    assert report.ok or not said, "\n".join(report.lines())


def _of_parts(installation: Installation, path: Path, row: Row, whole: Report) -> set[str]:
    """Each layer of a file with several holds what it should; returns the problems found in all of them."""
    codes: set[str] = set()
    for choice in whole.choices:
        wrong: list[str] = []

        def look(
            raw: psycopg.Connection[Any],
            report: Report,
            name: str = choice.value,
            wrong: list[str] = wrong,
        ) -> None:
            wrong += _wrong(raw, report, row, name)

        report = diagnose(installation, path, look, part=choice.value)
        codes |= {p.code for p in report.findings}
        assert report.loaded in row.features, (choice.value, report.loaded)
        if report.loaded:
            assert report.reading is not None and str(report.reading.system.to_epsg()) in row.systems
            assert codec(report.encoding) == codec(row.encoding)
            if row.geometry != "Mixed":
                kind = report.layer.geometry if report.layer else ""
                assert kind.removeprefix("Multi") == row.geometry.removeprefix("Multi"), choice.value
        assert not wrong
    return codes


def _check_report(row: Row, report: Report) -> None:
    codes = {problem.code for problem in report.findings}
    said = "\n".join(report.lines())
    assert report.outcome in row.outcomes, said
    if (
        report.outcome == "refuse" and row.outcomes[0] != "refuse"
    ):  # then what is said of its rows cannot be known
        assert row.must & codes or not row.must, said
        return
    must = row.must - DISPUTED.get(row.file, set())
    assert must <= codes, (must - codes, said)
    loud = {p.code for p in report.findings if p.level in ("error", "question", "repair", "warning")}
    if "load_with_repairs" in row.outcomes:
        loud -= {"invalid_geometry"}  # seen only after the transformation
    assert loud <= row.must | row.may | OURS, (loud - row.must - row.may, said)
    if report.outcome == "refuse" or report.asks == "position":
        return
    arrive = _arriving(report) if row.geometry == "Mixed" else report.loaded
    assert arrive == USABLE.get(row.file, sum(row.features)), said
    if row.geometry not in ("none", "Mixed"):
        geometry = f"Multi{row.geometry}" if row.file in SEVERAL else row.geometry
        assert report.layer is not None and report.layer.geometry == geometry, said
    first = re.search(r"first=EPSG:(\d+)", row.note)
    if row.file in UNKNOWABLE:
        assert report.asks == "crs" and not report.choices, said
    elif first and report.asks == "crs" and report.choices:
        assert report.choices[0].value == f"EPSG:{first[1]}", said
    if row.systems != ("none",) and row.file not in UNKNOWABLE:
        system = report.reading.system.to_epsg() if report.reading else None
        assert str(system) in row.systems, said
    elif report.asks == "crs" and not first and row.file not in UNKNOWABLE:
        assert report.reading is None, said
    if row.encoding not in ("ascii", ""):
        assert codec(report.encoding) == codec(row.encoding), said


def _arriving(report: Report) -> int:
    """Rows that have a shape, of whatever kind."""
    without = {r for p in report.findings if p.code in ("null_geometry", "empty_geometry") for r in p.rows}
    return report.read - len(without)


def _wrong(raw: psycopg.Connection[Any], report: Report, row: Row, part: str) -> list[str]:
    """Facts that the staged rows do not hold."""
    wrong = []
    for fact in row.facts:
        taken = fact_of(fact)
        if taken is None or (taken[0] and taken[0] != part):
            continue
        found = _found(raw, report, taken[1], taken[2])
        if found is not None and not found[0]:
            wrong.append(f"{fact}: found {found[1]}")
    return wrong


def _found(raw: psycopg.Connection[Any], report: Report, what: str, value: str) -> tuple[bool, Any] | None:
    """Whether a fact holds, and what was found; None for a fact of another form."""
    if match := re.fullmatch(r"row(\d+)\.(.+)", what):
        field = report.columns[match[2]]
        found = raw.execute(
            sql.SQL("SELECT {} FROM {} WHERE row = %s").format(sql.Identifier(field), sql.Identifier(STAGED)),
            [int(match[1])],
        ).fetchone()
        return found is not None and str(found[0]).strip() == value, found
    if match := re.fullmatch(r"(sum|max|mean)\.(.+)", what):
        function = {"mean": "avg"}.get(match[1], match[1])
        field = report.columns[match[2]]
        number = _one(raw, f"SELECT {function}({field}::float8) FROM {{}}")
        return near(number, float(value), 0.0), number
    if what == "fields":
        return set(value.split(",")) == set(report.columns), list(report.columns)
    if match := re.fullmatch(r"duplicate\.(.+)", what):
        field = report.columns[match[1]]
        more = _one(raw, f"SELECT count({field}) - count(DISTINCT {field}) FROM {{}}")
        return more == int(value), more
    match = re.fullmatch(r"(area|area_made_valid|union|footprint_area|length)_m2?@(\d+)", what)
    if match:
        return _measured(raw, match[1], int(match[2]), float(value))
    if what == "bbox_lonlat":
        box = _one(
            raw,
            "SELECT ARRAY[ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)] FROM (SELECT ST_Extent(ST_Transform(geom, 6668)) AS e FROM {}) AS x",
        )
        return all(abs(a - b) <= 2e-5 for a, b in zip(box, numbers(value), strict=True)), box
    if match := re.fullmatch(r"bbox_EN@(\d+)", what):
        box = _one(
            raw,
            f"SELECT ARRAY[ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)] FROM (SELECT ST_Extent(ST_Transform(geom, {int(match[1])})) AS e FROM {{}}) AS x",
        )
        return all(abs(a - b) <= 0.5 for a, b in zip(box, numbers(value), strict=True)), box
    return None


def _measured(raw: psycopg.Connection[Any], what: str, srid: int, wanted: float) -> tuple[bool, Any]:
    shape = f"ST_Transform(geom, {srid})"
    asked = {
        "length": f"sum(ST_Length({shape}))",
        "union": f"ST_Area(ST_Union({shape}))",
    }.get(what, f"sum(ST_Area({shape}))")
    found = _one(raw, f"SELECT {asked} FROM {{}}")
    return near(found, wanted, 1.0), found


def _one(raw: psycopg.Connection[Any], question: str) -> Any:
    row = raw.execute(sql.SQL(question).format(sql.Identifier(STAGED))).fetchone()  # type: ignore[arg-type]
    return row[0] if row else None
