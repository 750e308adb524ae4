"""Tests of place: S_INTERSECTS and its like, between a feature's geometry and one that the filter brings.

Coordinates of the city's plane system are compared there, as features are kept. Degrees and Web Mercator are compared in
Web Mercator, which is defined for the whole world (a plane system is not), with long edges of degrees cut into short ones.
"""

from __future__ import annotations

import json
import math
from typing import Any

from psycopg import sql

from gisapp.features.filters.shape import checked
from gisapp.features.filters.terms import Context, Term, arguments, require, term
from gisapp.features.filters.wrong import wrong
from gisapp.features.references import WEB

TESTS = {
    "s_intersects": "ST_Intersects({}, {})",
    "s_contains": "ST_Contains({}, {})",
    "s_crosses": "ST_Crosses({}, {})",
    "s_disjoint": "NOT ST_Intersects({}, {})",
    "s_equals": "ST_Equals({}, {})",
    "s_overlaps": "ST_Overlaps({}, {})",
    "s_touches": "ST_Touches({}, {})",
    "s_within": "ST_Within({}, {})",
}
DISTANCE = "s_dwithin"
FARTHEST = 100_000.0  # metres
EDGES = 5_000  # at most, of a shape of degrees


def spatial(op: str, tree: dict[str, Any], context: Context) -> sql.Composable:
    """One test between two geometries."""
    left, right = arguments(tree, 2)
    pair = [_side(each, context) for each in (left, right)]
    in_plane = context.reference.srid == context.scope.srid
    own = sql.Identifier("f", "geom" if in_plane else "geom_web")
    made = [own if isinstance(each, Term) else literal(each, context) for each in pair]
    return sql.SQL(f"({TESTS[op]})").format(*made)


def within_distance(tree: dict[str, Any], context: Context) -> sql.Composable:
    """S_DWITHIN(geometry, shape, metres): not of the standard; true metres, in the plane system."""
    own, other, *distance = arguments(tree)
    metres = distance[0] if distance else None
    if isinstance(metres, bool) or not isinstance(metres, int | float) or not 0 <= metres <= FARTHEST:
        raise wrong(
            f"距離は 0〜{FARTHEST:,.0f} m です",
            f"the distance is 0 to {FARTHEST:,.0f} metres",
            "filter=S_DWITHIN(geometry, POINT(139.4 35.7), 300)",
        )
    if len(distance) > 1 and distance[1:] not in (["m"], ["metres"], ["meters"]):
        raise wrong("距離の単位は m です", "distances are in metres (m)")
    pair = [_side(each, context) for each in (own, other)]
    if isinstance(pair[0], Term) is isinstance(pair[1], Term):
        raise wrong("片方は項目 geometry です", "one of the two is the field geometry")
    shape = next(each for each in pair if not isinstance(each, Term))
    near = sql.SQL("ST_Transform({}, {})").format(literal(shape, context), sql.Literal(context.scope.srid))
    return sql.SQL("(ST_DWithin(f.geom, {}, {}))").format(near, context.bind(float(metres)))


def _side(tree: Any, context: Context) -> Term | dict[str, Any]:
    if isinstance(tree, dict) and "property" in tree:
        found = term(tree, context)
        require(found, ("geometry",), "S_…")
        return found
    return checked(tree, context.reference)


def literal(shape: dict[str, Any], context: Context) -> sql.Composable:
    """A checked shape (x before y) in SQL: in the plane system if it was given there, else in Web Mercator."""
    reference = context.reference
    made = sql.SQL("ST_SetSRID(ST_GeomFromGeoJSON({}), {})").format(
        context.bind(json.dumps(shape)), sql.Literal(reference.srid)
    )
    if not reference.geographic:
        return made
    return sql.SQL("ST_Transform(ST_Segmentize({}, {}), {})").format(
        made, context.bind(_step(shape)), sql.Literal(WEB)
    )


def _step(shape: dict[str, Any]) -> float:
    """Longest edge in degrees: straight in degrees and in Web Mercator differ by less than a millimetre then, in a city."""
    box = shape["bbox"]
    around = 2 * (box[2] - box[0] + box[3] - box[1])
    return float(max(0.001, around / EDGES, 1e-9 if math.isfinite(around) else 1.0))
