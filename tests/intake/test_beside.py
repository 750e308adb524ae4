"""An empty layer's many rows come in a new table, which is the old one in all but its rows; its readers hardly wait."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gisapp.audit.record import Who
from gisapp.db import LOCK_FOR_SYNC
from gisapp.installation import Installation
from gisapp.intake import beside, publish
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import Options
from gisapp.intake.raw import raw_connection
from gisapp.intake.stage import drop_stage, kept_stage
from gisapp.revisions.undo import undo_revision
from gisapp.schema.sync import sync
from tests.intake.conftest import Load, ask
from tests.intake.files import feature, geojson, line

pytestmark = pytest.mark.usefixtures("empty_layers", "few_are_many")
OID = "SELECT 'roads.street'::regclass::oid::bigint"
BY_HAND = """
CREATE INDEX "幅員 by hand" ON roads.street (width) WHERE width > 2;
CREATE VIEW roads.by_hand WITH (check_option=local) AS SELECT id, geom, width * 2 AS twice FROM roads.street WHERE width > 0;
CREATE FUNCTION roads.by_hand() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER by_hand AFTER UPDATE ON roads.street FOR EACH ROW EXECUTE FUNCTION roads.by_hand();
ALTER TABLE roads.street DISABLE TRIGGER by_hand, ADD CONSTRAINT by_hand CHECK (width < 1000), SET (fillfactor = 90);
GRANT SELECT ON roads.street TO pg_monitor WITH GRANT OPTION;
GRANT SELECT (id, width), UPDATE (width) ON roads.street TO pg_read_all_stats;
GRANT SELECT ON roads.by_hand TO pg_monitor;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_read_all_settings
"""
BACK = """
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM pg_read_all_settings;
DROP VIEW IF EXISTS roads.by_hand;
DROP FUNCTION IF EXISTS roads.by_hand() CASCADE;
DROP INDEX IF EXISTS roads."幅員 by hand";
ALTER TABLE roads.street DROP CONSTRAINT IF EXISTS by_hand, RESET (fillfactor);
REVOKE ALL ON roads.street FROM pg_monitor, pg_read_all_stats, pg_read_all_settings
"""
DESCRIBED = """
WITH t AS (SELECT * FROM pg_class WHERE oid = 'roads.street'::regclass),
views AS (SELECT * FROM pg_class WHERE relnamespace = 'roads'::regnamespace AND relkind = 'v')
SELECT 'table', relname, concat_ws('|', reloptions, obj_description(oid), relowner, array(SELECT a::text FROM unnest(relacl) AS a ORDER BY 1)) FROM t
UNION ALL SELECT 'column', attname, concat_ws('|', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage,
  pg_get_expr(adbin, adrelid), col_description(attrelid, attnum), array(SELECT a::text FROM unnest(attacl) AS a ORDER BY 1))
FROM t JOIN pg_attribute ON attrelid = oid AND attnum > 0 LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(c.oid) FROM t JOIN pg_constraint AS c ON conrelid = t.oid
UNION ALL SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM t JOIN pg_index ON indrelid = oid
UNION ALL SELECT 'trigger', tgname, concat(tgenabled, pg_get_triggerdef(g.oid)) FROM t JOIN pg_trigger AS g ON tgrelid = t.oid
UNION ALL SELECT 'sequence', pg_get_serial_sequence('roads.street', 'id'), ''
UNION ALL SELECT 'view', relname, concat_ws('|', oid, relacl, reloptions, obj_description(oid), pg_get_viewdef(oid)) FROM views
ORDER BY 1, 2
"""


def streets(path: Path, count: int = 3, **more: Any) -> Path:
    return geojson(path, [feature(line(number), 路線番号=f"r{number}", **more) for number in range(count)])


def run(city: Installation, statements: str) -> None:
    with city.database.transaction("owner") as connection:
        connection.exec_driver_sql(statements)


@pytest.fixture
def by_hand(city: Installation) -> Iterator[None]:
    """What somebody did to the layer's table with psql."""
    run(city, BY_HAND)
    yield
    run(city, BACK)


def test_all_that_hangs_on_the_table_hangs_on_the_new_one(
    city: Installation, load: Load, tmp_path: Path, by_hand: None
) -> None:
    before, old = ask(city, DESCRIBED), ask(city, OID)
    assert load(streets(tmp_path / "a.geojson", 幅員=4.0), "roads.street").ok
    assert ask(city, OID) != old and ask(city, DESCRIBED) == before
    assert ask(city, "SELECT twice FROM roads.by_hand") == [(8.0,)] * 3
    run(city, BACK)
    assert sync(city, dry_run=True) == []


def test_ids_are_not_given_a_second_time_and_a_fill_is_noted_and_undone(
    city: Installation, load: Load, tmp_path: Path
) -> None:
    found = []
    for name in ("a", "b"):
        (noted,) = ask(city, "SELECT coalesce(max(id), 0) FROM gisapp.tile_change")
        report = load(streets(tmp_path / f"{name}.geojson"), "roads.street")
        found.append([id_ for (id_,) in ask(city, "SELECT id FROM roads.street ORDER BY id")])
        notes = "SELECT DISTINCT relation, boxes IS NULL FROM gisapp.tile_change WHERE id > :id"
        assert ask(city, notes, id=noted[0]) == [("roads.street", True)]
        with city.database.transaction("owner") as connection:
            undo_revision(connection, city.catalogue, report.revision or 0, Who("test"))
        assert ask(city, "SELECT count(*) FROM roads.street") == [(0,)]
    assert len(found[0]) == len(found[1]) == 3 and max(found[0]) < min(found[1])


def test_readers_of_the_table_and_of_its_views_go_on(city: Installation, load: Load, tmp_path: Path) -> None:
    names = ask(city, "SELECT relname FROM pg_class WHERE relnamespace = 'roads'::regnamespace AND relname ~ '^street($|_for_)' AND relkind IN ('r', 'v')")  # fmt: skip
    seen: set[int] = set()
    waits: list[float] = []
    stop = threading.Event()

    def read(name: str) -> None:
        with psycopg.connect(url(city), autocommit=True) as raw:
            while not stop.wait(0.002):
                began = time.perf_counter()
                row = raw.execute(f"SELECT count(*) FROM roads.{name}").fetchone()  # type: ignore[arg-type]
                waits.append(time.perf_counter() - began)
                seen.add(row[0] if row else -1)

    threads = [threading.Thread(target=read, args=name) for name in names]
    for thread in threads:
        thread.start()
    try:
        old = ask(city, OID)
        assert load(streets(tmp_path / "a.geojson"), "roads.street").ok
        time.sleep(0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert ask(city, OID) != old and len(names) > 1
    assert seen == {0, 3} and max(waits) < 1.0


def test_a_right_that_is_given_meanwhile_is_not_lost(
    city: Installation, load: Load, tmp_path: Path, by_hand: None
) -> None:
    granted = "SELECT has_table_privilege('pg_read_all_settings', 'roads.street', 'SELECT')"
    assert ask(city, granted) == [(False,)]
    with city.database.transaction("owner") as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK_FOR_SYNC,))
        loading = threading.Thread(target=load, args=(streets(tmp_path / "a.geojson"), "roads.street"))
        loading.start()
        loading.join(0.8)
        assert loading.is_alive()
        connection.exec_driver_sql("GRANT SELECT ON roads.street TO pg_read_all_settings")
    loading.join()
    assert ask(city, granted) == [(True,)] and ask(city, "SELECT count(*) FROM roads.street") == [(3,)]


def url(city: Installation) -> str:
    return city.database.url("owner").set(drivername="postgresql").render_as_string(hide_password=False)


def test_a_layer_that_somebody_reads_long_is_filled_row_by_row(
    city: Installation, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "TRIES", 2)
    monkeypatch.setattr(beside, "PAUSE", 0.1)
    before, old = ask(city, DESCRIBED), ask(city, OID)
    with city.database.transaction("owner") as connection:
        connection.exec_driver_sql("SELECT count(*) FROM roads.street")
        report = load(streets(tmp_path / "a.geojson"), "roads.street")
    assert report.ok and report.difference == {"added": 3, "changed": 0, "removed": 0, "unchanged": 0}
    assert ask(city, OID) == old and ask(city, DESCRIBED) == before
    found = "SELECT count(*), min(revision), max(revision) FROM roads.street"
    assert ask(city, found) == [(3, report.revision, report.revision)]


@pytest.mark.parametrize(
    "done",
    [
        "CREATE TRIGGER by_hand_too AFTER INSERT ON roads.street FOR EACH ROW EXECUTE FUNCTION roads.by_hand()",
        "CREATE MATERIALIZED VIEW roads.kept_by_hand AS SELECT id FROM roads.street",
        "ALTER TABLE roads.street REPLICA IDENTITY FULL",
    ],
)
def test_a_table_of_which_not_all_could_be_carried_over_is_not_replaced(
    city: Installation, load: Load, tmp_path: Path, by_hand: None, done: str
) -> None:
    run(city, done)
    try:
        old = ask(city, OID)
        assert load(streets(tmp_path / "a.geojson"), "roads.street").ok
        assert ask(city, OID) == old and ask(city, "SELECT count(*) FROM roads.street") == [(3,)]
    finally:
        run(
            city,
            "DROP MATERIALIZED VIEW IF EXISTS roads.kept_by_hand; ALTER TABLE roads.street REPLICA IDENTITY DEFAULT",
        )


@pytest.mark.parametrize("wanted", [("r0", "r1", "r2"), ("r0", "r2")])
def test_rows_that_waited_for_a_person_come_in_a_new_table_without_those_that_were_declined(
    city: Installation, tmp_path: Path, wanted: tuple[str, ...]
) -> None:
    layer, keep = city.catalogue.layer("roads.street"), uuid.uuid4()
    order = Order(streets(tmp_path / "a.geojson"), "a.geojson", layer, Options(), "test", keep=keep)
    found = load_file(city, order).difference
    stage, old = kept_stage(keep), ask(city, OID)
    with city.database.transaction("owner") as connection:
        raw = raw_connection(connection)
        declined = "DELETE FROM {changes} WHERE row IN (SELECT row FROM {rows} WHERE route_number <> ALL(%s))"
        words = {"changes": stage.changes, "rows": stage.rows}
        raw.execute(psycopg.sql.SQL(declined).format(**words), [list(wanted)])
        _, counts = publish.publish(raw, layer, "replace", stage, "test", {}, found)
        drop_stage(raw, keep)
    assert counts["added"] == len(wanted) and ask(city, OID) != old
    assert ask(city, "SELECT route_number FROM roads.street ORDER BY 1") == [(name,) for name in wanted]
