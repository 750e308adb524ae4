"""What must be true of any city: land is covered once, houses stand on their own lots, water stays free."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from made_up_city import MARKER, PARCELS
from pyproj import Transformer

from gisapp.geo import mesh
from gisapp.sample import LayerRows

Town = dict[str, LayerRows]


def outline(town: Town) -> shapely.Geometry:
    return town["base.boundary"].geometry[0]


def single(geometry: np.ndarray) -> np.ndarray:
    return shapely.get_parts(geometry)


def overlap(geometry: np.ndarray) -> float:
    """Square metres that are covered more than once."""
    return float(shapely.area(geometry).sum() - shapely.union_all(geometry).area)


def test_there_are_exactly_as_many_parcels_as_asked_for(town: Town) -> None:
    assert len(town["tax.parcel"]) == PARCELS
    assert 0.4 * PARCELS < len(town["tax.house"]) < 0.75 * PARCELS


def test_towns_tile_the_city_without_gaps_or_overlaps(town: Town) -> None:
    areas = single(town["base.town"].geometry)
    assert shapely.coverage_is_valid(areas)
    assert shapely.union_all(areas).symmetric_difference(outline(town)).area < 1.0
    assert shapely.area(areas).sum() == pytest.approx(outline(town).area, rel=1e-6)


def test_neighbouring_parcels_share_every_vertex_of_their_border(town: Town) -> None:
    parcels = single(town["tax.parcel"].geometry)
    assert len(parcels) == PARCELS
    assert shapely.coverage_is_valid(parcels)
    borders = shapely.length(parcels).sum() - shapely.length(shapely.coverage_union_all(parcels))
    assert borders > 10 * PARCELS, "hardly any parcels touch"


def test_houses_stand_inside_their_parcels_and_never_touch_the_border(town: Town) -> None:
    houses, parcels = town["tax.house"], town["tax.parcel"]
    row = {key: i for i, key in enumerate(parcels.columns["parcel_id"].tolist())}
    own = parcels.geometry[[row[key] for key in houses.columns["parcel_id"].tolist()]]
    assert shapely.contains_properly(own, houses.geometry).all()
    assert houses.columns["lot_number"].tolist() == [
        parcels.columns["lot_number"][row[key]] for key in houses.columns["parcel_id"].tolist()
    ]


def test_buildings_do_not_overlap(town: Town) -> None:
    assert overlap(town["base.building"].geometry) < 0.01


@pytest.mark.parametrize("layer", ["base.water", "base.railway"])
def test_no_parcel_lies_on_water_or_rails(layer: str, town: Town) -> None:
    tree = shapely.STRtree(town["tax.parcel"].geometry)
    assert tree.query(town[layer].geometry, predicate="intersects").size == 0


def test_no_parcel_is_crossed_by_a_road(town: Town) -> None:
    tree = shapely.STRtree(town["tax.parcel"].geometry)
    streets = town["roads.street"]
    crossed = tree.query(streets.geometry, predicate="crosses")[0]
    assert sorted(set(streets.columns["name"][crossed])) == []


def test_bridges_stand_where_a_road_crosses_water(town: Town) -> None:
    bridges = town["roads.bridge"]
    water = shapely.union_all(town["base.water"].geometry)
    numbers = town["roads.street"].columns["route_number"].tolist()
    lines = town["roads.street"].geometry[[numbers.index(n) for n in bridges.columns["route_number"]]]
    assert shapely.distance(bridges.geometry, water).max() < 1.0
    assert shapely.distance(bridges.geometry, lines).max() < 0.01


def test_flood_ranks_lie_in_the_city_and_do_not_overlap(town: Town) -> None:
    flood = town["disaster.flood_depth"]
    assert overlap(flood.geometry) < 0.01
    assert shapely.union_all(flood.geometry).difference(outline(town)).area < 1.0
    assert len(set(flood.columns["rank"].tolist())) >= 3


def test_a_shelter_for_floods_is_on_dry_ground_or_has_an_upper_floor(town: Town) -> None:
    flood, shelter = town["disaster.flood_depth"], town["disaster.shelter"]
    deep = shapely.union_all(flood.geometry[flood.columns["rank"] >= 3])
    assert not shapely.intersects(deep, shelter.geometry[shelter.columns["hazard_flood"]]).any()


def test_a_special_landslide_zone_lies_in_its_warning_zone(town: Town) -> None:
    zones = town["disaster.landslide_zone"]
    yellow = dict(zip(zones.columns["zone_number"], zones.geometry, strict=True))
    for number, kind, area in zip(
        zones.columns["zone_number"], zones.columns["zone_type"], zones.geometry, strict=True
    ):
        if kind == 1:
            yellow[number] = area
    red = [i for i, kind in enumerate(zones.columns["zone_type"]) if kind == 2]
    assert red
    for i in red:
        assert yellow[zones.columns["zone_number"][i]].buffer(0.1).contains(zones.geometry[i])


def test_zones_do_not_overlap(town: Town) -> None:
    assert overlap(town["city_planning.zoning"].geometry) < 1.0


@pytest.mark.parametrize("kind", [1, 2])
def test_school_districts_of_one_kind_cover_the_city_once(kind: int, town: Town) -> None:
    districts = town["facilities.school_district"]
    areas = districts.geometry[districts.columns["kind"] == kind]
    assert overlap(areas) < 0.01
    assert shapely.union_all(areas).symmetric_difference(outline(town)).area < 1.0


def test_mesh_cells_are_those_of_their_codes_and_hold_the_people_of_the_towns(town: Town) -> None:
    cells, towns = town["statistics.population_mesh"], town["statistics.population_town"]
    lon, lat = Transformer.from_crs(6677, 6668, always_xy=True).transform(
        *shapely.get_coordinates(shapely.centroid(cells.geometry)).T
    )
    assert mesh.encode_many(lon, lat, "1/2").tolist() == cells.columns["mesh_code"].tolist()

    def people(rows: LayerRows) -> int:
        return sum(n for n in rows.columns["population"].tolist() if n is not None)

    hidden = 12 * sum(int(rows.columns["suppressed"].sum()) for rows in (cells, towns))
    assert people(cells) == pytest.approx(people(towns), abs=hidden + 1)
    assert people(towns) > PARCELS


def test_addresses_are_inside_the_town_they_name(town: Town) -> None:
    points, towns = town["base.address_point"], town["base.town"]
    area = dict(zip(towns.columns["machiaza_id"], towns.geometry, strict=True))
    own = np.array([area[key] for key in points.columns["machiaza_id"]], dtype=object)
    assert shapely.contains(own, points.geometry).all()
    assert len(set(points.columns["address"].tolist())) == len(points)


def test_the_marker_stands_behind_every_owner_and_nowhere_else(town: Town) -> None:
    for layer, rows in town.items():
        for name, column in rows.columns.items():
            marked = {MARKER in value for value in column.tolist() if isinstance(value, str)}
            assert marked <= ({True} if name == "owner_name" else {False}), f"{layer}.{name}"
    assert all(value.endswith(MARKER) for value in town["tax.house"].columns["owner_name"])
