"""What may be wrong with the zooms that are drawn from generalised tables: `[[zoom.generalised]]` in layer.toml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gisapp.catalogue import value_shapes as shapes
from gisapp.catalogue.check_meaning import field_facts, hidden_field, strings_in, table_in, unknown_field
from gisapp.catalogue.expression import fields_of
from gisapp.catalogue.layer import HOWS, POINT_COUNT, Text
from gisapp.catalogue.problem import Findings
from gisapp.catalogue.value_shapes import Key

PATH = "zoom.generalised"
GRIDS = (8, 16, 32, 64, 128)
"""Sides of a cluster's cell in pixels: those that divide a tile."""
NEEDS = {
    "dissolve": ("Polygon", "MultiPolygon"),
    "aggregate": ("Polygon", "MultiPolygon"),
    "cluster": ("Point",),
}
OF_ROWS = {"z", "x", "y", "area", POINT_COUNT}
"""Columns that generalised tables have besides those of the layer."""


def blocks(path: str, value: object) -> Findings:
    """The shape of the list of blocks."""
    if not isinstance(value, list):
        yield path, Text(f"[[{PATH}]] の形ではありません", f"it is not of the form [[{PATH}]]")
        return
    zoom = Key(shapes.whole(0, 22), required=True)
    keys = {
        "min": zoom,
        "max": zoom,
        "how": Key(shapes.one_of(HOWS), required=True),
        "by": Key(shapes.texts),
        "grid": Key(_grid),
    }
    for place, block in enumerate(value):
        yield from shapes.table(f"{path}[{place}]", block, keys)


def check_generalised(raw: Mapping[str, Any]) -> Findings:
    """What the blocks say together with the layer's zooms, geometry and fields."""
    zoom, found = table_in(raw, "zoom"), _blocks(raw)
    taken: dict[int, int] = {}
    for place, block in found:
        path = f"{PATH}[{place}]"
        yield from _check_zooms(path, block, zoom, taken, place)
        how, geometry = block.get("how"), raw.get("geometry")
        if isinstance(how, str) and how in NEEDS and isinstance(geometry, str) and geometry not in NEEDS[how]:
            words = " ".join(NEEDS[how])
            ja, en = f"{how} は {words} のレイヤーだけに使えます", f"{how} is for layers of {words} only"
            yield f"{path}.how", Text(ja, en)
        if "grid" in block and how != "cluster":
            yield f"{path}.grid", Text("grid は cluster だけに使えます", "only a cluster has a grid")
        yield from _check_by(path, block, raw)
    if len({tuple(strings_in(block, "by")) for _, block in found}) > 1:
        ja = "by はどのズームでも同じでなければなりません（1つの表に入るため）"
        yield PATH, Text(ja, "`by` must be the same at all zooms: they share one table")


def check_style_of_generalised(raw: Mapping[str, Any], style: object) -> Iterator[tuple[str, Text]]:
    """At generalised zooms a style may name only what the generalised rows have."""
    for place, one in enumerate(style if isinstance(style, list) else []):
        if not isinstance(one, Mapping):
            continue
        named = set().union(*(fields_of(value) for value in _values(one)))
        for _, block in _blocks(raw):
            have = {*strings_in(block, "by"), *([POINT_COUNT] if block.get("how") == "cluster" else [])}
            if not _drawn(one, block.get("min"), block.get("max")):
                continue
            for name in sorted(named - have):
                low, high = block.get("min"), block.get("max")
                ja = f"ズーム {low}〜{high} は総描した表で描くため、項目「{name}」は使えません（by に書くか、minzoom で避けます）"
                en = f"zooms {low} to {high} are drawn from a generalised table, which has no “{name}”: add it to `by`, or keep away with minzoom"
                yield str(one.get("id", f"[{place}]")), Text(ja, en)
        if POINT_COUNT in named and not _only_clusters(raw, one):
            ja = f"「{POINT_COUNT}」は cluster のズームだけにあります（minzoom・maxzoom で限ります）"
            en = f"only clusters have “{POINT_COUNT}”: keep to their zooms with minzoom and maxzoom"
            yield str(one.get("id", f"[{place}]")), Text(ja, en)


def _values(style: Mapping[str, Any]) -> list[object]:
    parts = [table_in(style, "paint"), table_in(style, "layout")]
    return [style.get("filter"), *(value for part in parts for value in part.values())]


def _drawn(style: Mapping[str, Any], low: object, high: object) -> bool:
    """Whether tiles of the zooms `low` to `high` are used by the style layer: each up to the next zoom."""
    least, most = style.get("minzoom", 0), style.get("maxzoom", 24)
    if not all(isinstance(number, int | float) for number in (low, high, least, most)):
        return False
    return bool(least < high + 1 and most > low)  # type: ignore[operator]


def _only_clusters(raw: Mapping[str, Any], style: Mapping[str, Any]) -> bool:
    clustered = [block for _, block in _blocks(raw) if block.get("how") == "cluster"]
    zooms = {z for b in clustered if _whole(b) for z in range(b["min"], b["max"] + 1)}
    layer = table_in(raw, "zoom")
    if not _whole(layer):
        return True  # the shape says so already
    used = {z for z in range(layer["min"], layer["max"] + 1) if _drawn(style, z, z)}
    return used <= zooms


def _whole(table: Mapping[str, Any]) -> bool:
    return all(isinstance(table.get(key), int) for key in ("min", "max"))


def _blocks(raw: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    found = table_in(raw, "zoom").get("generalised")
    listed = found if isinstance(found, list) else []
    return [(place, block) for place, block in enumerate(listed) if isinstance(block, Mapping)]


def _check_zooms(
    path: str, block: Mapping[str, Any], zoom: Mapping[str, Any], taken: dict[int, int], place: int
) -> Findings:
    if not _whole(block) or not _whole(zoom):
        return
    if block["min"] > block["max"]:
        yield path, Text("min が max より大きくなっています", "min is larger than max")
    if block["min"] < zoom["min"] or block["max"] >= zoom["max"]:
        ja = f"ズームはレイヤーの min（{zoom['min']}）から、max（{zoom['max']}）より小さい範囲です"
        en = f"zooms lie from the layer's min ({zoom['min']}) on and below its max ({zoom['max']}), which shows every feature"
        yield path, Text(ja, en)
    for z in range(block["min"], block["max"] + 1):
        if taken.setdefault(z, place) != place:
            yield path, Text(f"ズーム {z} が2回あります", f"zoom {z} is there twice")


def _check_by(path: str, block: Mapping[str, Any], raw: Mapping[str, Any]) -> Findings:
    facts = field_facts(raw)
    for place, name in enumerate(strings_in(block, "by")):
        where = f"{path}.by[{place}]"
        if name not in facts:
            yield where, unknown_field(name)
        elif not facts[name].open:
            yield where, hidden_field(name)
        elif name in OF_ROWS:
            ja = f"項目「{name}」は総描した表の列と同じ名前なので by には使えません"
            yield (
                where,
                Text(ja, f"“{name}” cannot stand in `by`: generalised tables have a column of that name"),
            )


def _grid(path: str, value: object) -> Findings:
    if isinstance(value, bool) or value not in GRIDS:
        words = "、".join(map(str, GRIDS))
        yield path, Text(f"次のどれでもありません：{words}", f"it is none of: {', '.join(map(str, GRIDS))}")
