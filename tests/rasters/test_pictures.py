"""What the pictures show, on vector tiles made by hand: what crosses an edge is drawn whole and once."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from PIL import Image
from shapely.geometry import LineString, MultiPoint, Point, Polygon

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import load_catalogue
from gisapp.geo.tiles import EXTENT
from gisapp.rasters.decode import shapes
from gisapp.rasters.metatile import draw_metatile, metatile_of
from gisapp.rasters.painters import Painters
from gisapp.rasters.style import Evaluated
from gisapp.settings import load_city
from gisapp.tiles.plan import Plan

Z, X, Y = 15, 29160, 12960  # a picture at the north-western corner of its metatile
SHELTER = load_catalogue(load_city("sample")).layer("disaster.shelter")
PLAN = Plan("disaster.shelter", (), 10, 16, True, (SHELTER, SHELTER.views()[0]))


def layer_of(*parts: dict[str, Any]) -> Layer:
    style = tuple({"id": str(n), "metadata": {"slot": "line"}, **part} for n, part in enumerate(parts))
    return Layer(**{**SHELTER.__dict__, "style": style})


def drawn(
    painters: Painters, layer: Layer, things: Sequence[tuple[Any, dict[str, Any]]], ratio: int = 1
) -> Any:
    """The metatile at Z/X/Y as an array (RGBA), and the one east of it.

    `things` are shapes in pixels from the first one's corner with properties; every vector tile holds what its buffer meets.
    """

    def read(plans: Sequence[Plan], z: int, x: int, y: int) -> bytes:
        left, top = 512 * x - 256 * X, 512 * y - 256 * Y
        near = Polygon(
            [(left - 8, top - 8), (left + 520, top - 8), (left + 520, top + 520), (left - 8, top + 520)]
        )
        scale = EXTENT / 512
        features = [
            {
                "id": number,
                "properties": properties,
                "geometry": _moved(shape.intersection(near), left, top, scale),
            }
            for number, (shape, properties) in enumerate(things, 1)
            if shape.intersects(near)
        ]
        if not features:
            return b""
        options = {"y_coord_down": True, "extents": EXTENT}
        return mapbox_vector_tile.encode(
            [{"name": PLAN.layer, "features": features}], default_options=options
        )

    rows = []
    for x in (X, X + 4):
        metatile = metatile_of([PLAN], Z, x, Y, ratio, "png")
        pictures = draw_metatile(painters, read, [layer], metatile)
        assert set(pictures) == {(x + i, Y + j) for i in range(4) for j in range(4)}
        whole = Image.new("RGBA", (1024 * ratio, 1024 * ratio))
        for (column, row), picture in pictures.items():
            tile = Image.open(io.BytesIO(picture))
            assert tile.size == (256 * ratio, 256 * ratio)
            whole.paste(tile, ((column - x) * 256 * ratio, (row - Y) * 256 * ratio))
        rows.append(np.asarray(whole))
    return rows


def _moved(shape: Any, left: float, top: float, scale: float) -> Any:
    from shapely import transform

    return transform(shape, lambda points: (points - [left, top]) * scale)


NAME = {
    "type": "symbol",
    "layout": {"text-field": ["get", "name"], "text-size": 20, "text-font": ["Noto Sans CJK JP Regular"]},
    "paint": {"text-color": "#123a6b"},
}


def test_a_name_over_the_edge_of_two_metatiles_is_whole(painters: Painters) -> None:
    text = {"name": "市民ふれあい会館"}
    at_edge = drawn(painters, layer_of(NAME), [(Point(1024 - 3, 300), text)])
    inside = drawn(painters, layer_of(NAME), [(Point(1024 - 3 - 256, 300), text)])[0]
    joined = np.concatenate([at_edge[0][:, 768:], at_edge[1][:, :256]], axis=1)
    assert (joined[:, :256, 3] > 0).any() and (joined[:, 256:, 3] > 0).any()
    assert np.abs(joined.astype(int) - inside[:, 512:1024].astype(int)).max() <= 2


def test_a_dot_over_the_edge_of_two_tiles_is_whole(painters: Painters) -> None:
    dot = {"type": "circle", "paint": {"circle-color": "#c8372d", "circle-radius": 30}}
    for x in (
        512 - 20,
        1024 - 20,
    ):  # the first lies over two vector tiles of one metatile, the second over two metatiles
        one, two = drawn(painters, layer_of(dot), [(Point(x, 300), {})])
        alpha = np.concatenate([one, two], axis=1)[:, :, 3]
        across = np.flatnonzero(alpha[300] > 128)
        assert (across[0], across[-1]) == pytest.approx((x - 30, x + 29), abs=1)


@pytest.mark.parametrize("ratio", [1, 2])
def test_what_lies_further_than_128_pixels_away_has_no_say(painters: Painters, ratio: int) -> None:
    """Pictures are kept while nothing changes within that reach, so nothing beyond it may be seen."""
    dot = {"type": "circle", "paint": {"circle-color": "#c8372d", "circle-radius": 200}}
    for x, seen in ((1024 + 120, True), (1024 + 140, False)):
        west, east = drawn(painters, layer_of(dot), [(Point(x, 500), {})], ratio)
        assert west.any() == seen and east.any()
    name = {**NAME, "layout": {**NAME["layout"], "text-size": 120}}
    for x, seen in ((1024 + 120, True), (1024 + 140, False)):
        west, east = drawn(painters, layer_of(name), [(Point(x, 500), {"name": "市民会館"})], ratio)
        assert west.any() == seen and east.any()


def test_what_lies_over_several_tiles_is_painted_once(painters: Painters) -> None:
    fill = {"type": "fill", "paint": {"fill-color": "#c8372d", "fill-opacity": 0.5}}
    square = Polygon([(100, 100), (1500, 100), (1500, 900), (100, 900)])
    one, two = drawn(painters, layer_of(fill), [(square, {})])
    inner = np.concatenate([one, two], axis=1)[110:890, 110:1490]
    assert {tuple(colour) for colour in inner.reshape(-1, 4)} <= {
        (r, g, b, a) for r in (199, 200, 201) for g in (54, 55, 56) for b in (44, 45, 46) for a in (127, 128)
    }
    assert inner.std(axis=(0, 1)).max() < 0.01


def test_a_hole_stays_open_and_nothing_is_transparent(painters: Painters) -> None:
    fill = {"type": "fill", "paint": {"fill-color": "#c8372d"}}
    ring = Polygon(
        [(100, 100), (400, 100), (400, 400), (100, 400)], [[(200, 200), (300, 200), (300, 300), (200, 300)]]
    )
    one, two = drawn(painters, layer_of(fill), [(ring, {})])
    assert one[150, 150, 3] == 255 and one[250, 250, 3] == 0 and one[50, 50, 3] == 0
    assert not two.any()


def test_upper_style_layers_cover_lower_ones_also_where_dots_lie_between(painters: Painters) -> None:
    line = {"type": "line", "paint": {"line-color": "#000000", "line-width": 9}}
    dot = {"type": "circle", "paint": {"circle-color": "#ff0000", "circle-radius": 20}}
    things = [(LineString([(0, 300), (900, 300)]), {}), (Point(200, 300), {})]
    over = drawn(painters, layer_of(line, dot), things)[0]
    under = drawn(painters, layer_of(dot, line), things)[0]
    assert tuple(over[300, 200]) == (255, 0, 0, 255) and tuple(under[300, 200]) == (0, 0, 0, 255)


def test_each_feature_gets_the_values_of_its_own(painters: Painters) -> None:
    width = ["match", ["get", "class"], 1, 4, 2, 20, 0]
    colour = ["case", ["has", "closed"], "#ff0000", "#0000ff"]
    line = {
        "type": "line",
        "filter": ["!=", ["get", "class"], 9],
        "paint": {"line-width": width, "line-color": colour},
    }
    things = [
        (LineString([(0, y), (900, y)]), properties)
        for y, properties in (
            (100, {"class": 1}),
            (200, {"class": 2, "closed": True}),
            (300, {"class": 9}),
            (400, {}),
        )
    ]
    one = drawn(painters, layer_of(line), things)[0]
    column = one[:, 500]
    assert (column[90:110, 3] > 128).sum() == 4 and tuple(column[100]) == (0, 0, 255, 255)
    assert (column[180:220, 3] > 128).sum() == 20 and tuple(column[200]) == (255, 0, 0, 255)
    assert not column[290:].any()


def test_the_512_pixel_form_shows_the_same_ground_finer(painters: Painters) -> None:
    dash = {"type": "line", "paint": {"line-color": "#c8372d", "line-width": 4, "line-dasharray": [2, 1]}}
    things = [(LineString([(0, 301), (900, 620)]), {"name": "市道"}), (Point(300, 120), {"name": "青葉公園"})]
    small = drawn(painters, layer_of(dash, NAME), things)[0].astype(float)
    large = drawn(painters, layer_of(dash, NAME), things, ratio=2)[0].astype(float)
    halved = large.reshape(1024, 2, 1024, 2, 4).mean(axis=(1, 3))
    cells = np.abs(halved - small).reshape(64, 16, 64, 16, 4).mean(axis=(1, 3))[:, :, 3]
    assert cells.max() < 12 and small[:, :, 3].sum() > 0


def test_numbers_and_texts_and_truth_are_not_mixed_up() -> None:
    style = {"type": "circle", "paint": {"circle-radius": ["match", ["get", "k"], 1, 2, "1", 3, 4]}}
    evaluated = Evaluated(style, 15)
    chosen = [evaluated.choose("point", {"k": k}) for k in (1, 1.0, "1", True, None)]
    radii = [evaluated.groups[one.group]["circle-radius"] for one in chosen if one]
    assert radii == [2, 2, 3, 4, 4]
    assert evaluated.choose("line", {"k": 1}) is None


def test_a_line_with_its_name_at_a_point_has_it_where_it_begins_in_its_own_tile() -> None:
    tile = mapbox_vector_tile.encode(
        [{"name": "a", "features": [
            {"geometry": LineString([(10, 20), (300, 20)]), "properties": {"n": 1}},
            {"geometry": LineString([(-10, 20), (300, 20)]), "properties": {"n": None}},
            {"geometry": MultiPoint([(5, 5), (4097, 5)]), "properties": {}},
        ]}],
        default_options={"y_coord_down": True},
    )  # fmt: skip
    first, second, points = shapes(tile, 2, 1)["a"]
    assert first.wkb_of_own_points and not second.wkb_of_own_points
    assert list(first.parts[0]) == [2 * EXTENT + 10, -EXTENT - 20, 2 * EXTENT + 300, -EXTENT - 20]
    assert len(points.wkb_of_own_points) == len(first.wkb_of_own_points), (
        "one of the two points is the neighbour's"
    )
    assert first.properties == {"n": 1} and second.properties == {}


def test_a_metatile_knows_the_vector_tiles_under_and_around_it() -> None:
    metatile = metatile_of([PLAN], 15, X + 3, Y + 2, 1, "png")
    assert (metatile.left, metatile.top, metatile.count) == (X, Y, 4)
    assert (metatile.vector_zoom, metatile.vector_side) == (14, 512)
    assert len(list(metatile.vector_tiles())) == 4 and len(list(metatile.vector_tiles(128))) == 16
    far = metatile_of([PLAN], 20, 933150, 414730, 2, "png")
    assert (far.vector_zoom, far.vector_side) == (16, 4096)
    assert len(list(far.vector_tiles())) == 1
    world = metatile_of([replace(PLAN, min_zoom=0)], 1, 1, 1, 1, "png")
    assert world.count == 2 and list(world.vector_tiles(128)) == [(0, 0)]
