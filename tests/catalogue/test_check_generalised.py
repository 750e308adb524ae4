"""What `layers check` says of zooms that are drawn from generalised tables."""

from __future__ import annotations

from typing import Any

import pytest

from gisapp.catalogue.check_generalised import check_generalised, check_style_of_generalised
from gisapp.catalogue.check_layer import check_layer
from gisapp.catalogue.folders import Folder
from gisapp.catalogue.layer import Generalised
from gisapp.catalogue.load import Catalogue, load_catalogue
from gisapp.settings import ROOT, load_city


def layer(*blocks: dict[str, Any], geometry: str = "MultiPolygon") -> dict[str, Any]:
    """A layer whose `class` everybody sees and whose `owner` only tax sees, with these blocks."""
    field = {"type": "integer", "title": {"ja": "あ", "en": "a"}}
    return {
        "title": {"ja": "筆", "en": "Parcels"},
        "geometry": geometry,
        "key": [],
        "label": "筆",
        "see": "staff",
        "zoom": {"min": 10, "max": 16, "generalised": list(blocks)},
        "source": {"name": {"ja": "課税課", "en": "Tax"}},
        "fields": {"class": field, "owner": {**field, "see": ["tax"]}, "area": field},
    }


def block(low: int = 12, high: int = 14, how: str = "dissolve", **more: Any) -> dict[str, Any]:
    return {"min": low, "max": high, "how": how, **more}


def said(raw: dict[str, Any]) -> str:
    folder = Folder(ROOT / "layers" / "tax" / "thing")
    return "\n".join(f"{path}: {text.en}" for path, text in check_layer(folder, raw, {"tax", "roads"}))


def test_good_blocks_are_no_mistake() -> None:
    blocks = block(13, 14, by=["class"]), block(10, 12, "aggregate", by=["class"])
    assert said(layer(*blocks)) == ""
    assert said(layer(block(10, 12, "cluster", grid=32), geometry="Point")) == ""


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (layer(block(how="melt")), "zoom.generalised[0].how"),
        (layer({"min": 12, "max": 14}), "zoom.generalised[0].how"),
        (layer(block(14, 12)), "min is larger than max"),
        (layer(block(9, 12)), "from the layer's min (10)"),
        (layer(block(12, 16)), "below its max (16)"),
        (layer(block(12, 14), block(14, 15)), "zoom 14 is there twice"),
        (layer(block(by=["nothing"])), "there is no field “nothing”"),
        (layer(block(by=["owner"])), "is not visible to everybody"),
        (layer(block(by=["area"])), "have a column of that name"),
        (layer(block(13, 14, by=["class"]), block(10, 12)), "must be the same at all zooms"),
        (layer(block(how="cluster")), "cluster is for layers of Point only"),
        (layer(block(), geometry="MultiLineString"), "dissolve is for layers of Polygon"),
        (layer(block(grid=32)), "only a cluster has a grid"),
        (layer(block(how="cluster", grid=33), geometry="Point"), "zoom.generalised[0].grid"),
        (layer(block(simplify=3)), "zoom.generalised[0].simplify"),
        (layer() | {"zoom": {"min": 10, "max": 16, "generalised": {"min": 10}}}, "[[zoom.generalised]]"),
    ],
)
def test_each_mistake_is_said(raw: dict[str, Any], words: str) -> None:
    assert words in said(raw)


def test_whatever_stands_there_is_a_sentence_and_not_a_failure() -> None:
    for value in ([1], ["x"], [{"min": "a"}], [{"min": 12, "max": 14, "how": []}], 5, [block(by=3)]):
        raw = layer()
        raw["zoom"]["generalised"] = value
        assert said(raw)
        list(check_generalised(raw)), list(check_style_of_generalised(raw, [{"id": "x"}]))


def style(name: str, **zooms: float) -> list[dict[str, Any]]:
    return [{"id": "it", "type": "fill", "paint": {"fill-color": ["get", name]}, **zooms}]


@pytest.mark.parametrize(
    ("styles", "words"),
    [
        (style("class"), ""),
        (style("owner"), "has no “owner”"),
        (style("owner", minzoom=15), ""),
        (style("owner", minzoom=14.5), "has no “owner”"),
        (style("owner", maxzoom=12), ""),
        (style("point_count", minzoom=15), "only clusters have"),
    ],
)
def test_a_style_names_only_what_generalised_rows_have(styles: list[dict[str, Any]], words: str) -> None:
    found = "".join(text.en for _, text in check_style_of_generalised(layer(block(by=["class"])), styles))
    assert (words in found) if words else not found


def test_clusters_have_a_number_of_points_at_their_zooms_only() -> None:
    raw = layer(block(12, 14, "cluster"), geometry="Point")
    assert not list(check_style_of_generalised(raw, style("point_count", minzoom=12, maxzoom=15)))
    assert list(check_style_of_generalised(raw, style("point_count", minzoom=12, maxzoom=16)))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(load_city("sample"))


def test_blocks_become_values_of_the_layer_from_the_lowest_zoom(catalogue: Catalogue) -> None:
    parcel = catalogue.layer("tax.parcel")
    assert parcel.generalised == (
        Generalised(10, 12, "aggregate", ("land_category",)),
        Generalised(13, 14, "dissolve", ("land_category",)),
    )
    assert parcel.generalised_at(12) is parcel.generalised[0] and parcel.generalised_at(15) is None
