"""What stands on which page, for whom, and which tiles it asks for."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gisapp import errors
from gisapp.catalogue.layer import PUBLIC, Layer, view_for
from gisapp.catalogue.load import Catalogue
from gisapp.maps import build
from gisapp.maps.style import map_style
from gisapp.maps.viewer import Viewer
from gisapp.settings import City


def seen_by(catalogue: Catalogue, *departments: str) -> list[Layer]:
    return [layer for layer in catalogue.layers.values() if view_for(layer, frozenset(departments))]


def shown(viewer: Viewer) -> set[str]:
    return {layer.id for layer in viewer.layers if layer.visible}


def source_ids(viewer: Viewer) -> set[str]:
    named = {part["source-layer"] for part in viewer.style["layers"] if "source-layer" in part}
    return {name.removesuffix(":label") for name in named}


def staff(
    city: City, catalogue: Catalogue, department: str, seen: Iterable[Layer], lang: str = "ja"
) -> Viewer:
    return build.staff_viewer(city, catalogue, seen, department, build.Reader(lang=lang))


def test_a_visitor_is_shown_public_layers_only(aobano: City, catalogue: Catalogue) -> None:
    viewer = staff(aobano, catalogue, "tax", seen_by(catalogue))
    ids = {layer.id for layer in viewer.layers}
    assert ids and all(catalogue.layers[layer].see == PUBLIC for layer in ids)
    assert source_ids(viewer) <= ids
    assert "tax.house" not in str(viewer)


def test_the_department_sees_its_own_layers_first_and_those_marked_default_on(
    aobano: City, catalogue: Catalogue
) -> None:
    viewer = staff(aobano, catalogue, "tax", seen_by(catalogue, "tax"))
    assert [viewer.groups[0].key, viewer.groups[-1].key] == ["tax", "base"]
    assert viewer.groups[0].open and not any(group.open for group in viewer.groups[1:])
    own = {layer.id for layer in catalogue.layers_of("tax") if layer.default}
    base = {layer.id for layer in catalogue.layers_of("base")}
    assert shown(viewer) == own | base | {"roads.street"}


def test_a_layer_says_who_else_may_see_it(aobano: City, catalogue: Catalogue) -> None:
    viewer = staff(aobano, catalogue, "disaster", seen_by(catalogue, "disaster"))
    badges = {layer.id: layer.badge for layer in viewer.layers}
    assert badges["disaster.flood_depth"] == ""
    assert badges["disaster.damage_report"] == "庁内限り"
    english = staff(aobano, catalogue, "disaster", seen_by(catalogue, "disaster"), "en")
    assert "Staff only" in {layer.badge for layer in english.layers}


def test_a_department_that_does_not_exist_has_no_map(aobano: City, catalogue: Catalogue) -> None:
    with pytest.raises(errors.DepartmentNotFound):
        staff(aobano, catalogue, "moon", seen_by(catalogue))


def test_the_hazard_map_holds_what_everybody_may_see(aobano: City, catalogue: Catalogue) -> None:
    viewer = build.hazard_viewer(aobano, catalogue, "ja")
    ids = [layer.id for layer in viewer.layers]
    assert ids[:2] == ["disaster.flood_depth", "disaster.landslide_zone"]
    assert "disaster.shelter" in ids and "disaster.damage_report" not in ids
    assert [layer.hazard for layer in viewer.layers][:3] == [True, True, False]
    assert {"base.town", "roads.street", "base.building"} <= source_ids(viewer)
    assert viewer.place_layer == "base.town"


def test_a_hazard_lies_under_streets_and_names(aobano: City, catalogue: Catalogue) -> None:
    order = [part["id"] for part in build.hazard_viewer(aobano, catalogue, "ja").style["layers"]]
    assert order[0] == "background"
    assert order.index("disaster.flood_depth/depth") < order.index("base.water/surface")
    assert order.index("disaster.flood_depth/depth") < order.index("roads.street/local")
    assert order.index("roads.street/local") < order.index("base.town/name")


def test_each_source_asks_for_its_layers_at_the_zooms_they_have(catalogue: Catalogue) -> None:
    layers = list(catalogue.layers.values())
    style = map_style(layers, set())
    members: dict[str, set[str]] = {}
    for part in style["layers"][1:]:
        members.setdefault(part["source"], set()).add(part["source-layer"].removesuffix(":label"))
    assert set(members) == set(style["sources"])
    for name, source in style["sources"].items():
        (url,) = source["tiles"]
        here = [catalogue.layers[layer] for layer in url.split("/")[2].split(",")]
        assert members[name] <= {layer.id for layer in here}
        assert source["minzoom"] == min(layer.min_zoom for layer in here)
        assert source["maxzoom"] == max(layer.max_zoom for layer in here)
    assert "glyphs" not in style and "sprite" not in style


def test_the_base_map_is_one_tile_and_a_thematic_layer_is_a_source_of_its_own(catalogue: Catalogue) -> None:
    style = map_style(catalogue.layers.values(), set())
    joined = [name for name, source in style["sources"].items() if "," in source["tiles"][0]]
    assert joined == ["backdrop"]
    assert style["sources"]["tax.parcel"]["tiles"] == ["/tiles/tax.parcel/{z}/{x}/{y}.mvt"]


def test_layers_that_are_not_shown_are_not_drawn(catalogue: Catalogue) -> None:
    style = map_style(catalogue.layers.values(), {"roads.street"})
    for part in style["layers"][1:]:
        hidden = part.get("layout", {}).get("visibility") == "none"
        assert hidden == (part["metadata"]["layer"] != "roads.street")


@pytest.mark.parametrize(
    ("srid", "origin"), [(6677, (36.0, 139.8333333)), (6676, (36.0, 138.5)), (6684, (26.0, 124.0))]
)
def test_the_origin_of_a_plane_zone_is_the_official_one(srid: int, origin: tuple[float, float]) -> None:
    assert build.plane_origin(srid) == pytest.approx(origin, abs=1e-7)


def test_the_front_lists_every_map_and_says_what_a_visitor_lacks(aobano: City, catalogue: Catalogue) -> None:
    front = build.front(aobano, catalogue, seen_by(catalogue), build.Reader())
    assert [link.href for link in front.public] == ["/maps/hazard"]
    links = {link.href: link.more for link in front.departments}
    assert list(links) == [f"/maps/{name}" for name in catalogue.departments if name != "base"]
    assert links["/maps/roads"] == "4 レイヤー"
    assert (
        build.front(aobano, catalogue, [], build.Reader(lang="en")).departments[0].href
        == "/maps/roads?lang=en"
    )
