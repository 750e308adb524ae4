"""The README's table: what is to be reached, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Row = Mapping[str, Any]
Read = Callable[[str], dict[str, Any] | None]


def lines(read: Read, parcels: int) -> str:
    """Where and when, then a row for each figure that was measured. `read` gives a result by its name."""
    makers = (
        (f"cold-{parcels}", _cold),
        (f"peers-{parcels}", _peers),
        ("noisy", _noisy),
        (f"hits-{parcels}", _hits),
        (f"memory-{parcels}", _memory),
        (f"edits-{parcels}", _edits),
        (f"askers-{parcels}", _askers),
        ("growth", _growth),
        ("nerima", _nerima),
        (f"intake-{parcels}", _intake),
        ("search", _search),
        (
            f"identify-{parcels}",
            lambda r: [(f"identify over all public layers, {parcels:,} parcels", "p95 ≤ 15 ms", _pair(r))],
        ),
        ("identify-50000", lambda r: [("the same, 50,000 parcels", "", _pair(r))]),
        (f"features-{parcels}", _features),
        (f"questions-{parcels}", _questions),
        ("exports-1000000", lambda r: [_export(f"{r['rows']:,} features as a GeoPackage", r)]),
        (f"city-{parcels}", lambda r: [_loaded(r, parcels)]),
        ("city-50000", lambda r: [_loaded(r, 50_000)]),
    )
    found = [(result, row) for name, make in makers if (result := read(name)) for row in make(result)]
    rows = [f"| {what} | {reach} | {measured} |" for _, (what, reach, measured) in found]
    return "\n".join(
        [
            _where([result for result, _ in found], parcels),
            "",
            "| | to reach | measured |",
            "|---|---|---|",
            *rows,
        ]
    )


def _where(measured: list[dict[str, Any]], parcels: int) -> str:
    if not measured:
        return "Nothing was measured yet: `make bench`."
    newest = max(measured, key=lambda result: result["machine"]["measured_at"])
    machine = newest["machine"]
    days = sorted({result["machine"]["measured_at"][:10] for result in measured})
    loads = [result["load_average"]["before"][0] for result in measured if "load_average" in result]
    load = f"; load average before each step {min(loads)}–{max(loads)}" if loads else ""
    peers: dict[str, str] = next(
        (result["versions_of_peers"] for result in measured if "versions_of_peers" in result), {}
    )
    named = ", ".join(f"{name} {version}" for name, version in peers.items())
    return (
        f"By `make bench` on {machine['cores']} cores ({machine['cpu']}, {machine['memory_gib']} GiB), "
        f"{' to '.join(dict.fromkeys((days[0], days[-1])))}{load}. City of {parcels:,} parcels unless said otherwise. "
        + (f"Peers in the same minute on the same tables and columns: {named}. " if named else "")
        + "Every figure, layer and zoom is in `bench/results/`."
    )


def _cold(result: Row) -> list[tuple[str, str, str]]:
    rows, slow, large = result["rows"], result["too_slow"], result["too_large"]
    tiles = sum(row["n"] for row in rows)
    return [
        (
            f"cold tile, {len(rows)} layers and zooms, {tiles:,} tiles: worst p95",
            "≤ 50 ms",
            f"{result['worst_p95_ms']} ms; above: {_named(slow)}",
        ),
        (
            "largest cold tile before compression",
            "≤ 500 kB",
            f"{result['worst_bytes'] / 1000:,.1f} kB; above: {_named(large)}",
        ),
    ]


def _intake(result: Row) -> list[tuple[str, str, str]]:
    reach, found = result["reach"], []
    words = {"empty": "into an empty layer", "replace": "in place of a full one"}
    for row in result["rows"]:
        ours, theirs = row["gisapp"], row["ogr2ogr"]
        found.append(
            (
                f"{result['parcels']:,} polygons of a GeoPackage {words[row['into']]}",
                f"≤ {reach[row['into']]:g}× ogr2ogr; ≤ {reach['memory_mb']:,} MB",
                f"{row['ratio']}× ({ours['seconds']} : {theirs['seconds']} s); {ours['memory_mb']} MB; "
                f"a reader waited {ours['longest_wait_s']} s at most",
            )
        )
    return found


def _features(result: Row) -> list[tuple[str, str, str]]:
    many = "; ".join(f"{row['server']} {row['many']['p50_ms']} ms" for row in result["rows"])
    few = "; ".join(f"{row['server']} {row['few_per_second']}/s" for row in result["rows"])
    return [
        ("10,000 features as GeoJSON", "≥ 5× the faster peer", f"{result['times_faster_many']}× ({many})"),
        (
            "pages of 10 features, four clients",
            "≥ 5× the faster peer",
            f"{result['times_more_few']}× ({few})",
        ),
    ]


def _questions(result: Row) -> list[tuple[str, str, str]]:
    count, export = f"{result['features']:,}", result["export"]
    found = [
        (
            f"summary of {row['features']:,} {row['of']} {row['what']}",
            "≤ 1 s",
            f"p50 {row['p50_ms']} ms" + _stopped(row),
        )
        for row in result["summaries"]
    ]
    return [*found, _export(f"{count} buildings as a GeoPackage", export)]


def _export(what: str, row: Row) -> tuple[str, str, str]:
    measured = f"{row['ratio']}× ({row['gisapp_s']} : {row['ogr2ogr_s']} s); {row['memory_mb']} MB"
    return what, "≤ 1× ogr2ogr; ≤ 300 MB", measured


def _stopped(row: Row) -> str:
    return f"; {row['stopped']} stopped by the time limit" if row["stopped"] else ""


def _peers(result: Row) -> list[tuple[str, str, str]]:
    high = [row for row in result["rows"] if row["zoom"] >= 16]
    times = "; ".join(
        f"{row['layer']} z{row['zoom']} {row['gisapp']['p50_ms']} : {row['tipg']['p50_ms']} ms"
        for row in high
    )
    lost = sum(row["tipg"]["fewer_than_gisapp"] for row in high)
    found = [
        (
            "gisapp : tipg from z16, medians",
            "not slower",
            f"{times}; slower: {_named(result['slower_than_tipg_from_z16'])}",
        ),
        ("features of those tiles that tipg loses at seams", "", f"{lost:,}"),
    ]
    if result["low_zooms_times_faster"]:
        ratios = "; ".join(f"{name} {ratio}×" for name, ratio in result["low_zooms_times_faster"].items())
        if floor := result.get("empty_tile_p50_ms"):
            ratios += f"; an empty tile takes {floor['gisapp']} : {floor['tipg']} ms"
        found.append(("low zooms: times faster than tipg on the raw table", "≥ 10×", ratios))
    return found


def _noisy(result: Row) -> list[tuple[str, str, str]]:
    row = next(row for row in result["rows"] if row["zoom"] == 8)
    return [
        (f"a polygon of {result['vertices']:,} noisy vertices at z8, p95", "≤ 100 ms", f"{row['p95_ms']} ms")
    ]


def _hits(result: Row) -> list[tuple[str, str, str]]:
    found = []
    for row in result["rows"]:
        ours = row["gisapp"]
        within = f"{row['ratio']} ({row['ratio_within']} of one within gisapp's processes)"
        measured = f"{within}; {ours['per_second']:,}/s; p99 {ours['p99_ms']} ms"
        reach = "≥ 0.8 of a constant body; ≥ 15,000/s; p99 ≤ 10 ms"
        found.append((f"hits, {row['asker']}, beside eight cold requests", reach, measured))
    most = max(worker["rss_mb"] for worker in result["memory_of_workers"].values())
    return [*found, ("memory of a web worker under that load", "≤ 250 MB", f"{most} MB")]


def _memory(result: Row) -> list[tuple[str, str, str]]:
    most = max(worker["rss_mb"] for worker in result["under_load"].values())
    return [("the same, measured by itself", "≤ 250 MB", f"{most} MB")]


def _edits(result: Row) -> list[tuple[str, str, str]]:
    found = []
    for name, what, reach in (
        ("table", "edit to fresh tile on every worker, zooms that read the table", "≤ 200 ms"),
        ("generalised", "the same at generalised zooms", "≤ 5 s"),
    ):
        one = result[name]
        if one["n"]:
            words = (
                f"p50 {one['p50_ms']} ms, p95 {one['p95_ms']} ms, slowest {one['max_ms']} ms of {one['n']}"
            )
            found.append((what, reach, words + (f"; {one['not_seen']} not seen" if one["not_seen"] else "")))
    told = result["neighbours"]
    if told["hits"] + told["misses"]:
        words = f"{told['hits']:,} of {told['hits'] + told['misses']:,}"
        found.append(("untouched neighbours that stayed hits", "all", words))
    return found


def _askers(result: Row) -> list[tuple[str, str, str]]:
    tiles = sum(row["tiles"] for row in result["rows"])
    what = f"statements for a cold tile with {result['at_once']} askers at once, most of {tiles} tiles"
    turned = result["refused"]
    away = (
        f"; {turned} of {tiles * result['at_once']:,} askers were told to come again (503)" if turned else ""
    )
    return [(what, "1", f"{result['most_statements']}{away}")]


def _growth(result: Row) -> list[tuple[str, str, str]]:
    sizes = result["sizes"]
    if len(sizes) < 2 or result["all"]["worst_ratio"] is None:
        return []
    span = f"cold p95 from {sizes[0]:,} to {sizes[-1]:,} parcels"
    rows = f"of each layer and zoom above {result['floor_ms']:g} ms"
    found = []
    for name, words in (("equally_full", "tiles that are equally full in both"), ("all", "all tiles")):
        one = result[name]
        small, large = one["p95_ms"]
        found.append(
            (
                f"{span}, {words}, together",
                "< 1.5×",
                f"{one['ratio']}× ({small} → {large} ms, {one['tiles']} tiles)",
            )
        )
        within = f"{one['within']} of {one['rows']} within; steepest {one['worst_ratio']}×"
        found.append((f"{span}, {words}, {rows}", "< 1.5×", within))
    return found


def _nerima(result: Row) -> list[tuple[str, str, str]]:
    words = "; ".join(f"z{row['zoom']} {row['p95_ms']} ms" for row in result["rows"])
    beside = "; ".join(
        f"z{row['zoom']} {row['gisapp']['p50_ms']} : {row['tipg']['p50_ms']} ms"
        for row in result["beside"]["rows"]
    )
    loaded = result["load"]
    return [
        ("cold tiles of 120,000 real buildings (Nerima, PLATEAU), p95", "≤ 50 ms", words),
        ("gisapp : tipg on them, medians", "", beside),
        (
            "that file loaded by `gisapp load`",
            "",
            f"{loaded['seconds']} s; low zooms built in {loaded['generalised_s']} s",
        ),
    ]


def _search(result: Row) -> list[tuple[str, str, str]]:
    names, built, table = f"{result['names']:,} names", result["build"], result["geocode"]
    return [
        (f"suggestions over {names}", "p95 ≤ 30 ms", _pair(result["suggest"])),
        (f"exact search over {names}", "p95 ≤ 20 ms", _pair(result["search"])),
        (
            f"search index of {names} built",
            "≤ 60 s, ≤ 1 GB",
            f"{built['seconds']} s ({built['cpu_s']} s of processor time), {built['index_mb']} MB",
        ),
        (
            f"`gisapp geocode` of {table['rows']:,} rows",
            "≥ 5,000 rows/s",
            f"{table['rows_per_s']:,} rows/s ({table['cpu_s']} s of processor time)",
        ),
    ]


def _loaded(result: Row, parcels: int) -> tuple[str, str, str]:
    loaded = result["load"]
    return (
        f"made-up city of {parcels:,} parcels generated and loaded ({loaded['rows']:,} rows)",
        "",
        f"{loaded['seconds']} s",
    )


def _pair(result: Row) -> str:
    return f"p50 {result['p50_ms']} ms, p95 {result['p95_ms']} ms"


def _named(rows: list[str]) -> str:
    if not rows:
        return "none"
    return ", ".join(rows) if len(rows) <= 4 else f"{', '.join(rows[:4])} and {len(rows) - 4} more"
