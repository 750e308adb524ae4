"""The condition of `datetime`: which features hold at a moment, or at some moment of an interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from gisapp.catalogue.layer import Layer, View
from gisapp.features.filters.compile import Condition
from gisapp.features.parameters import Ends, interval
from gisapp.text.reading import JAPAN


def in_time(layer: Layer, view: View, values: Mapping[str, str]) -> Condition:
    """That a feature's time meets the one asked for; days are Japan's. A feature without a time holds always (Part 1).

    A layer that names no time, or whose time the asker does not see, is not narrowed. Raises errors.ParameterInvalid.
    """
    asked = interval(values)
    if asked is None or not layer.time or not set(layer.time) <= set(view.columns):
        return Condition()
    start, end = asked
    tests, bound = [], {}
    for name, test, moment in ((layer.time[-1], ">=", start), (layer.time[0], "<=", end)):
        if moment is not None:
            value = f"time_{'from' if test == '>=' else 'until'}"
            column = sql.SQL("f.{}").format(sql.Identifier(name))
            words = {"column": column, "value": sql.Placeholder(value)}
            tests.append(sql.SQL(f"({{column}} IS NULL OR {{column}} {test} {{value}})").format(**words))
            bound[value] = _as(layer.field(name).type, moment)
    return Condition(sql.SQL("({})").format(sql.SQL(" AND ").join(tests)).as_string(None), bound)


def _as(kind: str, moment: Ends) -> Any:
    assert moment is not None
    return moment.astimezone(JAPAN).date() if kind == "date" else moment
