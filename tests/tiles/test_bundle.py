"""`gisapp tiles bundle`: one PMTiles file with the tiles that visitors get, of one moment, whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

from gisapp import errors
from gisapp.geo.tiles import tiles_over
from gisapp.installation import Installation
from gisapp.tiles import bundle as bundles
from gisapp.tiles.bundle import bundle
from gisapp.tiles.public import public_layers
from tests.conftest import visitor
from tests.tiles.cache.conftest import town as town
from tests.tiles.cache.town import LAYER, Town
from tests.tiles.decoding import decode
from tests.tiles.test_tiles_ahead import shell

CHOSEN = "base.building,base.town,disaster.shelter,roads.street"
PLACES = 30


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    with path.open("rb") as file:
        yield Reader(MmapSource(file))


@pytest.fixture(scope="module")
def city_bundle(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundle") / "city.pmtiles"
    done = shell(installation.settings, "bundle", str(out), "--layer", CHOSEN, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["layers"] == CHOSEN.split(",") and told["bytes"] == out.stat().st_size
    assert list(out.parent.iterdir()) == [out]
    return out


def test_its_tiles_are_those_of_the_server_and_none_is_missing(
    city_bundle: Path, installation: Installation, app: Flask
) -> None:
    client = visitor(app)
    description = client.get(f"/tiles/{CHOSEN}.json").get_json()
    with opened(city_bundle) as reader:
        held = {place: gzip.decompress(body) for place, body in all_tiles(reader.get_bytes)}
    west, south, east, north = installation.city.bounds
    asked = {
        (z, x, y)
        for z in range(description["minzoom"], min(description["maxzoom"], 15) + 1)
        for x, y in tiles_over((west, south, east, north), z)
    } | held.keys()
    for z, x, y in asked:
        assert held.get((z, x, y), b"") == client.get(f"/tiles/{CHOSEN}/{z}/{x}/{y}.mvt").get_data(), (
            z,
            x,
            y,
        )
    assert len(held) > 20 and len(asked) > 2 * len(held)
    assert {z for z, _, _ in held} == set(range(description["minzoom"], description["maxzoom"] + 1))


def test_it_describes_itself_as_the_server_does_and_names_no_place_of_this_machine(
    city_bundle: Path, installation: Installation, app: Flask
) -> None:
    description = visitor(app).get(f"/tiles/{CHOSEN}.json").get_json()
    with opened(city_bundle) as reader:
        header, told = reader.header(), reader.metadata()
    assert told["vector_layers"] == description["vector_layers"]
    assert (told["name"], told["attribution"]) == (description["name"], description["attribution"])
    degrees = [header[f"{name}_e7"] / 1e7 for name in ("min_lon", "min_lat", "max_lon", "max_lat")]
    assert degrees == pytest.approx(list(installation.city.bounds))
    assert (header["min_zoom"], header["max_zoom"]) == (description["minzoom"], description["maxzoom"])
    assert header["tile_type"] == TileType.MVT and header["tile_compression"] == Compression.GZIP
    assert header["clustered"]
    text = json.dumps(told)
    assert "/tiles/" not in text and "http" not in text and str(installation.settings.home) not in text


def test_a_client_that_knows_nothing_of_us_reads_it(city_bundle: Path) -> None:
    """GDAL, in a process of its own: this one may have been told which drivers may read what departments hand in."""
    code = (
        "import pyogrio, sys; names = [name for name, _ in pyogrio.list_layers(sys.argv[1])]; "
        "streets = pyogrio.read_dataframe(sys.argv[1], layer='roads.street'); "
        "print(','.join(names), len(streets), streets.crs.to_epsg())"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GDAL_", "OGR_"))}
    done = subprocess.run([sys.executable, "-c", code, city_bundle], env=kept, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names, count, srid = done.stdout.split()
    assert set(CHOSEN.split(",")) <= set(names.split(","))
    assert int(count) > 50 and srid == "3857"


def test_zooms_that_were_not_asked_for_are_not_in_it(installation: Installation, tmp_path: Path) -> None:
    out = tmp_path / "some.pmtiles"
    done = shell(
        installation.settings, "bundle", str(out), "--layer", CHOSEN, "--zoom", "12-13", "--lang", "en"
    )
    assert done.exit_code == 0, done.output
    with opened(out) as reader:
        assert {z for (z, _, _), _ in all_tiles(reader.get_bytes)} == {12, 13}
        told = reader.metadata()
    assert all(12 <= one["minzoom"] <= one["maxzoom"] <= 13 for one in told["vector_layers"])
    assert told["name"].isascii()  # in English
    assert (
        shell(installation.settings, "bundle", str(out), "--layer", CHOSEN, "--zoom", "20-22").exit_code == 1
    )


def test_tiles_with_the_same_content_are_stored_once(town: Town, tmp_path: Path) -> None:
    town.raw.execute(
        "INSERT INTO base.boundary (geom) VALUES (ST_Multi(ST_SetSRID(ST_MakeEnvelope(-60000, -47000, -20000, -7000), %s)))",
        [town.installation.city.srid],
    )
    try:
        done = bundle_of(town, "base.boundary", tmp_path / "one.pmtiles")
    finally:
        town.raw.execute("TRUNCATE base.boundary")
    assert done.tiles > 250 and done.contents < done.tiles / 2


def bundle_of(town: Town, layer: str, out: Path, told: Any = lambda more, total: None) -> Any:
    chosen = public_layers(town.installation.catalogue, [layer])
    return bundle(town.installation, chosen, out, 0, 30, "ja", told)


@pytest.fixture
def wide(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """More tiles than are read ahead."""
    monkeypatch.setattr(bundles, "READ_TOGETHER", 1)
    for id in range(1, PLACES + 1):
        town.put(id, "前", x=id * 1500.0)
    return town


def test_it_shows_one_moment_whatever_changes_while_it_is_written(wide: Town, tmp_path: Path) -> None:
    done = 0

    def told(more: int, total: int) -> None:
        nonlocal done
        if done == 0:
            assert total > 80
            wide.raw.execute("UPDATE facilities.public_facility SET name = '後'")
            wide.raw.execute("DELETE FROM facilities.public_facility WHERE id % 2 = 0")
            wide.put(PLACES + 1, "後", x=500)
        done += more

    bundle_of(wide, LAYER, tmp_path / "moment.pmtiles", told)
    seen = set()
    with opened(tmp_path / "moment.pmtiles") as reader:
        for place, body in all_tiles(reader.get_bytes):
            for one in decode(gzip.decompress(body), *place).get(LAYER, []):
                assert one.properties.get("name", "前") == "前"
                seen.add(one.id)
    assert seen == set(range(1, PLACES + 1))


def test_a_layer_that_is_replaced_meanwhile_waits_for_nothing_and_the_bundle_says_so(
    wide: Town, tmp_path: Path
) -> None:
    out = tmp_path / "old.pmtiles"
    out.write_bytes(b"as it was")
    done = 0

    def told(more: int, total: int) -> None:
        nonlocal done
        if done == 0:
            wide.raw.execute("SET lock_timeout = '2s'")
            wide.raw.execute("TRUNCATE facilities.public_facility")
        done += more

    with pytest.raises(errors.DataReplaced) as refused:
        bundle_of(wide, LAYER, out, told)
    assert LAYER in refused.value.sentence("en")
    assert out.read_bytes() == b"as it was" and list(tmp_path.iterdir()) == [out]


def test_a_layer_that_visitors_do_not_see_is_refused(installation: Installation, tmp_path: Path) -> None:
    hidden = [layer.id for layer in installation.catalogue.layers.values() if "public" not in layer.see]
    for id in hidden:
        done = shell(
            installation.settings, "bundle", str(tmp_path / "x.pmtiles"), "--layer", f"roads.street,{id}"
        )
        assert done.exit_code == 1 and "公開されていない" in done.stderr and id in done.stderr
    assert hidden and not list(tmp_path.iterdir())


def test_by_default_it_holds_all_that_is_public_and_nothing_else(
    installation: Installation, tmp_path: Path
) -> None:
    out = tmp_path / "all.pmtiles"
    assert shell(installation.settings, "bundle", str(out), "--zoom", "14").exit_code == 0
    allowed = {layer.id: set(plan.columns) for layer, plan in public_layers(installation.catalogue)}
    for layer, _ in public_layers(installation.catalogue):
        made_ahead = layer.generalised_at(14)
        if made_ahead is not None and made_ahead.how == "cluster":
            allowed[layer.id].add("point_count")
    with opened(out) as reader:
        for place, body in all_tiles(reader.get_bytes):
            for name, found in decode(gzip.decompress(body), *place).items():
                columns = {column for one in found for column in one.properties}
                assert columns <= allowed[name.removesuffix(":label")]


def test_where_nothing_can_be_written_the_old_file_stays(town: Town, tmp_path: Path) -> None:
    out = tmp_path / "old.pmtiles"
    out.write_bytes(b"as it was")
    with pytest.raises(errors.BundleRefused):  # the layer is empty
        bundle_of(town, LAYER, out)
    assert out.read_bytes() == b"as it was" and list(tmp_path.iterdir()) == [out]
    with pytest.raises(errors.BundleRefused) as refused:
        bundle_of(town, LAYER, tmp_path / "no such folder" / "x.pmtiles")
    assert str(tmp_path) not in refused.value.sentence("en")
