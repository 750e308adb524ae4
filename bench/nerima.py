"""Real buildings: bench_nerima.fgb (120,000 footprints of PLATEAU) loaded by `gisapp load`, and its cold tiles once low zooms
are built: until then, those are drawn from the buildings themselves."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from bench.accounts import Askers
from bench.beside import on_equal_terms
from bench.city import gisapp, kept, opened, prepare, settings_at
from bench.cold import REACH_BYTES, REACH_MS, layer_rows, verdict
from bench.server import forget, serving
from gisapp.settings import ROOT

LAYER = "base.building"
FILE = "10_bench/bench_nerima_13120_plateau2020.fgb"


def data_file() -> Path:
    """The file, in the shared data beside the checkout or in the folder that BENCH_DATA names."""
    return Path(os.environ.get("BENCH_DATA") or ROOT.parent / "shared" / "data") / FILE


def nerima(*, keep_city: bool, tiles: int = 40) -> dict[str, Any]:
    """How long the file took to load, rows for every zoom, and the same tiles of the peers."""
    file = data_file()
    if not file.exists():
        raise SystemExit(f"bench: {FILE} is not there; BENCH_DATA names the folder of the shared data")
    settings = settings_at("city-nerima", "nerima")
    report = settings.home / "load.json"
    if not (keep_city and kept(settings) and report.exists()):
        prepare(settings)
        report.write_text(json.dumps(_load(settings, file)))
    with opened(settings) as installation, serving(settings) as server:
        emptied = forget(settings)
        layer = installation.catalogue.layer(LAYER)
        rows = list(layer_rows(installation, server, Askers(installation, server), layer, tiles))
        beside = on_equal_terms(installation, server, [layer], range(13, 19), tiles=12)
    reach = {"ms": REACH_MS, "bytes": REACH_BYTES}
    loaded = json.loads(report.read_text())
    return {
        "load": loaded,
        "cache_was_emptied": emptied,
        "rows": rows,
        **verdict(rows),
        "reach": reach,
        "beside": beside,
    }


def _load(settings: Any, file: Path) -> dict[str, Any]:
    began = time.perf_counter()
    said = json.loads(gisapp(settings, "load", str(file), "--layer", LAYER, "--json"))
    loaded = time.perf_counter()
    gisapp(settings, "tiles", "generalise", "--layer", LAYER)  # as the worker does
    return {
        "seconds": round(loaded - began, 2),
        "rows": said["rows"]["loaded"],
        "generalised_s": round(time.perf_counter() - loaded, 2),
    }
