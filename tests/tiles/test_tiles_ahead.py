"""`gisapp tiles seed|stats|forget`: tiles made before anybody asks for them, and what is known of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from gisapp import roles
from gisapp.cli import main
from gisapp.installation import Installation
from gisapp.maps.style import map_style
from gisapp.settings import Settings
from gisapp.tiles.cache.codings import unpack
from gisapp.tiles.cover import pack, touched
from gisapp.tiles.cover import unpack as unpack_tile
from gisapp.tiles.public import public_layers
from gisapp.tiles.queries import tiles_on
from gisapp.tiles.seed import Seeded, jobs, seed
from tests.conftest import visitor
from tests.tiles.cache.conftest import town as town
from tests.tiles.cache.town import LAYER, Town

TOILETS = "facilities.public_toilet"


def shell(settings: Settings, *words: str, **more: str) -> Result:
    environment = {"GISAPP_HOME": str(settings.home), "GISAPP_CITY": settings.city, **more}
    return CliRunner().invoke(main, ["tiles", *words], env=environment)


def figures(settings: Settings, *words: str, **more: str) -> Any:
    done = shell(settings, *words, "--json", **more)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def two(town: Town) -> Town:
    """Two AEDs a kilometre apart, and a toilet beside the first."""
    town.put(1, "市役所")
    town.put(2, "公民館", x=1000)
    town.raw.execute(
        "INSERT INTO facilities.public_toilet (name, geom) SELECT '公園', geom FROM facilities.public_facility WHERE id = 1"
    )
    return town


def test_seeded_tiles_are_hits_and_the_data_s_own(two: Town) -> None:
    seeded = figures(two.installation.settings, "seed", "--layer", LAYER, "--zoom", "15-16")
    assert seeded["made"] >= 4 and seeded["kept"] == seeded["failed"] == 0 and seeded["bytes"] > 0
    assert two.state(two.tile()) == two.state(two.tile(x=1000)) == two.state(two.tile(zoom=15)) == "hit"
    assert two.state(two.tile(), TOILETS) == "miss"
    assert two.names(two.tile(x=1000)) == {2: "公民館"}


def test_seeding_again_makes_nothing(two: Town) -> None:
    settings = two.installation.settings
    first = figures(settings, "seed", "--layer", LAYER, "--zoom", "16")
    again = figures(settings, "seed", "--layer", LAYER, "--zoom", "16")
    assert again == first | {"made": 0, "kept": first["made"], "bytes": 0}


def test_seeding_that_was_broken_off_goes_on_where_it_was(two: Town) -> None:
    chosen = public_layers(two.installation.catalogue, [LAYER])
    work = list(jobs(two.installation.database, [chosen], 16, 16))
    maker = two.client.application.extensions["gisapp_maker"]
    begun = seed(maker, work, ("gzip",), Seeded())
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    rest = figures(two.installation.settings, "seed", "--layer", LAYER, "--zoom", "16")
    assert rest["kept"] >= 1
    assert rest["made"] + rest["kept"] == sum(len(job.tiles) for job in work)


def test_what_changes_after_seeding_is_forgotten_like_any_tile(two: Town) -> None:
    figures(two.installation.settings, "seed", "--layer", LAYER, "--zoom", "16")
    with two.changing():
        two.put(1, "新市役所")
    assert two.state(two.tile(x=1000)) == "hit"
    assert two.names(two.tile()) == {1: "新市役所"}


def test_a_tile_is_kept_in_every_coding_asked_for(two: Town) -> None:
    for id in range(10, 80):
        two.put(id, f"公共施設その{id * 7919}", x=id % 9, y=id % 7)
    settings = two.installation.settings
    figures(settings, "seed", "--layer", LAYER, "--zoom", "16", "--kinds", "gzip,zstd,br")
    plain = two.get(two.tile()).get_data()
    for asked, coding in {"gzip": "gzip", "gzip, br": "br", "gzip, br, zstd": "zstd"}.items():
        answer = two.get(two.tile(), Accept_Encoding=asked)
        assert answer.headers["Content-Encoding"] == coding, asked
        assert "; hit" in answer.headers["Cache-Status"]
        assert unpack(answer.get_data(), coding) == plain
    again = figures(settings, "seed", "--layer", LAYER, "--zoom", "16", "--kinds", "gzip,zstd,br")
    assert again["made"] == again["bytes"] == 0


def test_by_default_every_source_of_the_public_map_is_seeded(installation: Installation, app: Flask) -> None:
    figures(installation.settings, "seed", "--zoom", "13")
    public = [layer for layer, _ in public_layers(installation.catalogue)]
    client, seen = visitor(app), 0
    for source in map_style(public, ())["sources"].values():
        ids = source["tiles"][0].split("/")[2].split(",")
        plans = [plan for _, plan in public_layers(installation.catalogue, ids)]
        with installation.database.reading(roles.PUBLIC_AUDIENCE) as connection:
            *_, tiles = touched(connection, plans, 13)
        for x, y in map(unpack_tile, tiles):
            if source["minzoom"] <= 13 <= source["maxzoom"]:
                answer = client.get(source["tiles"][0].format(z=13, x=x, y=y))
                assert "; hit" in answer.headers["Cache-Status"], source
                seen += 1
    assert seen > 10


def test_no_tile_that_holds_something_is_passed_over(installation: Installation) -> None:
    chosen = public_layers(installation.catalogue, ["roads.street", "base.building", "facilities.aed"])
    plans = [plan for _, plan in chosen]
    with installation.database.reading(roles.PUBLIC_AUDIENCE) as connection:
        for z, found in enumerate(touched(connection, plans, 16)):
            if z < 15 or not found:
                continue
            columns, rows = zip(*map(unpack_tile, found), strict=True)
            around = [
                (x, y)
                for x in range(min(columns) - 1, max(columns) + 2)
                for y in range(min(rows) - 1, max(rows) + 2)
                if pack(x, y) not in found
            ]
            assert around
            for x, y in around:
                assert not any(tiles_on(connection, tuple(plans), z, x, y)[1]), f"{z}/{x}/{y}"


def test_one_feature_far_away_costs_a_few_tiles(two: Town) -> None:
    before = figures(two.installation.settings, "seed", "--layer", LAYER, "--zoom", "16")["made"]
    two.put(3, "迷子", x=800_000, y=300_000)
    assert 1 <= figures(two.installation.settings, "seed", "--layer", LAYER, "--zoom", "16")["made"] <= 4
    assert before <= 8


def test_layers_that_visitors_do_not_see_are_refused_with_a_sentence(town: Town) -> None:
    hidden = next(
        layer.id for layer in town.installation.catalogue.layers.values() if "public" not in layer.see
    )
    done = shell(town.installation.settings, "seed", "--layer", hidden)
    assert done.exit_code == 1 and hidden in done.stderr
    assert "公開されていない" in done.stderr and "not public" in done.stderr


def test_zooms_and_codings_that_are_not_there_are_refused(town: Town) -> None:
    for words in (["--zoom", "14-10"], ["--zoom", "x"], ["--zoom", "40"], ["--kinds", "gzip,lzma"]):
        assert shell(town.installation.settings, "seed", *words).exit_code == 2, words


def test_seeding_ends_with_a_sentence_where_the_cache_has_no_room(two: Town) -> None:
    done = shell(two.installation.settings, "seed", "--layer", LAYER, GISAPP_TILE_CACHE_MB="0")
    assert done.exit_code == 1
    assert "上限" in done.stderr and "limit" in done.stderr


def test_stats_say_what_is_kept_of_which_layer_at_which_zoom(two: Town) -> None:
    settings = two.installation.settings
    seeded = figures(settings, "seed", "--layer", LAYER, "--zoom", "16")
    found = figures(settings, "stats")
    row = next(row for row in found["rows"] if row["layers"] == LAYER and row["zoom"] == 16)
    assert row["tiles"] == seeded["made"] and row["bytes"] == seeded["bytes"]
    assert 0 < found["size"] <= found["limit"] == settings.tile_cache_mb * 2**20
    assert found["behind"] < 60 and found["away"] is False and found["generation"] > 0
    before = found["changed"]
    with two.changing():
        two.put(9, "新しい")
    two.get(two.tile())
    assert figures(settings, "stats")["changed"] > before
    assert "z16" in shell(settings, "stats").output


def test_stats_of_a_node_without_a_cache_say_so(tmp_path: Path) -> None:
    done = shell(Settings(home=tmp_path, city="nerima"), "stats")
    assert done.exit_code == 0 and "no tiles" in done.output
    assert figures(Settings(home=tmp_path, city="nerima"), "stats") is None


def test_forgetting_a_layer_reaches_every_cache_and_no_other_layer(two: Town) -> None:
    tile = two.tile()
    two.get(tile), two.get(tile, TOILETS)
    with two.changing():
        done = shell(two.installation.settings, "forget", "--layer", LAYER)
        assert done.exit_code == 0 and LAYER in done.output
    assert two.state(tile) == "miss"
    assert two.state(tile, TOILETS) == "hit"


def test_forgetting_all_empties_every_cache(two: Town) -> None:
    tile = two.tile()
    two.get(tile), two.get(tile, TOILETS)
    with two.changing():
        assert shell(two.installation.settings, "forget", "--all").exit_code == 0
    assert two.state(tile) == two.state(tile, TOILETS) == "miss"


def test_forgetting_what_is_kept_empties_every_cache(two: Town) -> None:
    tile = two.tile()
    two.get(tile), two.get(tile, TOILETS)
    with two.changing():
        assert shell(two.installation.settings, "forget", "--kept").exit_code == 0
    assert two.state(tile) == two.state(tile, TOILETS) == "miss"
    assert two.state(tile) == "hit", "kept again"


def test_forgetting_says_what_it_wants_to_know(town: Town) -> None:
    assert shell(town.installation.settings, "forget").exit_code == 2
    assert shell(town.installation.settings, "forget", "--all", "--layer", LAYER).exit_code == 2
    assert shell(town.installation.settings, "forget", "--all", "--kept").exit_code == 2
    assert shell(town.installation.settings, "forget", "--layer", "no.such").exit_code == 1
