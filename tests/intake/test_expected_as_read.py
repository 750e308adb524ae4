"""What EXPECTED.csv says of files as they are read, before anything is repaired, dropped or placed: also of those that are asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely

from gisapp import errors
from gisapp.geo.crs import JAPAN, find_system, find_transformation
from gisapp.intake.options import Options
from gisapp.intake.read import open_any
from gisapp.intake.source import Source
from gisapp.intake.values import as_text
from gisapp.settings import ROOT
from tests.intake.expected import Row, codec, fact_of, near, numbers, read_rows

FOLDER = ROOT.parent / "shared" / "data"
AS_READ = r"area_raw_m2@\d+|bbox_asread|rows|row_count|records|columns|column\d+|row\d+|value\..+|layers|types|layer .+|usable"
STAGED = r"(sum|max|mean|duplicate)\..+|fields|(area|area_made_valid|union|footprint_area|length)_m2?@\d+|bbox_lonlat|bbox_EN@\d+"
"""What test_expected.py asks of the staged rows of a file that loads."""
VALUE = r"row(\d+)\.(.+)"
NOT_READ = {
    "09_nasty/zip/noshp.zip",  # refused by the name of what is missing; its table is no map
}
BARE_POINTS = {"09_nasty/kml/geometries.kml": 2}  # placemarks 10 and 11, points without coordinates


@dataclass
class Read:
    """All rows of one layer of a file."""

    source: Source
    columns: dict[str, list[str | None]]
    geometry: Any
    rows: int

    def there(self) -> Any:
        return self.geometry[~shapely.is_missing(self.geometry) & ~shapely.is_empty(self.geometry)]


def taken_apart(fact: str) -> tuple[str, str, str]:
    """(layer, what, value); the remark `usable: 6 polygons, …` too."""
    what, _, value = fact.partition(": ")
    return fact_of(fact) or ("", what, value)


NOTHING = Read(Source("", (), lambda: iter(())), {}, np.array([], dtype=object), 0)  # type: ignore[arg-type, return-value]
"""A layer that the file's question names as one without shapes."""


def facts_of(row: Row) -> list[tuple[str, str, str]]:
    """(layer, what, value) of the facts that are asked of the file as it is read."""
    found = []
    for fact in row.facts:
        layer, what, value = taken_apart(fact)
        asked = (
            row.geometry == "none"
            or row.outcomes[0] != "load"
            or ("outside_city" in row.must and not row.several)
        )
        unstaged = asked and "ask" in row.outcomes and re.fullmatch(VALUE, what)
        abroad = what == "bbox_lonlat" and "ask" in row.outcomes  # no plane system of Japan can hold it
        if re.fullmatch(AS_READ, what) or unstaged or abroad:
            found.append((layer, what, value))
    return found


ROWS = (
    [row for row in read_rows(FOLDER) if facts_of(row) or row.geometry == "Mixed"] if FOLDER.is_dir() else []
)


def read(path: Path, part: str, scratch: Path) -> Read:
    scratch.mkdir()
    source = open_any(path, path.name, Options(part=part), scratch)
    batches = list(source.batches())
    columns: dict[str, list[str | None]] = {name: [] for name in source.columns}
    for batch in batches:
        for name in columns:
            columns[name] += as_text(batch.columns[name]).to_pylist()
    geometry = (
        np.concatenate([batch.geometry for batch in batches]) if batches else np.array([], dtype=object)
    )
    return Read(source, columns, geometry, sum(len(batch.rows) for batch in batches))


def layers_of(path: Path, folder: Path, wanted: set[str]) -> dict[str, Read]:
    """The layers of a file by name, read where they are `wanted` (empty: all); one without a name where it has no more."""
    try:
        return {"": read(path, "", folder / "whole")}
    except errors.FileRefused as refusal:
        choices = refusal.values.get("choices") or ()
        assert choices, refusal.sentence("en")
        layers = {
            c.value: read(path, c.value, folder / str(n)) if not wanted or c.value in wanted else NOTHING
            for n, c in enumerate(choices)  # type: ignore[arg-type]
        }
        notes = [p.ja for p in refusal.values["found"] if p.code == "layers_without_shapes"]  # type: ignore[union-attr, attr-defined]
        return layers | {name: NOTHING for note in notes for name in note.partition("：")[2].split("、")}


def test_every_fact_of_the_table_is_compared_somewhere() -> None:
    unknown = [
        f"{row.file}: {fact}"
        for row in read_rows(FOLDER)
        for fact in row.facts
        if not re.fullmatch(f"{AS_READ}|{STAGED}|{VALUE}", taken_apart(fact)[1])
    ]
    assert unknown == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.file)
def test_the_file_reads_as_expected(row: Row, tmp_path: Path) -> None:
    if row.file in NOT_READ:
        with pytest.raises(errors.FileRefused):
            read(FOLDER / row.file, "", tmp_path / "whole")
        return
    named = {what.removeprefix("layer ") for _, what, _ in facts_of(row) if what.startswith("layer ")}
    layers = layers_of(FOLDER / row.file, tmp_path, named)
    wrong = [
        f"{what}={value}: {found}"
        for layer, what, value in facts_of(row)
        for right, found in _found(row, layers, layer, what, value)
        if not right
    ]
    assert wrong == []
    for one in layers.values() if row.encoding != "ascii" else ():
        assert one is NOTHING or codec(one.source.encoding) == codec(row.encoding)
    if row.geometry == "none" and "refuse" not in row.outcomes[0]:
        assert sum(one.rows for one in layers.values()) == sum(row.features)
    if row.geometry == "Mixed":
        kinds = {one.geom_type for layer in layers.values() for one in layer.there()}
        assert len(kinds) > 1 or kinds == {"GeometryCollection"}


def _found(
    row: Row, layers: dict[str, Read], layer: str, what: str, value: str
) -> Iterator[tuple[bool, object]]:
    """Whether a fact holds, and what was found."""
    if what == "layers":
        yield len(layers) == int(value), list(layers)
    elif what.startswith("layer "):
        found = _named(layers, what.removeprefix("layer "))
        yield found.rows == int(value.removesuffix(" rows")), found.rows
    elif what == "usable":
        yield from _usable(row, next(iter(layers.values())), value)
    elif what == "bbox_asread":
        boxes = [_box(one.there()) for one in layers.values()]
        box = np.array([*np.nanmin(boxes, axis=0)[:2], *np.nanmax(boxes, axis=0)[2:]])
        yield bool(np.allclose(box, numbers(value), rtol=0, atol=6e-4)), box.tolist()
    else:
        yield _of_one(_named(layers, layer) if layer else next(iter(layers.values())), what, value)


def _box(geometry: Any) -> Any:
    xy = shapely.get_coordinates(geometry)
    xy = xy[np.isfinite(xy).all(axis=1)]
    return [*xy.min(axis=0), *xy.max(axis=0)]


def _named(layers: dict[str, Read], name: str) -> Read:
    by_name = {key.rpartition("/")[2]: one for key, one in layers.items()}
    return by_name[name if name in by_name else name.removeprefix("layer ")]


def _of_one(read: Read, what: str, value: str) -> tuple[bool, object]:
    if what in ("rows", "row_count", "records"):
        return read.rows == int(value), read.rows
    if what == "columns":
        names = list(read.columns)
        return (len(names) == int(value) if value.isdigit() else names == value.split(",")), names
    if what == "types":
        names = sorted(one.geom_type for one in read.there())
        return names == sorted(value.removesuffix(", one each").split(",")), names
    if match := re.fullmatch(r"column(\d+)", what):
        name = list(read.columns)[int(match[1]) - 1]
        return name == value, name
    if match := re.fullmatch(r"row(\d+)", what):
        cells = [values[int(match[1]) - 1] for values in read.columns.values()]
        return cells == value.split(","), cells
    if match := re.fullmatch(VALUE, what):
        cell = read.columns[match[2]][int(match[1]) - 1]
        return (cell or "") == value, cell
    if match := re.fullmatch(r"value\.(.+)", what):
        return value.removesuffix(" exists") in read.columns[match[1]], what
    if what == "bbox_lonlat":
        way_out = pyproj.Transformer.from_crs(_system(read.source.crs or "EPSG:4326"), 4326, always_xy=True)
        xy = shapely.get_coordinates(read.there())
        turned = xy[:, ::-1] if np.abs(xy[:, 1]).min() > 90 and way_out.source_crs.is_geographic else xy
        x, y = way_out.transform(turned[:, 0], turned[:, 1])
        box = [x.min(), y.min(), x.max(), y.max()]
        return bool(np.allclose(box, numbers(value), rtol=0, atol=3e-5)), box
    match = re.fullmatch(r"area_raw_m2@(\d+)", what)
    assert match is not None, what
    way = find_transformation(_system(read.source.crs or ""), _system(f"EPSG:{match[1]}"), JAPAN)
    assert way is not None
    area = float(shapely.area(way.shapes(shapely.force_2d(read.there()))).sum())
    return near(area, float(value), 1.0), area


def _system(text: str) -> Any:
    found = find_system(text)
    assert found is not None, text
    return found


def _usable(row: Row, read: Read, value: str) -> Iterator[tuple[bool, object]]:
    """“6 polygons, 5 points, 2 lines, 1 collection of 25 placemarks”."""
    kinds = [one.geom_type.removeprefix("Multi") for one in read.there()]
    words = {"polygon": "Polygon", "point": "Point", "line": "LineString", "collection": "GeometryCollection"}
    for count, word in re.findall(r"(\d+) (polygon|point|line|collection)", value):
        less = BARE_POINTS.get(row.file, 0) if word == "point" else 0
        yield kinds.count(words[word]) == int(count) - less, (word, kinds)
    yield read.rows == int(value.split(" of ")[1].split()[0]), read.rows
