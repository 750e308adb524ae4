"""A sample city to measure on: its own GISAPP_HOME under bench/work, made anew, and how long that took."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from gisapp import cluster
from gisapp.settings import ROOT, Settings, load_settings

WORK = ROOT / "bench" / "work"


def settings_of(parcels: int, port: int) -> Settings:
    """The settings of the bench's own installation for a city of that size."""
    return load_settings({"GISAPP_HOME": str(WORK / f"city-{parcels}"), "GISAPP_PORT": str(port)})


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which `gisapp` commands work on it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GISAPP_")}
    return kept | {"GISAPP_HOME": str(settings.home), "GISAPP_PORT": str(settings.port)}


def gisapp(settings: Settings, *words: str) -> str:
    """Run a gisapp command as a person would; returns what it printed."""
    command = [str(Path(sys.executable).with_name("gisapp")), *words]
    done = subprocess.run(command, cwd=ROOT, env=environment(settings), capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"gisapp {' '.join(words)}: {done.stderr[-2000:]}")
    return done.stdout


def make(settings: Settings, parcels: int) -> dict[str, object]:
    """Generate and load the city into a fresh database; returns the figures."""
    if settings.home.exists():
        cluster.stop(cluster.locate(settings))
        shutil.rmtree(settings.home)
    settings.home.mkdir(parents=True)
    began = time.perf_counter()
    gisapp(settings, "db", "migrate")
    gisapp(settings, "layers", "sync")
    prepared = time.perf_counter() - began
    loaded = json.loads(gisapp(settings, "sample", "--parcels", str(parcels), "--json"))
    return {"parcels": parcels, "prepare_s": round(prepared, 2), **loaded}
