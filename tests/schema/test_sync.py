"""`layers sync`: a folder becomes a table, views and rights; nothing is lost unless told; drift is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from gisapp import errors, roles
from gisapp.access import people
from gisapp.catalogue.load import load_catalogue
from gisapp.installation import Installation
from gisapp.schema.sync import ensure_audiences, sync
from gisapp.settings import ROOT, load_city

TOML = """
title = { ja = "樹木", en = "Trees" }
geometry = "Point"
key = ["number"]
label = "{kind}"
see = "public"
[zoom]
min = 14
max = 16
[source]
name = { ja = "公園課", en = "Parks" }
licence = "CC BY 4.0"
date = 2026-04-01
confirmed = false
[fields.number]
type = "text"
title = { ja = "番号", en = "Number" }
required = true
[fields.kind]
type = "text"
title = { ja = "樹種", en = "Kind" }
[fields.value]
type = "integer"
title = { ja = "評価額", en = "Value" }
see = ["tax"]
"""
STYLE = """[{"id": "tree", "type": "circle", "metadata": {"slot": "point", "legend": true},
 "paint": {"circle-color": "#3a7d44", "circle-radius": 3}}]"""


@pytest.fixture
def town(city_installation: Callable[[str], Installation], tmp_path: Path) -> Callable[..., Installation]:
    """The musashimurayama installation with one more layer folder, written as the test says."""
    base = city_installation("musashimurayama")
    folder = tmp_path / "cities" / "musashimurayama"
    shutil.copytree(ROOT / "layers", tmp_path / "layers")
    shutil.copytree(ROOT / "cities" / "musashimurayama", folder)

    def with_layer(toml: str | None) -> Installation:
        tree = folder / "layers" / "facilities" / "tree"
        tree.mkdir(parents=True, exist_ok=True)
        (tree / "layer.toml").write_text(toml or TOML)
        (tree / "style.json").write_text(STYLE)
        if toml == "":
            shutil.rmtree(tree)
        city = load_city("musashimurayama", tmp_path)
        return replace(base, city=city, catalogue=load_catalogue(city, tmp_path))

    yield with_layer  # type: ignore[misc]
    with base.database.transaction("owner") as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS facilities.tree, facilities.street_tree CASCADE")
    sync(base)


def columns(one: Installation, table: str) -> set[str]:
    with one.database.transaction("owner") as connection:
        return {c["name"] for c in sa.inspect(connection).get_columns(table, "facilities")}


def insert(one: Installation) -> None:
    with one.database.transaction("owner") as connection:
        connection.exec_driver_sql(
            "INSERT INTO facilities.tree (number, kind, value, geom) VALUES ('1', 'けやき', 777123, ST_SetSRID(ST_MakePoint(-40000, -27000), 6677))"
        )


def test_a_folder_becomes_a_table_with_views_and_a_second_sync_changes_nothing(
    town: Callable[..., Installation],
) -> None:
    one = town(TOML)
    said = sync(one)
    assert "create table facilities.tree" in said
    assert {"id", "number", "kind", "value", "geom", "geom_web", "revision"} == columns(one, "tree")
    assert columns(one, "tree_for_public") == {"id", "number", "kind", "geom", "geom_web", "revision"}
    assert "value" in columns(one, "tree_for_tax")
    assert sync(one) == []


def test_a_dry_run_says_the_same_and_does_nothing(town: Callable[..., Installation]) -> None:
    one = town(TOML)
    said = sync(one, dry_run=True)
    assert "create table facilities.tree" in said
    with one.database.transaction("owner") as connection:
        assert not sa.inspect(connection).has_table("tree", "facilities")


def test_a_new_field_is_a_new_column_and_the_rows_stay(town: Callable[..., Installation]) -> None:
    sync(town(TOML))
    insert(town(TOML))
    more = town(TOML + '[fields.planted]\ntype = "date"\ntitle = { ja = "植栽日", en = "Planted" }\n')
    assert any("add column facilities.tree.planted" in line for line in sync(more))
    assert "planted" in columns(more, "tree_for_public")
    with more.database.transaction(roles.PUBLIC_AUDIENCE) as connection:
        assert connection.scalar(sa.text("SELECT kind FROM facilities.tree_for_public")) == "けやき"


def test_losing_a_column_is_refused_unless_told(town: Callable[..., Installation]) -> None:
    sync(town(TOML))
    less = town(TOML.split("[fields.value]")[0])
    with pytest.raises(errors.SyncRefused, match="facilities.tree.value"):
        sync(less)
    assert "value" in columns(less, "tree")
    sync(less, allow_drop=True)
    assert "value" not in columns(less, "tree")


def test_a_renamed_field_and_a_renamed_layer_keep_their_data(town: Callable[..., Installation]) -> None:
    sync(town(TOML))
    insert(town(TOML))
    renamed = town(
        TOML.replace("[fields.kind]", '[fields.species]\nwas = "kind"').replace("{kind}", "{species}")
    )
    assert "rename column facilities.tree.kind to species" in sync(renamed)
    with renamed.database.transaction(roles.PUBLIC_AUDIENCE) as connection:
        assert connection.scalar(sa.text("SELECT species FROM facilities.tree_for_public")) == "けやき"


def test_a_changed_geometry_type_keeps_the_shapes(town: Callable[..., Installation]) -> None:
    sync(town(TOML))
    insert(town(TOML))
    many = town(TOML.replace('"Point"', '"MultiPoint"'))
    assert any("change geometry" in line for line in sync(many))
    with many.database.transaction(roles.PUBLIC_AUDIENCE) as connection:
        text = connection.scalar(
            sa.text("SELECT ST_AsText(geom) || ST_SRID(geom_web) FROM facilities.tree_for_public")
        )
    assert text in ("MULTIPOINT(-40000 -27000)3857", "MULTIPOINT((-40000 -27000))3857")
    assert sync(many) == []


def test_a_layer_whose_folder_is_gone_is_kept_but_seen_by_nobody(town: Callable[..., Installation]) -> None:
    sync(town(TOML))
    insert(town(TOML))
    gone = town("")
    said = sync(gone)
    assert any("revoke select" in line for line in said) or any("drop view" in line for line in said)
    with gone.database.transaction("owner") as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM facilities.tree")) == 1
    assert "drop table facilities.tree" in sync(gone, allow_drop=True)


def test_rights_changed_by_hand_are_found_and_put_right(town: Callable[..., Installation]) -> None:
    one = town(TOML)
    sync(one)
    public = one.database.role(roles.PUBLIC_AUDIENCE)
    with one.database.transaction("owner") as connection:
        connection.exec_driver_sql(f'GRANT SELECT (value) ON facilities.tree TO "{public}"')
        connection.exec_driver_sql("ALTER VIEW facilities.tree_for_public SET (security_invoker=false)")
    said = sync(one)
    assert any("revoke select on 1 columns of facilities.tree from aud_public" in line for line in said), said
    assert "drop view facilities.tree_for_public" in said and "create view facilities.tree_for_public" in said
    assert sync(one) == []


def test_the_public_reads_only_what_it_may(town: Callable[..., Installation]) -> None:
    one = town(TOML)
    sync(one)
    insert(one)
    refused = (
        "SELECT value FROM facilities.tree",
        "SELECT * FROM facilities.tree",
        "SELECT value FROM facilities.tree_for_tax",
    )
    for question in refused:
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            one.database.transaction(roles.PUBLIC_AUDIENCE) as c,
        ):
            c.exec_driver_sql(question)
    with one.database.transaction(roles.audience({"tax"})) as connection:
        assert connection.scalar(sa.text("SELECT value FROM facilities.tree_for_tax")) == 777123


def test_no_department_changes_anothers_layers(town: Callable[..., Installation]) -> None:
    one = town(TOML)
    sync(one)
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        one.database.transaction(roles.publisher("roads")) as c,
    ):
        c.exec_driver_sql("DELETE FROM facilities.tree")
    for audience in (roles.PUBLIC_AUDIENCE, roles.audience({"facilities"})):
        with (
            pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
            one.database.transaction(audience) as c,
        ):
            c.exec_driver_sql("DELETE FROM facilities.tree_for_public")


def test_what_needs_two_departments_is_read_by_neither_alone(town: Callable[..., Installation]) -> None:
    both = TOML + '[fields.plan]\ntype = "text"\ntitle = { ja = "計画", en = "Plan" }\nsee = ["disaster"]\n'
    one = town(both)
    with one.database.transaction("owner") as connection:
        people.add_person(
            connection, "both", "両方", "correct horse battery", {"tax": "viewer", "disaster": "viewer"}
        )
    sync(one)
    assert columns(one, "tree_for_disaster_tax") >= {"value", "plan"}
    for department, hidden in (("tax", "plan"), ("disaster", "value")):
        for source in ("tree", "tree_for_disaster_tax"):
            with (
                pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
                one.database.transaction(roles.audience({department})) as connection,
            ):
                connection.exec_driver_sql(f"SELECT {hidden} FROM facilities.{source}")
    with one.database.transaction(roles.audience({"tax", "disaster"})) as connection:
        connection.exec_driver_sql("SELECT value, plan FROM facilities.tree_for_disaster_tax")
    with one.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM gisapp.person WHERE login = 'both'")
    said = sync(one)
    assert {"aud_disaster__tax" in line for line in said if " leaves " in line} == {True}, said
    with (
        pytest.raises(sa.exc.ProgrammingError, match="permission denied"),
        one.database.transaction(roles.audience({"tax", "disaster"})) as connection,
    ):
        connection.exec_driver_sql("SELECT value FROM facilities.tree")
    assert sync(one) == []


def test_who_gets_a_second_department_after_the_sync_reads_what_needs_both_at_once(
    town: Callable[..., Installation],
) -> None:
    one = town(
        TOML + '[fields.plan]\ntype = "text"\ntitle = { ja = "計画", en = "Plan" }\nsee = ["disaster"]\n'
    )
    sync(one)
    with one.database.transaction("owner") as connection:
        posts = {"tax": "viewer", "disaster": "viewer"}
        people.add_person(connection, "later", "後から", "correct horse battery", posts)
        ensure_audiences(one, connection)
    with one.database.transaction(roles.audience({"tax", "disaster"})) as connection:
        connection.exec_driver_sql("SELECT value, plan FROM facilities.tree_for_disaster_tax")
    assert sync(one) == []
    with one.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM gisapp.person WHERE login = 'later'")
