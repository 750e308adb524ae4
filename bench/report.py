"""What was measured as tables on the screen, charts in docs/images, and the README's section between two marks.

The section and the charts are made of bench/results alone: a test makes them anew and compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bench import charts, results
from bench.summary import lines
from gisapp.settings import ROOT

README, IMAGES = ROOT / "README.md", ROOT / "docs" / "images"
PARCELS = 500_000  # of the city that the README tells of
MARKS = re.compile(r"(<!-- measured -->\n).*?(<!-- /measured -->)", re.S)
CHARTS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str], str]] = {
    "bench-cold.svg": (f"cold-{PARCELS}", charts.cold, "cold tiles: p95 of every layer at every zoom"),
    "bench-peers.svg": (
        f"peers-{PARCELS}",
        charts.peers,
        "gisapp, tipg, MapServer, martin's SQL and pygeoapi side by side",
    ),
    "bench-low.svg": (f"peers-{PARCELS}", charts.low, "low zooms: gisapp and tipg on the raw table"),
    "bench-hits.svg": (f"hits-{PARCELS}", charts.hits, "hits a second beside a constant body"),
    "bench-edits.svg": (f"edits-{PARCELS}", charts.edits, "from commit to fresh tile"),
    "bench-growth.svg": ("growth", charts.growth, "p95 over the size of the city"),
}


def report(parcels: int) -> None:
    """Print the tables of one city, and bring the README and its charts to what was measured."""
    for name in (f"cold-{parcels}", f"peers-{parcels}", f"edits-{parcels}", "nerima", "noisy"):
        result = results.read(name)
        if result:
            print(f"\n{name}\n{table(result['rows'])}")
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, content in pictures().items():
        (IMAGES / name).write_text(content)
    README.write_text(written(README.read_text()))
    print("\n" + section())


def table(rows: list[dict[str, Any]]) -> str:
    """Rows of a result as text, a line each; what is nested, by its own names."""
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    widths = {name: max(len(name), *(len(row.get(name, "")) for row in flat)) for name in names}
    written_rows = [{name: name for name in names}, *flat]
    return "\n".join(
        "  ".join(row.get(name, "").rjust(widths[name]) for name in names) for row in written_rows
    )


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{name} ")
        elif not isinstance(value, list):
            found[before + name] = f"{value:,}" if isinstance(value, int) and name != "zoom" else str(value)
    return found


def pictures() -> dict[str, str]:
    """The charts of what was measured, by their files' names."""
    found = {}
    for name, (of, draw, _) in CHARTS.items():
        result = results.read(of)
        if result and result.get("low" if name == "bench-low.svg" else "rows"):
            found[name] = draw(result)
    return found


def section() -> str:
    """The README's section of what was measured."""
    shown = pictures()
    images = [f"![{says}](docs/images/{name})" for name, (_, _, says) in CHARTS.items() if name in shown]
    return "\n\n".join([lines(results.read, PARCELS), *images])


def written(readme: str) -> str:
    """The README with that section in it. Raises ValueError where its marks are missing."""
    if not MARKS.search(readme):
        raise ValueError("README.md has no <!-- measured --> … <!-- /measured -->")
    return MARKS.sub(lambda found: f"{found[1]}{section()}\n{found[2]}", readme)
