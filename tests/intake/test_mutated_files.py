"""Whole files with bytes changed, cut out and put in: always a report or a refusal, never a crash or a changed layer."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from gisapp import errors
from tests.intake.conftest import Load, Rows
from tests.intake.files import feature, gdal_file, geojson, line, parts, zipped

MUTATIONS = 25  # of each file
LONGEST = 30.0  # seconds that one file may take


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """Cut off, bytes changed, bytes put in, bytes taken out, or a spoilt header."""
    spoilt = bytearray(raw)
    at = chance.randrange(len(spoilt))
    kind = chance.randrange(5)
    if kind == 0:
        return bytes(spoilt[:at])
    if kind == 1:
        for _ in range(chance.randrange(1, 30)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    elif kind == 2:
        spoilt[at:at] = chance.randbytes(chance.randrange(1, 200))
    elif kind == 3:
        del spoilt[at : at + chance.randrange(1, 500)]
    else:
        for _ in range(5):
            spoilt[chance.randrange(min(len(spoilt), 200))] = chance.choice([0, 255, 127, 128])
    return bytes(spoilt)


def whole_files(folder: Path) -> dict[str, list[Path]]:
    """One file of each format; a Shapefile has several parts."""
    columns = {"路線番号": [str(n) for n in range(30)], "路線名": ["本町線"] * 30}
    lines = [line(n) for n in range(30)]
    shp = gdal_file(folder / "r.shp", lines, columns, encoding="cp932")
    table = folder / "r.csv"
    table.write_bytes(
        "\r\n".join(["路線番号,緯度,経度", *(f"{n},35.7{n:02},139.38" for n in range(30))]).encode("cp932")
    )
    return {
        "shp": parts(shp),
        "zip": [zipped(folder / "z.zip", *parts(shp))],
        "gpkg": [gdal_file(folder / "r.gpkg", lines, columns)],
        "fgb": [gdal_file(folder / "r.fgb", lines, columns)],
        "geojson": [
            geojson(folder / "r.geojson", [feature(one, 路線番号=str(n)) for n, one in enumerate(lines)])
        ],
        "csv": [table],
    }


@pytest.mark.parametrize("kind", ["shp", "zip", "gpkg", "fgb", "geojson", "csv"])
def test_a_mutated_file_is_a_sentence(
    load: Load, rows: Rows, empty_layers: None, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "whole").mkdir()
    files = whole_files(tmp_path / "whole")[kind]
    chance = random.Random(kind)
    state = "SELECT (SELECT count(*) FROM roads.street), (SELECT count(*) FROM gisapp.revision)"
    before = rows(state)
    for number in range(MUTATIONS):
        folder = tmp_path / str(number)
        folder.mkdir()
        victim = chance.choice(files)
        for file in files:
            raw = file.read_bytes()
            (folder / file.name).write_bytes(mutate(raw, chance) if file == victim else raw)
        main = folder / next(f.name for f in files if f.suffix == f".{kind}")
        began = time.monotonic()
        try:
            load(main, "roads.street", dry_run=True, crs=chance.choice(["", "6668"]))
        except errors.FileRefused as refusal:
            assert refusal.sentence() and str(folder) not in refusal.sentence() + refusal.sentence("en")
        assert time.monotonic() - began < LONGEST
    assert rows(state) == before
