"""An empty layer is filled without its spatial indexes, nobody who reads it waits, and it has them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gisapp import errors
from gisapp.catalogue.layer import Layer
from gisapp.installation import Installation
from gisapp.intake import publish as module
from tests.intake.conftest import Load, ask
from tests.intake.files import feature, geojson, line

Rows = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("empty_layers")
INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = 'roads' AND tablename = 'street' AND indexdef LIKE '%gist%' ORDER BY 1"
BOTH = [("street_geom_idx",), ("street_geom_web_idx",)]


def streets(path: Path, count: int = 3, **more: Any) -> Path:
    return geojson(path, [feature(line(number), 路線番号=f"r{number}", **more) for number in range(count)])


def test_while_it_is_filled_its_readers_see_it_empty_and_do_not_wait(
    city: Installation, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, ...]] = []
    build = module.build_missing_indexes

    def watched(raw: psycopg.Connection[Any], layer: Layer) -> bool:
        seen.append(tuple(name for (name,) in raw.execute(INDEXES).fetchall()))
        missing = build(raw, layer)
        seen.append((missing,))
        seen.extend(ask(city, "SELECT count(*) FROM roads.street"))  # from another connection
        locks = "SELECT count(*) FROM pg_locks WHERE relation = 'roads.street'::regclass AND mode = 'AccessExclusiveLock'"
        seen.extend(ask(city, locks))
        return missing

    monkeypatch.setattr(module, "build_missing_indexes", watched)
    load(streets(tmp_path / "a.geojson"), "roads.street")
    assert seen == [(), (True,), (0,), (0,)]
    assert ask(city, INDEXES) == BOTH
    seen.clear()
    load(streets(tmp_path / "b.geojson", 4), "roads.street")
    assert seen[0] == ("street_geom_idx", "street_geom_web_idx") and seen[1] == (False,)


def test_a_load_that_is_refused_leaves_the_indexes_there(
    city: Installation, load: Load, tmp_path: Path
) -> None:
    with pytest.raises(errors.FileRefused):
        load(streets(tmp_path / "a.geojson", 幅員="ひろい"), "roads.street")
    assert ask(city, INDEXES) == BOTH and ask(city, "SELECT count(*) FROM roads.street") == [(0,)]


def test_a_layer_that_somebody_reads_long_is_filled_with_its_indexes(
    city: Installation, load: Load, tmp_path: Path
) -> None:
    with city.database.transaction("owner") as connection:
        connection.exec_driver_sql("SELECT count(*) FROM roads.street")
        assert load(streets(tmp_path / "a.geojson"), "roads.street").ok
    assert ask(city, INDEXES) == BOTH and ask(city, "SELECT count(*) FROM roads.street") == [(3,)]
