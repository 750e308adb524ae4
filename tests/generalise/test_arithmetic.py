"""Shares of cells, outlines between classes and coverages, against shapely's own arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gisapp.catalogue.layer import Generalised
from gisapp.generalise import aggregate, balance, cluster, contour, coverage, dissolve
from gisapp.generalise.difference import difference
from gisapp.generalise.frame import INSIDE, PIXEL, Frame, flipped
from gisapp.generalise.shares import shares
from gisapp.generalise.tile import Work, generalise
from gisapp.geo.tiles import EXTENT

SIDE = EXTENT // PIXEL + 2 * balance.MARGIN


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-5, 25), st.floats(-5, 25), st.floats(0.05, 9), st.integers(3, 12)),
        min_size=1,
        max_size=8,
    )
)
@example([(1e-18, 0.4484684918383197, 0.4484684918383197, 6)])  # its end is a rounding error below the grid
def test_shares_are_the_exact_areas_of_polygons_in_cells(
    spots: list[tuple[float, float, float, int]],
) -> None:
    side = 20
    shapes = np.array([shapely.Point(x, y).buffer(r, quad_segs=n) for x, y, r, n in spots])
    cells = np.array([[shapely.box(i, j, i + 1, j + 1) for i in range(side)] for j in range(side)])
    want = sum(shapely.area(shapely.intersection(cells, shape)) for shape in shapes)
    assert np.abs(shares(shapes, side) - want).max() < 1e-9


def test_a_hole_takes_its_area_away() -> None:
    ring = shapely.box(1, 1, 9, 9).difference(shapely.box(3.5, 3.5, 6.5, 6.5))
    assert shares(np.array([ring]), 10).sum() == pytest.approx(ring.area)


def random_scores(classes: int, size: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((classes, size + 8, size + 8)).astype(np.float32)
    return np.log(balance.blurred(noise) + 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_outlines_of_classes_fill_the_sheet_without_gap_or_overlap(seed: int) -> None:
    scores = random_scores(5, 60, seed)
    shapes, codes = contour.areas_of(scores)
    assert shapely.is_valid(shapes).all() and set(codes) == {1, 2, 3, 4}
    assert shapely.coverage_is_valid(shapes)
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum())
    labels = np.argmax(scores, axis=0)
    for row, column in np.random.default_rng(seed).integers(1, 59, (200, 2)):
        found = codes[shapely.contains_properly(shapes, shapely.Point(column, row))]
        assert list(found) == ([labels[row, column]] if labels[row, column] else [])


def blocks(
    classes: int, seed: int, size: float = 60.0, low: float = -100.0, high: float = EXTENT + 100.0
) -> tuple[np.ndarray, np.ndarray]:
    """Square lots with streets between blocks of four, from `low` to `high` both ways, each of a random class."""
    rng, made, codes = np.random.default_rng(seed), [], []
    for x in np.arange(low, high, 2 * size + 14):
        for y in np.arange(low, high, 2 * size + 14):
            for i, j in ((0, 0), (1, 0), (0, 1), (1, 1)):
                made.append(shapely.box(x + i * size, y + j * size, x + (i + 1) * size, y + (j + 1) * size))
                codes.append(int(rng.integers(classes)))
    return np.array(made), np.array(codes)


def test_dissolving_unites_lots_and_keeps_every_class_its_area() -> None:
    shapes, codes = blocks(3, seed=1)
    made, found, true = dissolve.dissolve(shapes, codes, 3)
    for code, shape in zip(found, made, strict=True):
        want = shapely.area(shapely.intersection(shapes[codes == code], INSIDE)).sum()
        assert true[code] == pytest.approx(want)
        assert shape.intersection(INSIDE).area == pytest.approx(want, rel=0.01)
        assert shape.is_valid and (shapely.get_coordinates(shape) % 1 == 0).all()
    assert sum(len(shape.geoms) for shape in made) < len(shapes) * 0.7


def test_a_sliver_goes_to_the_neighbour_with_the_longest_common_border() -> None:
    large, small = shapely.box(100, 100, 1000, 1000), shapely.box(1000, 100, 2000, 1000)
    sliver = shapely.Polygon([(1000, 100), (1000, 99), (1010, 99), (1010, 100)])  # mostly along the second
    far = shapely.box(3000, 3000, 4000, 4000)
    made, found, _ = dissolve.dissolve(np.array([large, small, sliver, far]), np.array([0, 1, 2, 2]), 3)
    shapes = dict(zip(found, made, strict=True))
    assert len(shapes[2].geoms) == 1 and shapes[1].covers(shapely.Point(1005, 99.5))


def test_slivers_that_are_all_a_class_has_stay() -> None:
    specks = np.array([shapely.box(x, 500, x + 6, 506) for x in range(100, 4000, 100)])
    made, found, _ = dissolve.dissolve(specks, np.zeros(len(specks), dtype=int), 1)
    assert len(found) == 1 and made[0].area == pytest.approx(shapely.area(specks).sum(), rel=0.02)


@pytest.mark.parametrize("size", [5.0, 12.0])
def test_what_is_finer_than_a_pixel_is_drawn_as_areas_of_the_right_size(size: float) -> None:
    shapes, codes = blocks(4, seed=2, size=size, low=-200, high=900)
    rare = np.random.default_rng(3).random(len(codes)) < 0.005
    codes = np.where(rare, 4, codes)
    cells = shapely.transform(shapes, lambda points: points / PIXEL + balance.MARGIN)
    grids = np.stack([shares(cells[codes == code], SIDE) for code in range(5)]).astype(np.float32)
    true = np.array([shapely.area(shapely.intersection(shapes[codes == c], INSIDE)).sum() for c in range(5)])
    made, found = aggregate.aggregate(grids, true)
    assert list(found) == [0, 1, 2, 3, 4], "a rare class does not vanish"
    for code, shape in zip(found, made, strict=True):
        assert shape.intersection(INSIDE).area == pytest.approx(true[code], rel=0.02)
        assert shape.is_valid
    inside = shapely.intersection(made, INSIDE)
    assert shapely.union_all(inside).area == pytest.approx(shapely.area(inside).sum(), rel=1e-3)


def test_clusters_hold_every_point_once_and_only_those_of_their_class() -> None:
    rng = np.random.default_rng(4)
    points = shapely.points(rng.uniform(0, EXTENT, (500, 2)))
    codes = rng.integers(0, 2, 500)
    made, found, counts, first = cluster.cluster(points, codes, 32)
    assert counts.sum() == 500 and [counts[found == c].sum() for c in (0, 1)] == [
        (codes == c).sum() for c in (0, 1)
    ]
    assert len(set(first)) == len(made) and (codes[first] == found).all()
    cells = np.floor(shapely.get_coordinates(made) / (32 * PIXEL)).astype(int)
    assert len({(code, *cell) for code, cell in zip(found, cells.tolist(), strict=True)}) == len(made)


def overlapping() -> tuple[list[bytes], np.ndarray, Frame]:
    frame = Frame(14, 14550, 6450)
    shapes = np.array(
        [shapely.box(100, 100, 900, 900), shapely.box(500, 500, 1300, 1300), shapely.box(2000, 10, 2500, 300)]
    )
    bow = shapely.Polygon([(3000, 3000), (3600, 3600), (3600, 3000), (3000, 3600)])  # crosses itself
    web = frame.to_web(np.append(shapes, bow))
    return list(shapely.to_wkb(web)), np.array([0, 0, 1, 1]), frame


def test_overlaps_count_once_and_broken_outlines_do_not_stop_a_tile() -> None:
    wkb, codes, frame = overlapping()
    made = {m.code: m for m in generalise(Work(frame, Generalised(14, 14, "dissolve"), 2, wkb, codes))}
    want = 800**2 * 2 - 400**2
    assert made[0].figure == pytest.approx(want * frame.unit**2, rel=1e-3)
    assert shapely.from_wkb(made[0].shape).area == pytest.approx(want, rel=0.01)
    assert made[1].figure == pytest.approx((500 * 290 + 600 * 300) * frame.unit**2, rel=0.01)


def test_lots_of_which_some_lie_over_others_are_united_like_any_shapes() -> None:
    shapes, codes = blocks(2, seed=6)
    moved = np.random.default_rng(6).random(len(shapes)) < 0.01
    shapes[moved] = shapely.transform(shapes[moved], lambda points: points + [17.0, 5.0])
    within = shapely.box(*(shapely.bounds(shapes[0]) + [20, 20, -20, -20]))  # one that lies inside another
    shapes, codes = np.append(shapes, within), np.append(codes, codes[0])
    united, found = coverage.unite(shapes, codes)
    for code in (0, 1):
        parts, want = united[found == code], shapely.union_all(shapes[codes == code])
        assert shapely.area(parts).sum() == pytest.approx(want.area)
        assert shapely.union_all(parts).symmetric_difference(want).area < 1e-6
        assert shapely.is_valid(parts).all() and len(parts) == len(shapely.get_parts(want))


def test_a_cut_at_the_tiles_edge_leaves_no_border_there() -> None:
    across = shapely.box(-50, 1000, 800, 1500)
    made, _, _ = dissolve.dissolve(np.array([across]), np.array([0]), 1)
    assert len(made[0].geoms) == 1 and made[0].area == pytest.approx(across.area, rel=0.01)
    assert made[0].bounds[0] == -50


def test_pieces_and_zones_come_back_as_they_were_cut() -> None:
    shapes, codes = coverage.cut(np.array([shapely.box(-64, -64, 10, 10)]), np.array([3]))
    inside = codes % coverage.INK == 0
    assert set(codes // coverage.INK) == {3} and shapely.area(shapes[inside]).sum() == pytest.approx(100)
    assert shapely.area(shapes).sum() == pytest.approx(74**2)


@pytest.mark.parametrize("how", ["dissolve", "aggregate"])
def test_neighbouring_tiles_meet_on_their_common_edge(how: str) -> None:
    here, east = Frame(12, 3637, 1612), Frame(12, 3638, 1612)
    size = 60.0 if how == "dissolve" else 12.0
    shapes, codes = blocks(3, seed=5, size=size, low=EXTENT - 700, high=EXTENT + 700)
    web = list(shapely.to_wkb(here.to_web(shapes)))
    edges = []
    for frame, at in ((here, EXTENT), (east, 0)):
        made = generalise(Work(frame, Generalised(12, 12, how), 3, web, codes))
        drawn = flipped(shapely.from_wkb([m.shape for m in made]))
        line = shapely.LineString([(at, 0), (at, EXTENT)])
        edges.append([shapely.affinity.translate(shape.intersection(line), -at) for shape in drawn])
    assert len(edges[0]) == len(edges[1]) == 3
    for ours, theirs in zip(*edges, strict=True):
        assert ours.length > 100
        apart = shapely.get_parts(ours.symmetric_difference(theirs))
        assert shapely.length(apart).max(initial=0) < 2.1, "each crossing but for a rounding"


def row(id: int, *shapes: shapely.Polygon, figure: float = 1.0) -> tuple[int, float, bytes]:
    """A row of a tile, of polygons in its units."""
    return id, figure, shapely.to_wkb(flipped([shapely.multipolygons(list(shapes))])[0])


def test_of_streets_over_all_of_a_tile_only_the_changed_end_is_made_anew() -> None:
    frame = Frame(14, 14620, 6477)
    lots = [shapely.box(x, y, x + 400, y + 400) for x in range(100, 4000, 500) for y in range(100, 4000, 500)]
    before = shapely.difference(INSIDE, shapely.union_all(lots))
    after = before.difference(shapely.box(3700, 3500, 3800, 3600))
    boxes = difference([row(1, before)], [row(1, after)], frame)
    found = shapely.union_all(frame.to_units([shapely.box(*box) for box in boxes]))
    assert found.buffer(1e-6).covers(before.symmetric_difference(after)) and found.area < 0.02 * before.area


def test_a_difference_holds_all_that_differs() -> None:
    frame = Frame(14, 14620, 6477)
    rng = np.random.default_rng(4)
    for _ in range(20):
        shapes, codes = blocks(3, seed=int(rng.integers(99)), size=200.0, low=0, high=3500)
        some = rng.random(len(shapes)) < 0.03
        sides = []
        for classes in (codes, np.where(some, (codes + 1) % 3, codes)):
            made, found, _ = dissolve.dissolve(shapes, classes, 3)
            sides.append({int(code): shape for code, shape in zip(found, made, strict=True)})
        rows = [[row(code, *shape.geoms) for code, shape in side.items()] for side in sides]
        boxes = shapely.union_all(frame.to_units([shapely.box(*box) for box in difference(*rows, frame)]))
        for code in sides[0].keys() | sides[1].keys():
            one, other = (side.get(code, shapely.MultiPolygon()) for side in sides)
            assert one.symmetric_difference(other).difference(boxes.buffer(1e-6)).area < 1e-3


def test_a_tile_of_which_only_a_figure_or_a_cut_differs_differs_as_a_whole() -> None:
    frame = Frame(14, 14620, 6477)
    whole, halves = shapely.box(0, 0, 200, 100), [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)]
    first = row(1, whole)
    assert difference([first], [row(1, whole, figure=2.0)], frame) == [frame.box(-1)]
    assert len(difference([first], [row(1, *halves)], frame)) >= 1
