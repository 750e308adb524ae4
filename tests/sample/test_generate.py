"""The same arguments give the same bytes; other seeds, sizes and plane systems give other cities of the same kind."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import shapely
from made_up_city import MARKER, PARCELS, joined
from pyproj import Transformer

from gisapp.sample import LayerRows, generate
from gisapp.sample.blocks import Demand, lay_out
from gisapp.sample.city import building_land, make_city
from gisapp.sample.frame import Frame
from gisapp.sample.lots import cut_lots
from gisapp.sample.names import district_names, people, romaji
from gisapp.sample.rows import LARGEST_CHUNK, in_chunks, rows


def digest(town: dict[str, LayerRows]) -> str:
    summed = hashlib.sha256()
    for layer in sorted(town):
        summed.update(layer.encode())
        for wkb in shapely.to_wkb(town[layer].geometry):
            summed.update(wkb)
        for name in sorted(town[layer].columns):
            summed.update(repr(town[layer].columns[name].tolist()).encode())
    return summed.hexdigest()


def test_the_same_seed_gives_identical_bytes(town: dict[str, LayerRows]) -> None:
    assert digest(joined(generate(PARCELS, marker=MARKER))) == digest(town)


def test_another_seed_gives_another_city_of_the_same_size(town: dict[str, LayerRows]) -> None:
    other = joined(generate(PARCELS, seed=8))
    assert len(other["tax.parcel"]) == PARCELS
    assert set(other) == set(town)
    assert other["base.boundary"].geometry[0] != town["base.boundary"].geometry[0]


@pytest.mark.parametrize("srid", [6669, 6676, 6677, 6687])
def test_the_city_lies_at_the_same_place_in_every_plane_system(srid: int) -> None:
    city = make_city(1000, 7, srid, "")
    east_north = Transformer.from_crs(6668, srid, always_xy=True).transform(141.3, 35.2)
    assert city.origin.tolist() == [round(metres) for metres in east_north]
    lon, lat = city.lonlat(np.array([[0.0, 0.0]]))
    assert (lon[0], lat[0]) == pytest.approx((141.3, 35.2), abs=1e-5)
    assert city.from_lonlat(np.array([[lon[0], lat[0]]])) == pytest.approx(np.zeros((1, 2)), abs=0.02)


@pytest.mark.parametrize("parcels", [1000, 5000])
def test_a_city_of_any_size_has_every_layer(parcels: int, town: dict[str, LayerRows]) -> None:
    other = joined(generate(parcels))
    assert set(other) == set(town)
    assert len(other["tax.parcel"]) == parcels
    assert shapely.is_valid(other["tax.parcel"].geometry).all()


def test_chunks_are_bounded_and_moved_to_the_plane_system() -> None:
    pieces = (rows("a.b", shapely.points(np.zeros((30_000, 2))), n=np.arange(30_000)) for _ in range(8))
    chunks = list(in_chunks(pieces, np.array([10.0, 20.0])))
    assert sum(len(chunk) for chunk in chunks) == 240_000
    assert len(chunks) > 1 and max(len(chunk) for chunk in chunks) <= LARGEST_CHUNK
    assert shapely.get_coordinates(chunks[0].geometry[0]).tolist() == [[10.0, 20.0]]


@pytest.mark.parametrize("bend", [0.0, 650.0, -900.0])
def test_a_frame_finds_its_way_back(bend: float) -> None:
    frame = Frame(1200.0, -300.0, 0.7, bend, 20.0, 600.0, 1.0)
    grid = np.random.default_rng(1).uniform(-350, 350, (200, 2))
    assert frame.to_grid(frame.to_plane(grid)) == pytest.approx(grid, abs=0.005)


def test_lots_fill_their_blocks_exactly() -> None:
    city = make_city(PARCELS, 7, 6677, "")
    for district in city.districts:
        land = building_land(city, district)
        layout = lay_out(district, land, [Demand("park", 60, 30)], np.random.default_rng(3))
        lots = cut_lots(district, layout.blocks, np.random.default_rng(4))
        assert shapely.is_valid(lots.area).all() and shapely.coverage_is_valid(lots.area)
        assert shapely.area(lots.outline).sum() == pytest.approx(shapely.area(lots.area).sum())
        assert shapely.is_valid(lots.outline).all()


def test_names_do_not_repeat_and_people_do_not_exist() -> None:
    names = district_names(
        ["residential"] * 600 + ["farm"] * 900 + ["forest"] * 300, np.random.default_rng(1)
    )
    assert len({name.ja for name in names}) == len(names) == 1800
    assert all("　" in person for person in people(np.random.default_rng(1), 50))


def test_kana_in_latin_letters() -> None:
    assert romaji("チュウオウ") == "Chuo"
    assert romaji("ショウガッコウ") == "Shogakko"
    assert romaji("ミドリチョウ") == "Midoricho"
