"""A whole layer as an answer: counted by town, and as a GeoPackage beside `ogr2ogr` from the same view in the same minute."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.accounts import Askers
from bench.intake import postgis, run
from bench.measure import Times
from bench.processes import descendants, looking, memory
from bench.server import Server
from gisapp.features.expressions import fields_of
from gisapp.installation import Installation

LAYER, TOWNS = "base.building", "base.town"
COUNTED = {LAYER: "buildings", "tax.parcel": "parcels"}
FIELD = {LAYER: "use", "tax.parcel": "land_category"}
ROUNDS = 5
REACH = {"summary_ms": 1000, "export_ratio": 1.0, "export_mb": 300}
WRITER = b"gisapp.features.exports.process"


def questions(installation: Installation, server: Server) -> dict[str, Any]:
    """Milliseconds of summaries; seconds of both exports, their ratio, and the most memory of the writing process."""
    summaries = [row for layer in COUNTED for row in _summaries(installation, server, layer)]
    exports = [beside(installation, server) for _ in range(3)]
    ours, theirs = (min(each[who] for each in exports) for who in ("gisapp_s", "ogr2ogr_s"))
    return {
        "features": summaries[0]["features"],
        "summaries": summaries,
        "export": {
            "rounds": exports,
            "gisapp_s": ours,
            "ogr2ogr_s": theirs,
            "ratio": round(ours / theirs, 2),
            "memory_mb": max(each["memory_mb"] for each in exports),
        },
        "reach": REACH,
    }


def _summaries(installation: Installation, server: Server, name: str) -> Iterator[dict[str, Any]]:
    """A row for each way of summing up all of a layer."""
    layer = installation.catalogue.layer(name)
    _, headers = Askers(installation, server).of(layer)
    client = server.requests(headers)
    with installation.database.transaction("owner") as connection:
        count = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
    asked = {
        "by a field": f"/api/summary?layer={name}&by={FIELD[name]}",
        "by town": f"/api/summary?layer={name}&area={TOWNS}",
        "by town, with shares": f"/api/summary?layer={name}&area={TOWNS}&share=true",
    }
    for what, path in asked.items():
        answers = [client.ask(path) for _ in range(ROUNDS + 1)][1:]  # the first warms the table
        stopped = sum(answer.status != 200 for answer in answers)
        times = Times(tuple(answer.milliseconds for answer in answers))
        row = {"what": what, "of": COUNTED[name], "features": count, "stopped": stopped, **times.as_dict()}
        print(row, flush=True)
        yield row


def beside(installation: Installation, server: Server) -> dict[str, float]:
    """Seconds of one export of the layer by `ogr2ogr` and by the server, the writing process's memory, the file's size."""
    layer = installation.catalogue.layer(LAYER)
    view = layer.views()[0]
    columns = ", ".join(["id", *fields_of(view), "geom"])
    question = f"SELECT {columns} FROM {layer.department}.{view.name} ORDER BY id"
    with tempfile.TemporaryDirectory() as folder:
        words = ["-f", "GPKG", str(Path(folder) / "theirs.gpkg"), postgis(installation), "-sql", question]
        theirs = run(["ogr2ogr", *words, "-nln", "building"])
    with _writer(server.parent) as most:
        answer = server.requests(seconds=600).need(
            f"/api/export?layer={LAYER}&format=gpkg&crs=EPSG:{installation.city.srid}"
        )
    found = {
        "gisapp_s": round(answer.milliseconds / 1000, 2),
        "ogr2ogr_s": theirs["seconds"],
        "memory_mb": round(most[0], 1),
        "file_mb": round(len(answer.body) / 1e6, 1),
    }
    print(found, flush=True)
    return found


@contextmanager
def _writer(parent: int) -> Iterator[list[float]]:
    """The most megabytes that a process writing an export had while the block ran."""
    most = [0.0]

    def look() -> None:
        for pid in descendants(parent):
            try:
                if WRITER in Path(f"/proc/{pid}/cmdline").read_bytes():
                    most[0] = max(most[0], memory(pid)[0])
            except (OSError, KeyError):  # ended meanwhile
                continue

    with looking(look, 0.1):
        yield most
