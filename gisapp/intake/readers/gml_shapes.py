"""GML geometry (versions 2 and 3) as shapely shapes in the plane, x (east, longitude) first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pyproj
import shapely

from gisapp.intake.readers.xml import Node

Array = np.ndarray[Any, Any]
Lookup = Callable[[str], Node | None]
"""Finds an element by its gml:id, for geometry that is only referred to (xlink:href)."""
POINTS, LINES = {"Point"}, {"LineString", "Curve", "CompositeCurve", "OrientableCurve", "LinearRing", "Ring"}
AREAS = {"Polygon", "Surface", "PolygonPatch", "Triangle", "Rectangle", "Envelope", "Box"}
MANY = {
    "MultiPoint", "MultiCurve", "MultiLineString", "MultiSurface", "MultiPolygon", "CompositeSurface", "MultiGeometry",
    "Solid", "MultiSolid", "CompositeSolid", "TriangulatedSurface", "Tin", "PolyhedralSurface", "GeometricComplex",
}  # fmt: skip
GEOMETRIES = POINTS | LINES | (AREAS - {"Envelope", "Box"}) | MANY
DEEPEST = 12  # references to references


class Shapes:
    """Makes shapes of elements. `swapped`: the file writes latitude (or north) first."""

    def __init__(self, swapped: bool, lookup: Lookup = lambda name: None) -> None:
        self._swapped, self._lookup = swapped, lookup
        self.had_z = False

    def shape(self, node: Node) -> Any:
        """The element's shape; None where it holds no coordinates. Raises ValueError for coordinates that are none."""
        if node.name in POINTS:
            xy = self._coordinates(node)
            return shapely.Point(xy[0]) if len(xy) else None
        if node.name in LINES:
            xy = self._line(node)
            return shapely.LineString(xy) if len(xy) > 1 else None
        if (
            node.name in {"Surface", "TriangulatedSurface", "Tin", "PolyhedralSurface"}
            and node.child("PolygonPatch") is None
        ):
            return self._together(list(self._polygons(node)))
        if node.name in AREAS:
            return self._polygon(node)
        return self._together([s for s in map(self.shape, self._members(node)) if s is not None])

    def polygons(self, node: Node) -> list[Any]:
        """All polygons at or below an element, each by itself."""
        return list(self._polygons(node))

    def _polygons(self, node: Node) -> Iterator[Any]:
        for one in self.found(node, {"Polygon", "PolygonPatch", "Triangle", "Rectangle"}):
            if (polygon := self._polygon(one)) is not None:
                yield polygon

    def _members(self, node: Node) -> Iterator[Node]:
        yield from (one for child in node.children for one in self.found(child, GEOMETRIES))

    def found(self, node: Node, names: set[str], deep: int = 0) -> Iterator[Node]:
        """Elements of these names, those that are referred to included; not those within one that was found."""
        if node.name in names:
            yield node
            return
        if (
            deep < DEEPEST
            and (target := node.attribute("href"))
            and (other := self._lookup(target.lstrip("#")))
        ):
            yield from self.found(other, names, deep + 1)
        for child in node.children:
            yield from self.found(child, names, deep)

    def _polygon(self, node: Node) -> Any:
        rings = {
            "exterior": "outer",
            "outerBoundaryIs": "outer",
            "interior": "inner",
            "innerBoundaryIs": "inner",
        }
        outer: list[Array] = []
        inner: list[Array] = []
        for child in node.children:
            side = rings.get(child.name)
            for ring in self.found(child, {"LinearRing", "Ring"}) if side else ():
                (outer if side == "outer" else inner).append(self._line(ring))
        if not outer or len(outer[0]) < 3:
            return None
        return shapely.Polygon(_closed(outer[0]), [_closed(ring) for ring in inner if len(ring) > 2])

    def _line(self, node: Node) -> Array:
        """The coordinates of a curve: its own, or those of its segments and members one after the other."""
        parts = []
        for one in self.found(node, {"posList", "pos", "coordinates", "coord"}):
            parts.append(self._numbers(one))
        xy = np.concatenate(parts) if parts else np.empty((0, 2))
        if len(xy) > 1:  # where one segment ends the next begins
            xy = xy[np.concatenate([[True], (xy[1:] != xy[:-1]).any(axis=1)])]
        return xy

    def _coordinates(self, node: Node) -> Array:
        for one in node.all("posList", "pos", "coordinates", "coord"):
            return self._numbers(one)
        return np.empty((0, 2))

    def _numbers(self, node: Node) -> Array:
        if node.name == "coord":
            row = [c.text for name in "XYZ" if (c := node.child(name))]
            xy = np.array([row], dtype=float)
        elif node.name == "coordinates":
            comma, space = node.attribute("cs") or ",", node.attribute("ts")
            texts = node.text.split(space) if space.strip() else node.text.split()
            xy = np.array([t.split(comma) for t in texts if t.strip()], dtype=float)
        else:
            values = np.array(node.text.split(), dtype=float)
            xy = values.reshape(-1, self._dimension(node, len(values)))
        if not len(xy):
            return np.empty((0, 2))
        self.had_z |= xy.shape[1] > 2
        return xy[:, 1::-1] if self._swapped else xy[:, :2]

    def _dimension(self, node: Node, count: int) -> int:
        said = node.attribute("srsDimension") or node.attribute("dimension")
        if said in {"2", "3"}:
            return int(said)
        if node.name == "pos":
            return max(count, 2)
        return self.dimension if count % self.dimension == 0 else 2

    dimension = 2
    """Numbers a position has where a list does not say: of the reference system."""

    def _together(self, shapes: list[Any]) -> Any:
        return together(shapes)


def together(shapes: list[Any]) -> Any:
    """Several shapes as one: None, the only one, a Multi… of one kind, or a collection."""
    if len(shapes) < 2:
        return shapes[0] if shapes else None
    parts = list(shapely.get_parts(np.array(shapes, dtype=object)))
    kinds = {part.geom_type for part in parts}
    for kind, make in (
        ("Point", shapely.MultiPoint),
        ("LineString", shapely.MultiLineString),
        ("Polygon", shapely.MultiPolygon),
    ):
        if kinds == {kind}:
            return make(parts)
    return shapely.GeometryCollection(parts)


def joined(polygons: Iterable[Any]) -> tuple[Any, bool]:
    """Polygons of one surface as one shape, and whether they had to be merged.

    Patches that share edges are each valid but not as one MultiPolygon; repairing that keeps only half of them.
    """
    parts = [p for p in polygons if p is not None]
    whole = together(parts)
    if len(parts) < 2 or shapely.is_valid(whole):
        return whole, False
    return shapely.union_all(shapely.make_valid(np.array(parts, dtype=object))), True


def _closed(ring: Array) -> Array:
    return ring if (ring[0] == ring[-1]).all() else np.concatenate([ring, ring[:1]])


EPSG = re.compile(r"(?:EPSG[:/]+(?:[\d.]*[:/]+)?|epsg\.xml#)(\d{4,6})\s*$", re.I)
NAMED = {
    "fguuid:jgd2024.bl": (6668, True),
    "fguuid:jgd2011.bl": (6668, True),
    "fguuid:jgd2000.bl": (4612, True),
    "fguuid:jgd2001.bl": (4612, True),
    "jgd2024 / (b, l)": (6668, True),
    "jgd2011 / (b, l)": (6668, True),
    "jgd2000 / (b, l)": (4612, True),
    "osgb:bng": (27700, False),
}
"""Names of reference systems that are no EPSG code: (code, whether north or latitude is first)."""
FLAT = {6697: 6668, 4979: 4326, 4977: 4326}
"""Systems with a height → the same without."""


def system_of(name: str) -> tuple[int | None, bool, int]:
    """What an srsName says: the EPSG code (of the plane, None: unknown), whether latitude or north is first, numbers a position has."""
    if found := NAMED.get(" ".join(name.lower().split())):
        return found[0], found[1], 2
    match = EPSG.search(name)
    if not match:
        return None, False, 2
    code = int(match[1])
    try:
        system = pyproj.CRS.from_epsg(code)
    except pyproj.exceptions.CRSError:
        return None, False, 2
    authority_order = name.lower().startswith(("urn:", "http")) and "epsg.xml#" not in name
    first = system.axis_info[0].direction if system.axis_info else ""
    return FLAT.get(code, code), authority_order and first == "north", max(len(system.axis_info), 2)
