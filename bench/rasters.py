"""Picture tiles: `python -m bench.rasters [parcels]` prints JSON.

Cold means: nothing kept, the vector tiles read from PostGIS, one drawing process that is already started, one request at
a time. `first` is how long whoever asks first for a metatile waits; `each` is that time over the pictures it yields.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import city
from bench.measure import Times, machine
from bench.places import filled_tiles
from gisapp import roles
from gisapp.catalogue.layer import view_for
from gisapp.installation import Installation, open_for_shell
from gisapp.rasters.metatile import Metatile, draw_metatile, metatile_of
from gisapp.rasters.painters import Painters
from gisapp.tiles.plan import Plan, plan
from gisapp.tiles.queries import read_tiles

MAPS = {
    "base map": "base.boundary base.building base.railway base.road_edge base.town base.water roads.street".split(),
    "hazard map": "base.boundary base.building base.town base.water disaster.flood_depth disaster.shelter roads.street".split(),
    "buildings": ["base.building"],
    "zoning": ["city_planning.zoning"],
}
ZOOMS = (12, 14, 16, 17, 18, 20)
PLACES = 6


def resident_mb(pid: int) -> float:
    """Memory of a process in MB."""
    words = Path(f"/proc/{pid}/status").read_text()
    return round(int(words.split("VmRSS:")[1].split()[0]) / 1024, 1)


def worked_ms(pid: int) -> float:
    """The processor's time that a process has used: says more than the clock where others work too."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK") * 1000


class Bench:
    """Draws metatiles of one city and times them."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.painters = installation, Painters(1)
        self.reading, self.helpers = 0.0, ThreadPoolExecutor(3)

    def read(self, plans: Sequence[Plan], z: int, x: int, y: int) -> bytes:
        """One vector tile for the public."""
        began = time.perf_counter()
        drawn = tuple(one for one in plans if z >= one.min_zoom)
        role = roles.PUBLIC_AUDIENCE
        tile = (
            b"".join(read_tiles(self.installation.database, role, drawn, z, x, y, self.helpers)[1])
            if drawn
            else b""
        )
        self.reading += time.perf_counter() - began
        return tile

    def measure(self, ids: list[str], ratio: int) -> dict[str, object]:
        """Times over places and zooms of a map of these layers."""
        layers = [self.installation.catalogue.layer(one) for one in ids]
        plans = [plan(layer, view) for layer in layers if (view := view_for(layer, frozenset()))]
        where = ids[0] if len(ids) == 1 else "base.address_point"
        first: list[float] = []
        each: list[float] = []
        self.reading, sizes = 0.0, []
        pids = self.painters.pids()
        before = worked_ms(pids[0]) if pids else 0.0
        for one in sorted(self._metatiles(plans, where, ratio), key=lambda m: (m.z, m.left, m.top)):
            began = time.perf_counter()
            pictures = draw_metatile(self.painters, self.read, layers, one)
            took = (time.perf_counter() - began) * 1000
            first.append(took)
            each.append(took / len(pictures))
            sizes += map(len, pictures.values())
        return {
            "first": Times(tuple(first)).as_dict(),
            "each": Times(tuple(each)).as_dict(),
            "drawing_cpu_ms_each": round((worked_ms(self.painters.pids()[0]) - before) / len(sizes), 1),
            "share_reading": round(self.reading * 1000 / sum(first), 2),
            "mean_bytes": sum(sizes) // len(sizes),
        }

    def _metatiles(self, plans: list[Plan], where: str, ratio: int) -> set[Metatile]:
        last = min(plan.min_zoom for plan in plans)
        zooms = [z for z in ZOOMS if z > last]
        return {
            metatile_of(plans, *tile, ratio, "png")
            for z in zooms
            for tile in filled_tiles(self.installation, self.installation.catalogue.layer(where), z, PLACES)
        }


def main(parcels: int) -> dict[str, object]:
    """All figures, on the bench's city of that size (made first if it is not there)."""
    settings = city.settings_of(parcels, 18650)
    if not settings.home.exists():
        city.make(settings, parcels)
    bench = Bench(open_for_shell(settings))
    began = time.perf_counter()
    bench.measure(["city_planning.zoning"], 1)  # starts the process, connects
    started = time.perf_counter() - began
    figures = {
        f"{name}, {256 * ratio} px": bench.measure(ids, ratio)
        for name, ids in MAPS.items()
        for ratio in (1, 2)
    }
    (pid,) = bench.painters.pids()
    result = {
        "machine": machine(),
        "load_average": os.getloadavg()[0],
        "parcels": parcels,
        "start_and_first_round_s": round(started, 2),
        "drawing_process_mb": resident_mb(pid),
        "maps": figures,
    }
    bench.painters.close()
    return result


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000), indent=1))
