"""`make bench`: measure what the tiles are to reach, write bench/results/*.json, print tables, draw the README's charts.

python -m bench                                    all that ends within half an hour
python -m bench cold peers --keep-city             these steps only, on the city made last time
python -m bench growth --sizes 50000,500000,2000000 --make-missing
python -m bench many --rows 5000000                a file of that many rows into an empty layer (only when named)
python -m bench exports --rows 1000000             that many features as a GeoPackage (only when named)
python -m bench report                             tables, charts and the README from what was measured

Steps: city (generate and load), identify, cold, peers, askers, hits, memory, edits, features, questions, rights, intake, many, exports, search,
nerima, noisy, growth, report.
"""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from typing import Any

from bench import (
    askers,
    beside,
    city,
    cold,
    edits,
    exports,
    features,
    growth,
    hits,
    identify,
    intake,
    many,
    memory,
    nerima,
    noisy,
    questions,
    report,
    results,
    rights,
    search,
)
from bench.server import Server, serving
from gisapp.installation import Installation
from gisapp.settings import Settings

SERVED: dict[str, Callable[[Installation, Server], dict[str, Any]]] = {
    "identify": identify.identify,
    "cold": cold.cold,
    "peers": beside.beside,
    "askers": askers.askers,
    "hits": hits.hits,
    "memory": memory.memory,
    "edits": edits.edits,
    "features": features.features,
    "questions": questions.questions,
    "rights": rights.rights,
}
"""Steps over the server of one made-up city, in the order in which they disturb the least."""
ALL = ("city", *SERVED, "intake", "search", "nerima", "noisy", "growth", "report")


def main() -> None:
    """Run the steps that were named, or all."""
    words = _words()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end: servers and clusters end too
    steps = words.steps or list(ALL)
    settings = city.settings_of(words.parcels)
    if "city" in steps and not (words.keep_city and city.kept(settings)):
        results.keep(f"city-{words.parcels}", lambda: {"load": city.make(settings, words.parcels)}, settings)
    elif not city.kept(settings) and set(steps) & set(SERVED):
        raise SystemExit(f"bench: there is no city of {words.parcels} parcels yet: run the step `city` first")
    _serve(settings, words.parcels, [step for step in SERVED if step in steps])
    if "intake" in steps:
        results.keep(f"intake-{words.parcels}", lambda: intake.intake(words.parcels), settings)
    if "many" in steps:
        most = words.rows or 5_000_000
        results.keep(f"many-{most}", lambda: many.many(most), settings)
    if "exports" in steps:
        rows = words.rows or 1_000_000
        results.keep(f"exports-{rows}", lambda: exports.exports(rows), settings)
    if "search" in steps:
        results.keep("search", search.search, settings)
    if "nerima" in steps:
        results.keep("nerima", lambda: nerima.nerima(keep_city=words.keep_city), settings)
    if "noisy" in steps:
        results.keep("noisy", noisy.noisy, settings)
    if "growth" in steps:
        sizes = [int(size) for size in words.sizes.split(",")]
        results.keep("growth", lambda: growth.growth(sizes, make_missing=words.make_missing), settings)
    report.report(words.parcels)


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", choices=[*ALL, "many", "exports", []], metavar="step")
    parser.add_argument("--parcels", type=int, default=500_000, help="size of the made-up city")
    parser.add_argument("--rows", type=int, help="of the step many (5,000,000) or exports (1,000,000)")
    parser.add_argument("--keep-city", action="store_true", help="measure on the city made last time")
    parser.add_argument("--sizes", default=",".join(map(str, growth.SIZES)), help="cities of the step growth")
    parser.add_argument(
        "--make-missing", action="store_true", help="make the cities of growth that are not there"
    )
    return parser.parse_args()


def _serve(settings: Settings, parcels: int, steps: list[str]) -> None:
    """The steps that need the city's server, over one server each: what one step left in memory is not the next one's."""
    for step in steps:
        with city.opened(settings) as installation, serving(settings) as server:
            results.keep(f"{step}-{parcels}", lambda: _measured(step, installation, server), settings)  # noqa: B023


def _measured(step: str, installation: Installation, server: Server) -> dict[str, Any]:
    print(f"\n{step} …", flush=True)
    return SERVED[step](installation, server)


if __name__ == "__main__":
    main()
