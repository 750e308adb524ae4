"""How cold tiles slow down while a city grows at equal density: 50,000, 500,000 and 2,000,000 parcels."""

from __future__ import annotations

from typing import Any

from bench import city
from bench.cold import cold
from bench.measure import load_average
from bench.server import serving

SIZES = (50_000, 500_000, 2_000_000)
QUICKLY_MADE = 500_000  # parcels: larger cities are made only when told to
REACH = 1.5
TILES = 40
FLOOR_MS = 5.0  # below, the noise of a shared machine is larger than what the city's size does


def growth(sizes: list[int], *, make_missing: bool) -> dict[str, Any]:
    """p95 of every layer and zoom in each city, and the ratio of the largest to the smallest."""
    results: dict[int, dict[tuple[str, int], float]] = {}
    missing, loads = [], {}
    for size in sizes:
        settings = city.settings_of(size)
        if not city.kept(settings):
            if size > QUICKLY_MADE and not make_missing:
                missing.append(size)
                continue
            city.make(settings, size)
        with city.opened(settings) as installation, serving(settings) as server:
            rows = cold(installation, server, TILES)["rows"]
            results[size] = {(row["layer"], row["zoom"]): row["p95_ms"] for row in rows}
            loads[str(size)] = load_average()
    rows = _rows(results)
    return {
        "sizes": sorted(results),
        "not_measured": missing,
        "rows": rows,
        "worst_ratio": max((row["ratio"] for row in rows if row["counts"]), default=None),
        "all_rows_ratio": _all(results),
        "reach": REACH,
        "floor_ms": FLOOR_MS,
        "load_average_after": loads,
    }


def _rows(results: dict[int, dict[tuple[str, int], float]]) -> list[dict[str, Any]]:
    sizes = sorted(results)
    common = set.intersection(*(set(one) for one in results.values())) if results else set()
    rows = []
    for layer, zoom in sorted(common):
        times = [results[size][layer, zoom] for size in sizes]
        ratio = round(times[-1] / times[0], 2)
        row = {"layer": layer, "zoom": zoom, "p95_ms": times, "ratio": ratio, "counts": times[-1] > FLOOR_MS}
        rows.append(row)
    return rows


def _all(results: dict[int, dict[tuple[str, int], float]]) -> float | None:
    """The worst p95 of all layers and zooms in the largest city to that in the smallest."""
    if len(results) < 2:
        return None
    worst = {size: max(one.values()) for size, one in results.items()}
    return round(worst[max(worst)] / worst[min(worst)], 2)
