"""The bench of rights compares the same answer to the same question, with and without rights."""

from __future__ import annotations

from bench.rights import LAYERS, rights
from gisapp.installation import Installation


def test_both_sides_read_the_same_and_each_is_timed(installation: Installation) -> None:
    rows = rights(installation, tiles=1)["rows"]
    assert [(row["layer"], row["what"]) for row in rows] == [
        (layer, what) for layer, _ in LAYERS for what in ("tile", "query")
    ]
    for row in rows:
        assert row["with"]["n"] == row["without"]["n"] == 1
        assert row["with"]["p50_ms"] > 0 and row["without"]["p50_ms"] > 0
