"""A city to measure on: its own GISAPP_HOME under bench/work, made anew or kept, and how long making it took."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gisapp import cluster
from gisapp.installation import Installation, address_file, open_for_shell
from gisapp.settings import ROOT, Settings, load_settings

WORK = ROOT / "bench" / "work"


def first_port() -> int:
    """The port of the server under test; those of the peers follow it. BENCH_PORT chooses another."""
    return int(os.environ.get("BENCH_PORT", "8765"))


def settings_of(parcels: int, port: int = 0) -> Settings:
    """The settings of the bench's own installation for a made-up city of that size."""
    return settings_at(f"city-{parcels}", port=port)


def settings_at(folder: str, city: str = "sample", port: int = 0) -> Settings:
    """The settings of one of the bench's own installations."""
    named = {"GISAPP_HOME": str(WORK / folder), "GISAPP_PORT": str(port or first_port())}
    return load_settings(named | ({} if city == "sample" else {"GISAPP_CITY": city}))


UNLIMITED = {
    "GISAPP_EXPORTS_PER_MINUTE": "0",
    "GISAPP_QUESTIONS_PER_MINUTE": "0",
    "GISAPP_REQUESTS_AT_ONCE": "0",
}
"""One address asks for everybody here."""


def environment(settings: Settings, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment in which `gisapp` commands work on it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GISAPP_")}
    ours = {
        "GISAPP_HOME": str(settings.home),
        "GISAPP_PORT": str(settings.port),
        "GISAPP_CITY": settings.city,
        **UNLIMITED,
    }
    return kept | ours | dict(more or {})


def command(name: str) -> str:
    """The path of a program of the environment that the bench runs in."""
    return str(Path(sys.executable).with_name(name))


def gisapp(settings: Settings, *words: str, more: Mapping[str, str] | None = None) -> str:
    """Run a gisapp command as a person would; returns what it printed."""
    done = subprocess.run(
        [command("gisapp"), *words],
        cwd=ROOT,
        env=environment(settings, more),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"gisapp {' '.join(words)}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


def make(settings: Settings, parcels: int) -> dict[str, object]:
    """Generate and load the city into a fresh database; returns the figures."""
    prepare_s = prepare(settings)
    loaded = json.loads(gisapp(settings, "sample", "--parcels", str(parcels), "--json"))
    return {"parcels": parcels, "prepare_s": prepare_s, **loaded}


def prepare(settings: Settings, more: Mapping[str, str] | None = None) -> float:
    """A fresh database with the tables of all layers, in place of what was there; returns the seconds."""
    if settings.home.exists():
        cluster.stop(cluster.locate(settings))
        shutil.rmtree(settings.home)
    settings.home.mkdir(parents=True)
    began = time.perf_counter()
    gisapp(settings, "db", "migrate", more=more)
    gisapp(settings, "layers", "sync", more=more)
    return round(time.perf_counter() - began, 2)


def kept(settings: Settings) -> bool:
    """Whether a city was made there before."""
    return address_file(settings).exists()


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """The installation with the owner's rights, brought to what this checkout wants; its cluster ends with the block."""
    gisapp(settings, "db", "migrate")
    gisapp(settings, "layers", "sync")
    installation = open_for_shell(settings)
    try:
        yield installation
    finally:
        installation.database.close()
        cluster.stop(cluster.locate(settings))
