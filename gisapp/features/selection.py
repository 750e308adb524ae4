"""Which features of a layer somebody means: a box, a filter, values of fields. Everything that asks about many features
(pages, summaries, exports, tables) takes such a selection, so that the same words select the same features everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql
from sqlalchemy.exc import DataError, InternalError

from gisapp.catalogue.layer import Layer, View
from gisapp.features import expressions, references
from gisapp.features.filters.compile import (
    LANGS,
    Condition,
    compile_filter,
    compile_tree,
    language_of,
    read_filter,
)
from gisapp.features.filters.scope import Scope
from gisapp.features.filters.wrong import wrong
from gisapp.features.moments import in_time
from gisapp.features.parameters import box, invalid, number
from gisapp.features.references import CRS84, Reference
from gisapp.geo.tiles import Box, web_box
from gisapp.settings import City

PARAMETERS = (
    "datetime",
    "bbox",
    "bbox-crs",
    "filter",
    "filter-lang",
    "filter-crs",
    "meets",
    "meets-filter",
    "meets-distance",
)
FARTHEST = 10_000.0  # metres of meets-distance
Find = Callable[[str], tuple[Layer, View]]

_IN_WEB = sql.SQL("ST_Intersects(f.geom_web, ST_MakeEnvelope({}, {}, {}, {}, {srid}))")
_MEETS = sql.SQL(
    """EXISTS (SELECT FROM (SELECT f.geom FROM {source} AS f WHERE {where}) AS o
  WHERE ST_DWithin(f.geom, o.geom, %(meets_metres)s))"""
)
_IN_PLANE = sql.SQL("ST_Intersects(f.geom, ST_MakeEnvelope({}, {}, {}, {}, {srid}))")


@dataclass(frozen=True)
class Selection:
    """Features of one layer: `where` is SQL over `f` with placeholders, `values` what is bound to them."""

    layer: Layer
    view: View
    where: str = "true"
    values: Mapping[str, Any] = field(default_factory=dict)


def everything(layer: Layer, view: View) -> Selection:
    """All features of a layer."""
    return Selection(layer, view)


def read_selection(
    layer: Layer, view: View, city: City, values: Mapping[str, str], find: Find | None = None
) -> Selection:
    """The selection that a request's parameters say: PARAMETERS, and fields of the layer with a value each.

    find: the layer that `meets` names, if the asker may see it. Raises errors.ParameterInvalid, LayerNotFound.
    """
    around = in_box(values, city)
    condition = _condition(Scope.of(layer, view, city), city, values)
    parts = [around, condition, in_time(layer, view, values)]
    if find and values.get("meets"):
        parts.append(_meets(*find(values["meets"]), city, values))
    where = " AND ".join(part.sql for part in parts if part.sql != "true")
    bound = {name: value for part in parts for name, value in part.values.items()}
    return Selection(layer, view, f"({where})" if where else "true", bound)


def _meets(layer: Layer, view: View, city: City, values: Mapping[str, str]) -> Condition:
    """That a feature touches, or comes within `meets-distance` metres of, one of another layer that `meets-filter` holds for."""
    metres = number(values, "meets-distance", 0, FARTHEST, default=0.0)
    inner = Condition()
    if values.get("meets-filter"):
        raw = values["meets-filter"]
        reference = references.asked_for(values, "filter-crs", city)
        inner = compile_filter(raw, Scope.of(layer, view, city), reference=reference, prefix="m")
    where = sql.SQL(inner.sql)
    made = _MEETS.format(source=expressions.source(layer, view), where=where).as_string(None)
    return Condition(made, {**inner.values, "meets_metres": metres})


def in_box(values: Mapping[str, str], city: City) -> Condition:
    """The condition of `bbox` in the system `bbox-crs`. Raises errors.ParameterInvalid."""
    reference = references.asked_for(values, "bbox-crs", city)
    if not values.get("bbox"):
        return Condition()
    if reference == CRS84:
        found = box(values)
        assert found is not None
        return _in_degrees(found)
    return _in_system(_box_of(values["bbox"], reference), reference, city)


def _box_of(raw: str, reference: Reference) -> Box:
    """West, south, east, north out of two corners with the axes of the system."""
    swapped = (
        ",".join(raw.split(",")[i] for i in (1, 0, 3, 2))
        if reference.swapped and raw.count(",") == 3
        else raw
    )
    if reference.geographic:
        found = box({"bbox": swapped})
        assert found is not None
        return found
    try:
        west, south, east, north = (float(part) for part in swapped.split(",") if len(part) < 40)
        good = (
            west <= east and south <= north and reference.holds(west, south) and reference.holds(east, north)
        )
    except ValueError:
        good = False
    if not good or not all(math.isfinite(each) for each in (west, south, east, north)):
        raise invalid(
            "bbox",
            "bbox-crs の軸の順で、隅2つの4つの数です",
            "it is four numbers: two corners, with the axes in the order of bbox-crs",
            "bbox=-34000,-12000,-33000,-11000",
        )
    return west, south, east, north


def _in_degrees(found: Box) -> Condition:
    west, south, east, north = found
    parts = [found] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]
    return _any([web_box(part) for part in parts], _IN_WEB)


def _in_system(found: Box, reference: Reference, city: City) -> Condition:
    if reference.geographic:
        return _in_degrees(found)
    if reference.srid == references.WEB:
        return _any([found], _IN_WEB)
    return _any([found], _IN_PLANE, city.srid)


def _any(boxes: list[Box], test: sql.SQL, srid: int = references.WEB) -> Condition:
    values: dict[str, Any] = {}
    tests = []
    for place, one in enumerate(boxes):
        names = [f"{side}{place}" for side in "wsen"]
        values |= dict(zip(names, one, strict=True))
        tests.append(test.format(*map(sql.Placeholder, names), srid=sql.Literal(srid)))
    return Condition(sql.SQL("({})").format(sql.SQL(" OR ").join(tests)).as_string(None), values)


def _condition(scope: Scope, city: City, values: Mapping[str, str]) -> Condition:
    reference = references.asked_for(values, "filter-crs", city)
    lang = values.get("filter-lang", "")
    if lang and lang not in LANGS:
        raise invalid(
            "filter-lang",
            "cql2-text か cql2-json です",
            "it is cql2-text or cql2-json",
            "filter-lang=cql2-text",
        )
    trees = [_equals(name, values[name], kind) for name, kind in by_value(scope, values).items()]
    if "filter" in values:
        raw = values["filter"]
        trees.append(read_filter(raw, lang or language_of(raw)))
    if not trees:
        return Condition()
    return compile_tree(trees[0] if len(trees) == 1 else {"op": "and", "args": trees}, scope, reference)


def by_value(scope: Scope, values: Mapping[str, str]) -> dict[str, str]:
    """The parameters that are names of fields, with their types."""
    types = scope.types()
    return {
        name: types[name]
        for name in values
        if types.get(name, "geometry") != "geometry" and name not in PARAMETERS
    }


def _equals(name: str, raw: str, kind: str) -> dict[str, Any]:
    """field = value, from the text of a parameter."""
    value: Any = raw
    try:
        if kind in ("integer", "number"):
            value = int(raw) if kind == "integer" or raw.isdigit() else float(raw)
            if len(raw) > 30:
                raise ValueError(raw)
        elif kind == "boolean":
            value = {"true": True, "false": False}[raw.lower()]
        elif kind in ("date", "datetime"):
            value = {"date" if len(raw) == 10 else "timestamp": raw}
    except (ValueError, KeyError) as error:
        raise invalid(name, f"{kind} の値です", f"it is a value of the type {kind}", f"{name}=…") from error
    return {"op": "=", "args": [{"property": name}, value]}


@contextmanager
def sorted_failures() -> Iterator[None]:
    """What the database cannot compute (a power too large, a shape that crosses itself) is the asker's to change.

    Raises errors.ParameterInvalid.
    """
    try:
        yield
    except DataError as error:
        raise wrong("計算できない値があります", "it has a value that cannot be computed") from error
    except InternalError as error:
        raise wrong(
            "図形が正しくありません（交差など）", "a geometry is not valid (it may cross itself)"
        ) from error
