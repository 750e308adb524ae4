"""Whole files with bytes changed, cut out and put in: always a report or a refusal, never a crash or a changed layer."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import geopandas
import pytest

from gisapp import errors
from gisapp.installation import Installation
from gisapp.intake.child import reader
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import parse_options
from tests.intake.conftest import Load, Rows
from tests.intake.files import feature, gdal_file, geojson, line, parts, zipped
from tests.intake.test_read_tables import workbook
from tests.intake.test_read_xml import moj

QUICK, SOAK = 200, 2_000  # files in `make test` and in `make soak`
LONGEST = 30.0  # seconds that one file may take
LARGEST = 2**20  # bytes of a real file that is taken
PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg", ".mid", ".gfs")

Files = dict[str, list[Path]]  # name of the main file → it and its companions


def mutate(raw: bytes, chance: random.Random) -> bytes:
    """Cut off, bytes changed, bytes put in, bytes taken out, a spoilt header, a piece twice, a number made large."""
    spoilt = bytearray(raw)
    if not spoilt:
        return chance.randbytes(10)
    at = chance.randrange(len(spoilt))
    kind = chance.randrange(7)
    if kind == 0:
        return bytes(spoilt[:at])
    if kind == 1:
        for _ in range(chance.randrange(1, 30)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    elif kind == 2:
        spoilt[at:at] = chance.randbytes(chance.randrange(1, 200))
    elif kind == 3:
        del spoilt[at : at + chance.randrange(1, 500)]
    elif kind == 4:
        for _ in range(5):
            spoilt[chance.randrange(min(len(spoilt), 200))] = chance.choice([0, 255, 127, 128])
    elif kind == 5:
        spoilt[at:at] = spoilt[at : at + chance.randrange(1, 2000)] * chance.randrange(1, 5)
    else:
        spoilt[at : at + 4] = chance.choice(
            [b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80"]
        )
    return bytes(spoilt)


def made_files(folder: Path) -> Files:
    """One file of each format; a Shapefile has several parts."""
    columns = {"路線番号": [str(n) for n in range(30)], "路線名": ["本町線"] * 30}
    lines = [line(n) for n in range(30)]
    shp = gdal_file(folder / "r.shp", lines, columns, encoding="cp932")
    table = folder / "r.csv"
    table.write_bytes(
        "\r\n".join(["路線番号,緯度,経度", *(f"{n},35.7{n:02},139.38" for n in range(30))]).encode("cp932")
    )
    geopandas.GeoDataFrame(columns, geometry=lines, crs=6668).to_parquet(folder / "r.parquet")
    made = [
        zipped(folder / "z.zip", *parts(shp)),
        gdal_file(folder / "r.gpkg", lines, columns),
        gdal_file(folder / "r.fgb", lines, columns),
        geojson(folder / "r.geojson", [feature(one, 路線番号=str(n)) for n, one in enumerate(lines)]),
        table,
        folder / "r.parquet",
        workbook(
            folder / "r.xlsx",
            一覧=[["路線番号", "緯度", "経度"], *([str(n), 35.75, 139.38] for n in range(30))],
        ),
        moj(folder / "m.xml", "公共座標9系"),
    ]
    return {"r.shp": parts(shp)} | {path.name: [path] for path in made}


def real_files(folder: Path) -> Files:
    """Small real files with their companions."""
    found: Files = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.stat().st_size > LARGEST or "codelists" in path.parts:
            continue
        if path.suffix.lower() in PARTS and path.suffix.lower() not in {".shp", ".dbf"}:
            continue
        if path.suffix.lower() == ".dbf" and any(path.with_suffix(s).exists() for s in (".shp", ".SHP")):
            continue
        beside = [
            p
            for p in path.parent.iterdir()
            if p.stem == path.stem and p.suffix.lower() in PARTS and p != path
        ]
        found[str(path.relative_to(folder))] = [path, *(p for p in beside if p.stat().st_size <= LARGEST)]
    return found


def attack(
    files: Files, count: int, seed: str, folder: Path, load: Callable[[Path, random.Random], object]
) -> Iterator[str]:
    """Load `count` mutated files; yields what went wrong: too long, a sentence that is none."""
    chance = random.Random(seed)
    names = sorted(files)
    for number in range(count):
        whole = files[names[number % len(names)]]
        victim = chance.choice(whole)
        inside = folder / f"{seed}{number}"
        inside.mkdir()
        for file in whole:
            raw = file.read_bytes()
            (inside / file.name).write_bytes(mutate(raw, chance) if file == victim else raw)
        began = time.monotonic()
        try:
            load(inside / whole[0].name, chance)
        except errors.FileRefused as refusal:
            sentence = refusal.sentence() + refusal.sentence("en")
            if not refusal.sentence() or str(inside) in sentence:
                yield f"{inside}: {sentence}"
        if time.monotonic() - began > LONGEST:
            yield f"{inside}: {time.monotonic() - began:.0f} s"


def survive(city: Installation, rows: Rows, files: Files, count: int, seed: str, folder: Path) -> None:
    """Mutated files into a layer, and without one: nothing goes wrong and nothing is changed."""
    state = "SELECT (SELECT count(*) FROM roads.street), (SELECT count(*) FROM gisapp.revision)"
    before = rows(state)
    street = city.catalogue.layer("roads.street")

    def load(path: Path, chance: random.Random) -> None:
        options = parse_options(crs=chance.choice(["", "", "6668"]))
        load_file(city, Order(path, path.name, chance.choice([street, None]), options, "test", dry_run=True))

    heard: list[str] = []
    listener = logging.Handler(logging.ERROR)
    listener.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    reader.log.addHandler(listener)
    try:
        assert not list(attack(files, count, seed, folder, load))
    finally:
        reader.log.removeHandler(listener)
    assert not heard, "\n".join(heard)
    assert rows(state) == before


def test_mutated_files_of_every_format(
    city: Installation, load: Load, rows: Rows, empty_layers: None, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    survive(city, rows, made_files(tmp_path / "whole"), QUICK // 2, "made", tmp_path)


def test_mutated_files_of_real_departments(
    city: Installation, rows: Rows, empty_layers: None, shared_data: Path, tmp_path: Path
) -> None:
    survive(city, rows, real_files(shared_data), QUICK // 2, "real", tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_two_thousand_mutated_files(
    city: Installation, rows: Rows, empty_layers: None, shared_data: Path, tmp_path: Path, seed: int
) -> None:
    (tmp_path / "whole").mkdir()
    files = real_files(shared_data) | made_files(tmp_path / "whole")
    survive(city, rows, files, SOAK // 4, f"soak{seed}", tmp_path)
