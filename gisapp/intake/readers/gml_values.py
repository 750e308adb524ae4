"""A GML feature as a row: its values by name, and the one shape that stands for it on a map."""

from __future__ import annotations

import re
from typing import Any

import shapely

from gisapp.intake.readers.codelists import CodeLists
from gisapp.intake.readers.gml_shapes import GEOMETRIES, Shapes, joined
from gisapp.intake.readers.xml import Node

FOOTPRINTS = ("lod0RoofEdge", "lod0FootPrint", "lod0MultiSurface")
SURFACE = re.compile(r"lod\d\w*")
SKIPPED = {"boundedBy", "appearance", "address", "Envelope", "creationDate", "interiorRoom", "consistsOfBuildingPart",
           "outerBuildingInstallation", "opening", "generalizesTo", "externalReference"}  # fmt: skip
"""Parts of a feature that say nothing of it as a whole, or are features themselves."""
GENERIC = re.compile(r"(string|int|double|date|uri|measure)Attribute")
MOST_COLUMNS = 500


def values_of(feature: Node, lists: CodeLists) -> dict[str, str]:
    """Values by column name. A code whose list is there becomes its label; the code itself goes into `<name>_code`."""
    values: dict[str, str] = {}
    if name := feature.attribute("id") or feature.attribute("fid"):
        values["gml_id"] = name
    for child in feature.children:
        _take(values, child, lists, "")
        if len(values) >= MOST_COLUMNS:
            break
    return values


def _take(values: dict[str, str], node: Node, lists: CodeLists, within: str) -> None:
    if node.name in SKIPPED or node.name in GEOMETRIES or SURFACE.fullmatch(node.name):
        return
    if GENERIC.fullmatch(node.name):
        value = node.child("value")
        _put(values, within + node.attribute("name"), value.text.strip() if value is not None else "", within)
    elif node.name == "genericAttributeSet":
        for child in node.children:
            _take(values, child, lists, f"{within}{node.attribute('name')}/")
    elif node.name == "KeyValuePair":
        _take_pair(values, node, lists)
    elif node.children:
        if any(child.name in GEOMETRIES for child in node.children):
            return
        for child in node.children:
            leaf = not child.children and child.name.startswith("time") and child.name[4:5].isupper()
            if leaf:  # gml:TimeInstant and its like are only wrapping
                _put(values, node.name, child.text.strip(), within)
            else:
                _take(values, child, lists, within)
    else:
        _take_text(values, node, lists, within)


def _take_text(values: dict[str, str], node: Node, lists: CodeLists, within: str) -> None:
    text = node.text.strip()
    if not text:
        return
    space = node.attribute("codeSpace")
    label = lists.label(space, text) if space else None
    if label is None:
        _put(values, node.name, text, within)
        return
    _put(values, node.name, label, within)
    _put(values, f"{node.name}_code", text, within)


def _take_pair(values: dict[str, str], node: Node, lists: CodeLists) -> None:
    """An attribute that PLATEAU adds as key and value, both of them codes."""
    key, value = node.child("key"), node.child("codeValue") or node.child("stringValue")
    if key is None or value is None:
        return
    name = lists.label(key.attribute("codeSpace"), key.text.strip()) or f"key{key.text.strip()}"
    text = value.text.strip()
    label = lists.label(value.attribute("codeSpace"), text) if value.attribute("codeSpace") else None
    _put(values, name, label or text, "")


def _put(values: dict[str, str], name: str, value: str, within: str) -> None:
    """The first value of a name stays; further ones are joined to it."""
    if not value or not name:
        return
    if name in values and value not in values[name].split("、"):
        values[name] += f"、{value}"
    else:
        values.setdefault(name, value)


def shape_of(feature: Node, shapes: Shapes) -> tuple[Any, bool]:
    """The feature's shape on a map and whether patches had to be joined. None where it has none.

    A building is its roof edge or footprint, never its walls: without either it is what its solid covers from above.
    Raises ValueError for coordinates that are no numbers.
    """
    for name in FOOTPRINTS:
        if nodes := list(feature.all(name)):  # of a building's parts, where it has some
            return joined([polygon for node in nodes for polygon in shapes.polygons(node)])
    surfaces = sorted(
        (
            child
            for child in feature.children
            if SURFACE.fullmatch(child.name) and "Texture" not in child.name
        ),
        key=lambda child: child.name,
    )
    for node in surfaces:
        if "Solid" in node.name:
            return _from_above(node, shapes)
        if polygons := shapes.polygons(node):
            shape, merged = joined(polygons)
            return shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape, merged
    ground = [one for one in feature.all("GroundSurface")]
    if ground:
        return joined([p for one in ground for p in shapes.polygons(one)])
    return _plain(feature, shapes)


def _from_above(node: Node, shapes: Shapes) -> tuple[Any, bool]:
    """What the faces of a solid cover; walls are lines from above and fall away."""
    faces = [face for face in shapes.polygons(node) if face.area > 0]
    shape, _ = joined(faces)
    return shape, False


def _plain(feature: Node, shapes: Shapes) -> tuple[Any, bool]:
    """The first property that holds a geometry, or refers to one."""
    for child in feature.children:
        if child.name in SKIPPED or child.name == "boundedBy":
            continue
        for node in [child] if child.name in GEOMETRIES else shapes.found(child, GEOMETRIES):
            if node.name in {"MultiSurface", "CompositeSurface", "Surface", "TriangulatedSurface", "Tin"}:
                return joined(shapes.polygons(node))
            return shapes.shape(node), False
    return None, False
