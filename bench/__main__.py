"""`make bench`: measure, write bench/results/<name>.json, print a table.

python -m bench                      the sample city of 50,000 parcels: load, tiles, identify, tipg beside
python -m bench --parcels 500000     the same on a larger city
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from bench import city, peers, tiles
from bench.measure import Requests, machine
from gisapp import cluster
from gisapp.cli.up import web_command, web_environment
from gisapp.installation import open_for_shell
from gisapp.settings import ROOT

RESULTS = ROOT / "bench" / "results"
PORT, PEER_PORT = 8765, 8766
COMPARED = ["base.building", "roads.street", "city_planning.zoning"]


def main() -> None:
    """Run the bench of one city size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parcels", type=int, default=50_000)
    parser.add_argument("--no-peers", action="store_true", help="do not install and run tipg")
    parser.add_argument("--keep-city", action="store_true", help="measure on the city made last time")
    words = parser.parse_args()
    settings = city.settings_of(words.parcels, PORT)
    result: dict[str, Any] = {"machine": machine(), "parcels": words.parcels}
    if not words.keep_city:
        result["load"] = city.make(settings, words.parcels)
        print(f"load: {result['load']}", flush=True)
    elif (kept := RESULTS / f"city-{words.parcels}.json").exists():
        result["load"] = json.loads(kept.read_text()).get("load")
    installation = open_for_shell(settings)
    server = subprocess.Popen(
        web_command(settings), env=web_environment(settings), cwd=ROOT, start_new_session=True
    )
    try:
        peers.wait_for(PORT, server)
        ours = Requests(f"http://127.0.0.1:{PORT}", {"Accept-Encoding": "identity"})
        result["identify"] = tiles.identify(installation, ours)
        result["cold_tiles"] = tiles.cold_tiles(installation, ours)
        if not words.no_peers:
            url = peers.login(installation)
            schemas = sorted({layer.split(".")[0] for layer in COMPARED})
            with peers.tipg(url, schemas, PEER_PORT) as address:
                each = [
                    Requests(base, {"Accept-Encoding": "identity"}, keep=False)
                    for base in (f"http://127.0.0.1:{PORT}", address)
                ]
                result["beside_tipg"] = tiles.beside_tipg(installation, *each, COMPARED)
    finally:
        server.terminate()
        server.wait(10)
        installation.database.close()
        cluster.stop(cluster.locate(settings))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"city-{words.parcels}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    show(result, path)


def show(result: dict[str, Any], path: Path) -> None:
    """Print the figures as tables."""
    if result.get("load"):
        print("\n| load | |\n|---|---|")
        for name, value in result["load"].items():
            print(f"| {name} | {value:,} |")
    print(f"\nidentify over all public layers: {result['identify']}")
    for name in ("cold_tiles", "beside_tipg"):
        rows = result.get(name, [])
        if rows:
            print(f"\n{name}\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        for row in rows:
            print(
                "| "
                + " | ".join(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values())
                + " |"
            )
    print(f"\nwritten to {path.relative_to(ROOT)}")


main()
