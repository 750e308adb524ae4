"""Which column of a file is which field of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gisapp import errors
from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import load_catalogue
from gisapp.installation import Installation
from gisapp.intake.columns import map_columns
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import parse_options
from gisapp.intake.source import Source
from gisapp.settings import ROOT, load_city
from tests.intake.conftest import load_into


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    return dict(load_catalogue(load_city("yaizu", ROOT)).layers)


def source(*columns: str, cut: bool = False) -> Source:
    def nothing() -> Iterator[object]:
        yield from ()

    return Source("test", columns, nothing, cut_names=cut)  # type: ignore[arg-type]


def test_names_titles_and_aliases_are_known_whatever_their_width_and_case(layers: dict[str, Layer]) -> None:
    mapped = map_columns(
        layers["roads.street"], source("ROUTE_NUMBER", "路線名", "Ｗｉｄｔｈ", "路面 種別", "色"), {}
    )
    assert mapped.fields == {
        "route_number": "ROUTE_NUMBER",
        "name": "路線名",
        "width": "Ｗｉｄｔｈ",
        "surface": "路面 種別",
    }
    assert mapped.ignored == ("色",)


def test_a_fields_own_name_comes_before_its_aliases(layers: dict[str, Layer]) -> None:
    mapped = map_columns(layers["roads.street"], source("code", "route_number"), {})
    assert mapped.fields["route_number"] == "route_number" and mapped.ignored == ("code",)


def test_one_column_serves_one_field_only(layers: dict[str, Layer]) -> None:
    for layer in layers.values():
        every = tuple(dict.fromkeys(name for field in layer.fields for name in field.alias))
        used = list(map_columns(layer, source(*every), {}).fields.values())
        assert len(used) == len(set(used))


@pytest.mark.parametrize("codec", ["cp932", "utf-8"])
def test_names_cut_at_ten_bytes_are_known_in_a_shapefile_only(layers: dict[str, Layer], codec: str) -> None:
    cut = "認定年月日".encode(codec)[:10].decode(codec, "ignore")
    street = layers["roads.street"]
    fields = map_columns(street, source("路線番号", cut, cut=True), {}).fields
    assert fields.get("certified_on") == cut
    if cut != "認定年月日":
        assert "certified_on" not in map_columns(street, source("路線番号", cut), {}).fields


def test_a_cut_name_that_two_fields_share_is_not_guessed(layers: dict[str, Layer]) -> None:
    cut = "災害種別_洪水".encode("cp932")[:10].decode("cp932", "ignore")
    mapped = map_columns(layers["disaster.shelter"], source("名称", cut, cut=True), {})
    assert cut in mapped.ignored and not {name for name in mapped.fields if name.startswith("hazard_")}


def test_a_constant_comes_before_a_column_and_must_be_a_field(layers: dict[str, Layer]) -> None:
    mapped = map_columns(layers["city_planning.zoning"], source("A29_004"), {"class": "1"})
    assert mapped.fields == {} and mapped.constants == {"class": "1"} and mapped.ignored == ("A29_004",)
    with pytest.raises(errors.ParameterInvalid):
        map_columns(layers["city_planning.zoning"], source("A29_004"), {"klass": "1"})


def test_a_missing_required_column_is_an_error_that_names_it(layers: dict[str, Layer]) -> None:
    (problem, _) = map_columns(layers["roads.street"], source("幅員", "色"), {}).problems
    assert problem.level == "error" and "路線番号" in problem.ja and "route_number" in problem.en


def test_a_code_is_read_from_the_column_that_names_it(city: Installation, shared_data: Path) -> None:
    """茅野市's use districts say 「第1種低層住居専用地域」 and no code."""
    path = shared_data / "06_planning" / "use_districts.shp"
    report = load_into(city, path, "city_planning.zoning", dry_run=True)
    assert report.ok and report.loaded == 518
    assert not [p for p in report.findings if p.code in ("unknown_code", "wrong_value", "missing_value")]


def test_files_of_known_make_are_recognised_by_their_columns(city: Installation, shared_data: Path) -> None:
    wanted = {
        "01_boundary/N03_tokyo23ku.geojson": "base.boundary",
        "05_facility/yaizu_222127_aed.csv": "facilities.aed",
        "05_facility/yaizu_222127_fire_hydrant.csv": "disaster.hydrant",
        "05_facility/gsi_emergency_132233.geojson": "disaster.shelter",
        "06_planning/use_districts.shp": "city_planning.zoning",
    }
    for file, layer in wanted.items():
        path = shared_data / file
        order = Order(path, path.name, None, parse_options(), "test", True)
        assert load_file(city, order).fits[0].layer.id == layer, file
