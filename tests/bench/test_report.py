"""The README's figures and charts are those of bench/results, to the digit."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from bench import charts, report, results
from bench.summary import lines
from gisapp.settings import ROOT

TIMES = {"n": 40, "p50_ms": 10.0, "p95_ms": 20.5, "bytes": 1234}
COLD: dict[str, Any] = {
    "rows": [
        {"layer": "base.building", "zoom": 13, "asked_as": "visitor", **TIMES, "max_bytes": 600_000},
        {
            "layer": "base.building",
            "zoom": 14,
            "asked_as": "visitor",
            **TIMES | {"p95_ms": 70.0},
            "max_bytes": 9,
        },
    ],
    "worst_p95_ms": 70.0,
    "worst_bytes": 600_000,
    "too_slow": ["base.building z14"],
    "too_large": ["base.building z13"],
}


def machine(day: str) -> dict[str, Any]:
    about = {"cores": 2, "cpu": "a processor", "memory_gib": 23.5, "measured_at": f"{day}T10:00:00+0000"}
    return {"machine": about, "load_average": {"before": [0.5, 0.4, 0.3], "after": [2.0, 1.0, 0.5]}}


def test_the_readme_says_what_the_bench_measured() -> None:
    readme = (ROOT / "README.md").read_text()
    assert report.written(readme) == readme, "run `python -m bench report`"


def test_the_charts_show_what_the_bench_measured() -> None:
    shown = {name: (report.IMAGES / name).read_text() for name in report.pictures()}
    assert shown == report.pictures(), "run `python -m bench report`"
    there = {path.name for path in report.IMAGES.glob("bench-*.svg")}
    assert there == set(shown), "a chart without results is left"


def test_a_changed_figure_changes_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    file = tmp_path / f"cold-{report.PARCELS}.json"
    file.write_text(json.dumps(machine("2026-11-25") | COLD))
    before = report.written((ROOT / "README.md").read_text())
    file.write_text(json.dumps(machine("2026-11-25") | COLD | {"worst_p95_ms": 49.9, "too_slow": []}))
    after = report.written((ROOT / "README.md").read_text())
    assert "| 70.0 ms; above: base.building z14 |" in before
    assert "| 49.9 ms; above: none |" in after
    assert "worst p95 | ≤ 50 ms |" in after


def test_the_table_says_when_where_and_how_busy_the_machine_was() -> None:
    kept = {"cold-500000": machine("2026-11-24") | COLD, "identify-500000": machine("2026-11-25") | TIMES}
    said = lines(kept.get, 500_000)
    assert (
        "2 cores (a processor, 23.5 GiB), 2026-11-24 to 2026-11-25; load average before each step 0.5" in said
    )
    assert (
        "| identify over all public layers, 500,000 parcels | p95 ≤ 15 ms | p50 10.0 ms, p95 20.5 ms |"
        in said
    )


def test_nothing_measured_is_said_as_such() -> None:
    assert lines({}.get, 500_000).startswith("Nothing was measured yet")


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="measured"):
        report.written("# gisapp\n")


RESULTS: dict[str, dict[str, Any]] = {
    "cold": COLD,
    "peers": {"rows": [{"layer": "a.b", "zoom": 16, **{name: TIMES for name in charts.SERVERS}}]},
    "low": {"low": [{"layer": "a.b", "zoom": 12, "gisapp": TIMES, "tipg": TIMES | {"p50_ms": 6000.0}}]},
    "hits": {
        "rows": [
            {
                "asker": "visitor",
                "gisapp": {"per_second": 14_000, "p99_ms": 8.0, "bytes_each": 20_100},
                "constant": {"per_second": 16_000, "p99_ms": 7.0, "bytes_each": 20_100},
                "constant_within": {"per_second": 15_500, "p99_ms": 7.0, "bytes_each": 20_100},
            }
        ],
        "reach": {"per_second": 15_000},
    },
    "edits": {
        "rows": [
            {"reads_the_table": True, "latencies_ms": [20.0, 30.0, 190.0]},
            {"reads_the_table": False, "latencies_ms": [900.0]},
        ],
        "reach_ms": {"table": 200, "generalised": 5000},
    },
    "growth": {
        "sizes": [50_000, 500_000],
        "rows": [{"layer": "a.b", "zoom": 16, "p95_ms": [9.0, 9.9], "ratio": 1.1, "counts": True}],
    },
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_chart_is_an_svg_in_both_languages_and_for_dark_pages(name: str) -> None:
    drawn = getattr(charts, name)(RESULTS[name])
    root = ElementTree.fromstring(drawn)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    words = "".join(root.itertext())
    assert " / " in (root[0].text or "") and any("぀" <= letter <= "ヿ" for letter in words)
    assert "prefers-color-scheme: dark" in words
    for box in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert 0 <= float(box.attrib["x"]) and float(box.attrib["x"]) + float(box.attrib["width"]) <= width
        assert float(box.attrib["y"]) + float(box.attrib["height"]) <= height
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert float(text.attrib["y"]) <= height
