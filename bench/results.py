"""bench/results/*.json: one file for each step and city, with the machine, its load, the versions and the commit."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.measure import commit, load_average, machine, versions
from gisapp import cluster
from gisapp.settings import ROOT, Settings

FOLDER = ROOT / "bench" / "results"


def keep(
    name: str, measure: Callable[[], dict[str, Any]], settings: Settings | None = None
) -> dict[str, Any]:
    """Measure and write bench/results/<name>.json. Returns what was written."""
    before, here = load_average(), machine()
    result = measure()
    about = {"machine": here, "load_average": {"before": before, "after": load_average()}}
    about |= {"versions": versions() | _database(settings), "commit": commit()}
    whole = {**about, **result}
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    print(
        f"{name}: written to {path.relative_to(ROOT)} (load before {before[0]}, after {load_average()[0]})",
        flush=True,
    )
    return whole


def read(name: str) -> dict[str, Any] | None:
    """What was measured last; None: never."""
    path = FOLDER / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def _database(settings: Settings | None) -> dict[str, Any]:
    if settings is None or settings.database_url:
        return {}
    programs = cluster.locate(settings).programs
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True).stdout.strip()
    control = Path(f"/usr/share/postgresql/{programs.parent.name}/extension/postgis.control")
    line = next((one for one in control.read_text().splitlines() if "default_version" in one), "= ?")
    return {
        "postgresql": said.removeprefix("postgres (PostgreSQL) "),
        "postgis": line.split("=")[1].strip(" '"),
    }
