"""What the search costs over a million names: building the index, suggestions, exact search, geocoding a table."""

from __future__ import annotations

import csv
import os
import random
import re
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import processes
from bench.city import WORK, gisapp, opened, prepare, settings_at
from bench.measure import Requests, Times
from bench.server import serving
from gisapp import cluster
from gisapp.installation import Installation
from gisapp.settings import Settings

NAMES = 1_000_000
TOWNS, FACILITIES, STREETS = 2_000, 200_000, 50_000
ASKED, ROWS = 300, 100_000
REACH = {
    "suggest_p95_ms": 30,
    "search_p95_ms": 20,
    "geocode_rows_per_s": 5_000,
    "build_s": 60,
    "index_mb": 1_000,
}

# Names are of made-up syllables, so that some are common and most are not; seeded by their number.
_FILL = """
CREATE TEMPORARY TABLE syllable AS SELECT row_number() OVER () - 1 AS n, s FROM regexp_split_to_table(
  '青葉 若葉 本町 中央 桜 榎 梅 楢 柳 沢 田 原 野 山 川 谷 台 丘 森 池 島 橋 宮 寺 神 松 竹 藤 菊 楓', ' ') AS s;
CREATE TEMPORARY TABLE town AS SELECT t, (SELECT s FROM syllable WHERE n = t / 4 % 30) || (SELECT s FROM syllable WHERE n = t / 120 % 30)
  || substr('東西南北上下新元', 1 + t / 4 % 8, 1) || '町' || (ARRAY['一','二','三','四'])[1 + t % 4] || '丁目' AS name FROM generate_series(0, {towns} - 1) AS t;
INSERT INTO base.town (name, geom) SELECT name, ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(130000 + t % 50 * 100, -90000 + t / 50 * 100), 6677), 40)) FROM town;
INSERT INTO base.address_point (town, block, house_number, level, geom) SELECT name, (1 + i / 20 % 40)::text, (1 + i % 20)::text, 6,
  ST_SetSRID(ST_MakePoint(130000 + t % 50 * 100 + i % 20 * 4, -90000 + t / 50 * 100 + i / 20 * 2), 6677)
FROM town CROSS JOIN generate_series(0, {houses} / {towns} - 1) AS i;
INSERT INTO facilities.public_facility (facility_id, name, geom) SELECT i::text,
  (SELECT s FROM syllable WHERE n = (hashint4(i) & 1023) % 30) || (SELECT s FROM syllable WHERE n = (i / 30) % 30)
  || (ARRAY['第','新','東','西','南','北','中','大'])[1 + i % 8] || i || (ARRAY['小学校','中学校','公園','集会所','保育園','図書館','体育館','会館'])[1 + i / 8 % 8],
  ST_SetSRID(ST_MakePoint(130000 + i % 5000, -90000 + i / 50), 6677) FROM generate_series(1, {facilities}) AS i;
INSERT INTO roads.street (route_number, name, geom) SELECT i::text, '市道' || (SELECT s FROM syllable WHERE n = i % 30) || i || '号線',
  ST_SetSRID(ST_Multi(ST_MakeLine(ST_MakePoint(130000 + i % 5000, -90000), ST_MakePoint(130050 + i % 5000, -90050))), 6677)
FROM generate_series(1, {streets}) AS i;
"""


def search() -> dict[str, Any]:
    """Make the names, build the index, ask over one kept connection, geocode a table through the shell; leave nothing."""
    settings = settings_at("search")
    table = WORK / "addresses.csv"
    print("\nsearch …", flush=True)
    prepare(settings)
    try:
        with opened(settings) as installation:
            _fill(installation)
            built = _said(build=_build(installation))
            queries = _queries(installation)
            with serving(settings) as server:
                asked = server.requests(keep=True)
                times = _said(
                    suggest=_times(asked, "/api/suggest", queries["typed"]).as_dict(),
                    search=_times(asked, "/api/search", queries["exact"]).as_dict(),
                )
            located = _said(geocode=_geocode(settings, queries["table"], table))
    finally:
        shutil.rmtree(settings.home)
        for file in WORK.glob(f"{table.stem}*.csv"):
            file.unlink()
    return {"names": NAMES, **built, **times, **located, "reach": REACH}


def _said(**figures: Any) -> dict[str, Any]:
    print(f"{figures} (load {os.getloadavg()[0]:.1f})", flush=True)
    return figures


@contextmanager
def _measured(settings: Settings) -> Iterator[dict[str, float]]:
    """What the block took: seconds, and seconds of processor time of this process, its children and the database."""
    database = int((cluster.locate(settings).data / "postmaster.pid").read_text().split()[0])
    found: dict[str, float] = {}
    began, spent, ours = time.perf_counter(), processes.spent(database), _own()
    yield found
    found["seconds"] = round(time.perf_counter() - began, 1)
    found["cpu_s"] = round(_own() - ours + processes.spent(database) - spent, 1)


def _own() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _fill(installation: Installation) -> None:
    houses = NAMES - TOWNS - FACILITIES - STREETS
    script = _FILL.format(towns=TOWNS, houses=houses, facilities=FACILITIES, streets=STREETS)
    with installation.database.transaction("owner") as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute(script)  # type: ignore[attr-defined]


def _build(installation: Installation) -> dict[str, float]:
    from gisapp.cli.search import rebuild

    with _measured(installation.settings) as took:
        made = rebuild(installation)
    with installation.database.transaction("owner") as connection:
        size = connection.exec_driver_sql(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'search'::regnamespace AND relkind = 'r'"
        ).scalar_one()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "entries": made,
        **took,
        "index_mb": round(int(size) / 1e6),
        "peak_mb": round(peak),
    }


def _queries(installation: Installation) -> dict[str, list[str]]:
    chance = random.Random(1)
    with installation.database.transaction("owner") as connection:
        names = [
            row[0]
            for table, column in (
                ("base__address_point", "label"),
                ("facilities__public_facility", "label"),
                ("roads__street", "label"),
                ("base__town", "label"),
            )
            for row in connection.exec_driver_sql(
                f"SELECT {column} FROM search.{table} ORDER BY md5(feature::text) LIMIT {ROWS // 4}"
            )
        ]
    exact = chance.sample(names, ASKED)
    typed = [name[: chance.randint(1, len(name))] for name in chance.sample(names, ASKED)]
    houses = [name for name in names if name.endswith("号") and "番" in name]
    table = [_respelt(chance, chance.choice(houses)) for _ in range(ROWS)]
    return {"exact": exact, "typed": typed, "table": table}


def _respelt(chance: random.Random, name: str) -> str:
    kind = chance.randrange(4)
    if kind == 0:
        return name
    if kind == 1:
        return "架空県青葉野市" + name.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    if kind == 2:
        return name.replace("番", "-").removesuffix("号")
    return name + " ハイツ" + str(chance.randint(101, 909)) + "号室"


def _times(asked: Requests, path: str, queries: list[str]) -> Times:
    for query in queries[:20]:
        asked.need(f"{path}?q={quote(query)}")
    return Times(tuple(asked.need(f"{path}?q={quote(query)}").milliseconds for query in queries))


def _geocode(settings: Settings, addresses: list[str], table: Path) -> dict[str, Any]:
    with table.open("w", encoding="utf-8", newline="") as made:
        csv.writer(made).writerows([["住所"], *([address] for address in addresses)])
    cluster.start(cluster.locate(settings))  # it ended with the server
    with _measured(settings) as took:
        said = gisapp(settings, "geocode", str(table))
    seconds = float(re.findall(r"（([0-9.]+) s", said)[0])
    found = int(re.findall(r"一致 ([0-9,]+)", said)[0].replace(",", ""))
    rows = len(addresses)
    return {"rows": rows, "found": found, "rows_per_s": round(rows / seconds), **took, "seconds": seconds}
