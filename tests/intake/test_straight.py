"""Rows go into an empty layer as they come; whatever then turns out to be wrong is said as ever, and nothing stays."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from gisapp import errors
from gisapp.installation import Installation
from gisapp.intake import publish as module
from gisapp.intake.copy import raw_connection
from gisapp.intake.source import ROWS_AT_ONCE
from gisapp.revisions.apply import lock_layer
from tests.intake.conftest import Load, ask
from tests.intake.files import LAT, LON, feature, gdal_file, geojson, line

pytestmark = pytest.mark.usefixtures("empty_layers", "few_are_many")


def streets(path: Path, *names: str | None) -> Path:
    found = enumerate(names)
    return geojson(path, [feature(line(number), 路線番号=name, 幅員=4.0) for number, name in found])


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """How many rows each load staged when it was about to end, and how many of them with a width."""
    seen: list[tuple[Any, ...]] = []
    close = module.close_revision

    def watched(raw: psycopg.Connection[Any], *said: Any) -> None:
        seen.extend(raw.execute("SELECT count(*), count(width) FROM pg_temp.gisapp_staged").fetchall())
        close(raw, *said)

    monkeypatch.setattr(module, "close_revision", watched)
    return seen


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_rows_for_an_empty_layer_are_not_staged(
    city: Installation, load: Load, staged: list[tuple[Any, ...]], tmp_path: Path, mode: str
) -> None:
    first = load(streets(tmp_path / "a.geojson", "r1", "r2"), "roads.street", mode=mode)
    assert first.difference == {"added": 2, "changed": 0, "removed": 0, "unchanged": 0}
    said = ask(city, "SELECT what, kept FROM gisapp.revision WHERE id = :id", id=first.revision)
    assert said == [({"file": "a.geojson", "mode": mode, "rows": 2, **first.difference}, True)]
    assert ask(city, "SELECT DISTINCT revision FROM roads.street") == [(first.revision,)]
    load(streets(tmp_path / "b.geojson", "r2", "r3", "r4"), "roads.street")
    assert staged == [(0, 0), (3, 3)]


def test_a_key_that_comes_again_much_later_is_named_with_both_rows(
    city: Installation, load: Load, tmp_path: Path
) -> None:
    count = ROWS_AT_ONCE + 10
    xy = np.column_stack([np.full(count, LON), LAT + np.arange(count) * 1e-7])
    names = [f"r{number}" for number in range(count - 1)] + ["r1"]
    shapes = shapely.linestrings(np.stack([xy, xy + 0.001], axis=1))
    file = gdal_file(tmp_path / "a.gpkg", shapes, {"路線番号": names})
    with pytest.raises(errors.FileRefused) as refused:
        load(file, "roads.street")
    report = refused.value.values["outcome"]
    assert [(p.code, p.rows) for p in report.errors] == [("duplicate_key", (2, count))]  # type: ignore[attr-defined]
    size = ask(city, "SELECT pg_relation_size('roads.street'), count(*) FROM roads.street")
    assert size == [(0, 0)]  # nor do rows that were taken back fill it
    assert ask(city, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(new|old)_'") == [(0,)]


def test_while_somebody_else_writes_rows_are_staged_and_wait(
    city: Installation, load: Load, staged: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    file = streets(tmp_path / "a.geojson", "r1", "r2")
    with city.database.transaction("owner") as connection:
        lock_layer(raw_connection(connection), city.catalogue.layer("roads.street"))
        loading = threading.Thread(target=load, args=(file, "roads.street"))
        loading.start()
        loading.join(1.0)
        assert loading.is_alive()
    loading.join()
    assert staged == [(2, 2)] and ask(city, "SELECT count(*) FROM roads.street") == [(2,)]
