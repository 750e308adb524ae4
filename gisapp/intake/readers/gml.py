"""GML: 基盤地図情報, 国土数値情報, PLATEAU's CityGML, and simple features of anybody. One layer a kind of feature.

A file is read twice: first for its kinds, columns and reference system, then for its rows; memory holds one feature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gisapp.catalogue.layer import Text
from gisapp.intake.problem import ERROR, NOTE, REPAIR, Problem, refuse
from gisapp.intake.readers.codelists import CodeLists
from gisapp.intake.readers.gml_shapes import GEOMETRIES, Shapes, system_of
from gisapp.intake.readers.gml_values import shape_of, values_of
from gisapp.intake.readers.rows import Feature, in_batches
from gisapp.intake.readers.xml import Node, elements, root_of
from gisapp.intake.several import refuse_several
from gisapp.intake.source import Source

ABOUT = {
    "description",
    "name",
    "boundedBy",
    "metaDataProperty",
    "Envelope",
    "queryTime",
    "queryExtent",
    "boundedby",
}
TITLES = {"CityModel": "CityGML（PLATEAU）", "Dataset": "GML（基盤地図情報・国土数値情報）"}


@dataclass
class _Survey:
    """What the first pass found."""

    kinds: Counter[str] = field(default_factory=Counter)
    columns: dict[str, dict[str, None]] = field(default_factory=dict)  # kind → names in order
    systems: Counter[str] = field(default_factory=Counter)  # srsName
    shapes: dict[str, Node] = field(default_factory=dict)  # by gml:id, where features refer to them
    problems: list[Problem] = field(default_factory=list)


def is_gml(root: Node) -> bool:
    """Whether an XML file holds features, by its root element."""
    spaces = " ".join(root.attributes.values()).lower()
    return (
        root.name in TITLES
        or root.name.endswith(("FeatureCollection", "featureCollection"))
        or "opengis.net/gml" in spaces
    )


def open_gml(path: Path, part: str) -> Source:
    """The features of one kind: the only one there is, or `part`. Raises errors.FileRefused."""
    root = root_of(path)
    lists = CodeLists(path)
    survey = _survey(path, lists)
    if not survey.kinds:
        why = ("地物（行）が一つもありません", "it holds no features at all")
        refuse("empty_file", why, ("書き出す範囲を確かめてください。", "See which area was exported."))
    kinds = list(survey.kinds)
    if part not in kinds and (part or len(kinds) > 1):
        refuse_several(kinds, part)
    kind = part or kinds[0]
    names = tuple(survey.columns[kind])
    code, swapped, dimension = _system(survey)
    shapes = Shapes(swapped, survey.shapes.get)
    shapes.dimension = dimension
    said = next(iter(survey.systems), "")
    return Source(
        format=TITLES.get(root.name, "GML"),
        columns=names,
        batches=lambda: in_batches(_features(path, kind, names, lists, shapes), names),
        crs=f"EPSG:{code}" if code else None,
        crs_from=Text(f"srsName「{said}」による", f"by its srsName “{said}”") if code else None,
        typed=False,
        encoding="utf-8",
        encoding_from=Text("形式の規定による", "by the format's rule"),
        count=survey.kinds[kind],
        problems=tuple([*survey.problems, *_about_system(said, dimension)]),
        axes="latlon" if swapped else "xy",
        layers=tuple(kinds),
        layer=kind,
    )


def _survey(path: Path, lists: CodeLists) -> _Survey:
    survey = _Survey()
    for node in elements(path, _wanted, survey.problems):
        for one in node.all(*GEOMETRIES, "Envelope"):
            if name := one.attribute("srsName"):
                survey.systems[name] += 1
        if node.name in GEOMETRIES:
            survey.shapes[node.attribute("id")] = node
        elif node.name not in ABOUT:
            for feature in _within(node):
                survey.kinds[feature.name] += 1
                survey.columns.setdefault(feature.name, {}).update(dict.fromkeys(values_of(feature, lists)))
    return survey


def _wanted(names: list[str]) -> bool:
    """Members of collections, and whatever stands right in the root of a file that has no members."""
    return len(names) == 2


def _within(node: Node) -> Iterator[Node]:
    """The features of an element below the root: those in a member, or the element itself."""
    if node.name.lower().endswith(("member", "members")):
        yield from (child for child in node.children if child.name not in {"Appearance", "CityObjectGroup"})
    else:
        yield node


def _system(survey: _Survey) -> tuple[int | None, bool, int]:
    """The file's system. Raises errors.FileRefused where features are in different ones."""
    found = {system_of(name): name for name in survey.systems}
    codes = {code for code, _, _ in found}
    if len(codes) > 1 or len({swapped for _, swapped, _ in found}) > 1:
        names = "、".join(survey.systems)
        why = (
            f"地物によって座標系が違います（{names}）",
            f"its features are in different reference systems ({names})",
        )
        refuse(
            "crs_ambiguous", why, ("座標系ごとに分けて書き出してください。", "Export each system by itself.")
        )
    return next(iter(found), (None, False, 2))


def _about_system(said: str, dimension: int) -> Iterator[Problem]:
    if "2024" in said:
        ja = "測地系は JGD2024 です。JGD2024 で変わったのは標高だけなので、平面の位置は JGD2011 として読みました"
        en = "its datum is JGD2024, which changed heights only: places are read as JGD2011"
        yield Problem(NOTE, "datum_suspect", ja, en)
    if dimension > 2:
        yield Problem(NOTE, "z_dropped", "高さ（Z）は読みません", "heights (Z) are not read")


def _features(
    path: Path, kind: str, names: tuple[str, ...], lists: CodeLists, shapes: Shapes
) -> Iterator[Feature | Problem]:
    number = 0
    for node in elements(path, _wanted):
        if node.name in GEOMETRIES or node.name in ABOUT:
            continue
        for feature in _within(node):
            if feature.name != kind:
                continue
            number += 1
            shape, problem = _shape(feature, shapes, number)
            if problem is not None:
                yield problem
            values = values_of(feature, lists)
            yield number, [values.get(name) for name in names], shape


def _shape(feature: Node, shapes: Shapes, number: int) -> tuple[Any, Problem | None]:
    try:
        shape, merged = shape_of(feature, shapes)
    except (ValueError, RecursionError):
        return None, Problem(
            ERROR, "corrupt_record", "座標を読めません", "its coordinates cannot be read", (number,)
        )
    if not merged:
        return shape, None
    ja = "辺を共有する複数の面を一つにまとめました（面積は変わりません）"
    return shape, Problem(
        REPAIR, "invalid_geometry", ja, "patches that share edges are joined; the area is the same", (number,)
    )
