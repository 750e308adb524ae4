"""A large file into a layer: `gisapp load` beside `ogr2ogr` with COPY and an index, from the same file in the same minute.

Into an empty layer and in place of a full one (a tenth of its rows changed), with the peak of memory, and how long readers
of the layer had to wait meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.city import WORK, command, environment, kept, opened, prepare, settings_at, settings_of
from gisapp.installation import Installation
from gisapp.settings import ROOT, Settings

LAYER = "tax.parcel"
REACH = {"empty": 2.0, "replace": 4.0, "blocked_s": 1.0, "memory_mb": 1536}
LOOK_EVERY = 0.02


def intake(parcels: int = 500_000) -> dict[str, Any]:
    """Seconds, their ratio to ogr2ogr, peak memory (of the largest process and of all together), longest wait of a reader."""
    settings = settings_at("city-intake", port=8795)
    first, second = files(parcels)
    prepare(settings)
    with opened(settings) as installation:
        rows = [
            _beside(installation, settings, first, "empty"),
            _beside(installation, settings, second, "replace"),
        ]
        again = load(installation, settings, second)
    for row in rows:
        print(row, flush=True)
    return {"parcels": parcels, "rows": rows, "unchanged": again, "reach": REACH}


def files(parcels: int) -> tuple[Path, Path]:
    """The parcels of the made-up city in EPSG:4326, and the same with a tenth of the rows changed."""
    paths = WORK / f"parcels-{parcels}.gpkg", WORK / f"parcels-{parcels}-changed.gpkg"
    if all(path.exists() for path in paths):
        return paths
    source = settings_of(parcels)
    if not kept(source):
        raise SystemExit(f"bench: there is no city of {parcels} parcels yet: run the step `city` first")
    with opened(source) as installation:
        columns = ", ".join(field.name for field in installation.catalogue.layer(LAYER).fields)
        plain = f"SELECT {columns}, geom FROM {LAYER} ORDER BY id"
        changed = plain.replace(
            "tax_note", "CASE WHEN id % 10 = 0 THEN 'changed' ELSE tax_note END AS tax_note", 1
        )
        for path, question in zip(paths, (plain, changed), strict=True):
            path.unlink(missing_ok=True)
            words = ["-f", "GPKG", str(path), postgis(installation), "-sql", question]
            run(["ogr2ogr", *words, "-t_srs", "EPSG:4326", "-nln", "parcel"])
    return paths


def _beside(installation: Installation, settings: Settings, file: Path, name: str) -> dict[str, Any]:
    theirs = _ogr2ogr(installation, file)
    ours = load(installation, settings, file)
    return {
        "into": name,
        "ogr2ogr": theirs,
        "gisapp": ours,
        "ratio": round(ours["seconds"] / theirs["seconds"], 2),
    }


def _ogr2ogr(installation: Installation, file: Path) -> dict[str, Any]:
    words = [
        "-f",
        "PostgreSQL",
        postgis(installation),
        str(file),
        "-nln",
        "public.bench_ogr",
        "-overwrite",
    ]
    words += [
        "-t_srs",
        f"EPSG:{installation.city.srid}",
        "-lco",
        "SPATIAL_INDEX=GIST",
        "-lco",
        "GEOMETRY_NAME=geom",
    ]
    words += ["-nlt", "MULTIPOLYGON"]
    measured = run(["ogr2ogr", *words], {**os.environ, "PG_USE_COPY": "YES"})
    return measured


def load(installation: Installation, settings: Settings, file: Path) -> dict[str, Any]:
    """`gisapp load` of the file, while a reader asks the layer: what `run` says, and the reader's longest wait."""
    words = [command("gisapp"), "load", str(file), "--layer", LAYER, "--json"]
    with _reader(installation) as waits:
        measured = run(words, environment(settings))
    return measured | {"longest_wait_s": round(max(waits, default=0.0), 3)}


def run(words: list[str], environ: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a program; seconds, and the peak of memory over it and its children."""
    began = time.perf_counter()
    child = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    peak = 0
    stop = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not stop.wait(LOOK_EVERY * 5):
            peak = max(peak, _memory(child.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, said = child.communicate()
    stop.set()
    watcher.join()
    if child.returncode != 0:
        raise SystemExit(f"{words[0]}: {said.decode(errors='replace')[-2000:]}")
    return {"seconds": round(time.perf_counter() - began, 2), "memory_mb": round(peak / 2**20)}


def _memory(pid: int) -> int:
    """Bytes of memory of a process and all it started; pages that several share are counted once."""
    total = 0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            for task in Path(f"/proc/{one}/task").glob("*/children"):
                waiting += [int(number) for number in task.read_text().split()]
            said = dict(
                line.split(":", 1) for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()[1:]
            )
        except OSError:
            continue
        total += int(said["Pss"].split()[0]) * 1024 if "Pss" in said else 0
    return total


@contextmanager
def _reader(installation: Installation) -> Iterator[list[float]]:
    """Asks the layer again and again while the block lasts; how long each answer took, in seconds."""
    waits: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        with psycopg.connect(_url(installation), autocommit=True) as raw:
            while not stop.wait(LOOK_EVERY):
                began = time.perf_counter()
                raw.execute("SELECT id FROM tax.parcel LIMIT 1").fetchall()
                waits.append(time.perf_counter() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()


def _url(installation: Installation) -> str:
    return (
        installation.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)
    )


def postgis(installation: Installation) -> str:
    """The database as ogr2ogr takes it, with the owner's rights."""
    url, address = installation.database.url("owner"), installation.database.address
    parts = {
        "host": address.host,
        "port": address.port,
        "dbname": address.database,
        "user": url.username,
        "password": url.password,
    }
    return "PG:" + " ".join(f"{name}='{value}'" for name, value in parts.items())
