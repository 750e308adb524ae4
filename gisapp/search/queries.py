"""What the search asks of its tables: one statement over every table that the asker may read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg import sql
from sqlalchemy import Connection

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.search import FULL, GROUP
from gisapp.geo.tiles import WORLD
from gisapp.search.build import TRIGRAMS, identifier

LIKENESS = 0.3  # share of trigrams that a misspelt name must have in common
SEVERAL_WORDS = 300  # names with one of several words that are looked through for the others

_ENTRY = "feature, key, label, detail, form, level, lon, lat, west, south, east, north"


class Hit(NamedTuple):
    """One entry found: see `catalogue.search.COLUMNS`. box: EPSG:3857."""

    layer: Layer
    feature: int
    key: str
    label: str
    detail: str | None
    form: int
    level: int | None
    lon: float
    lat: float
    box: tuple[float, float, float, float]

    @property
    def kind(self) -> str:
        """The kind of its layer (see catalogue.layer.KINDS)."""
        return self.layer.search.kind if self.layer.search else ""

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = self.box
        return _lon(west), _lat(south), _lon(east), _lat(north)


def _lon(x: float) -> float:
    return round(x / WORLD * 360, 7)


def _lat(y: float) -> float:
    return round(math.degrees(2 * math.atan(math.exp(y / WORLD * 2 * math.pi)) - math.pi / 2), 7)


def named(connection: Connection, layers: Sequence[Layer], keys: Iterable[str]) -> dict[str, list[Hit]]:
    """Entries whose key is one of these, by key, in one round trip."""
    wanted = list(dict.fromkeys(key for key in keys if key))
    if not layers or not wanted:
        return {}
    values = {
        "keys": [key for key in wanted if " " not in key],
        "numbers": [key for key in wanted if " " in key],
    }
    found: dict[str, list[Hit]] = {}
    for hit in _hits(connection, _statement(tuple(layers), "named"), values, layers):
        found.setdefault(hit.key, []).append(hit)
    return found


def towns(connection: Connection, layers: Sequence[Layer]) -> dict[str, list[Hit]]:
    """Every town there is, by its keys: some thousands in a city, also where its parts (小字) have names."""
    named_layers = tuple(
        layer for layer in layers if layer.search and layer.search.kind in ("town", "address")
    )
    found: dict[str, list[Hit]] = {}
    for hit in _hits(connection, _statement(named_layers, "towns"), {}, named_layers) if named_layers else ():
        found.setdefault(hit.key, []).append(hit)
    return found


def beginning(connection: Connection, layers: Sequence[Layer], starts: Sequence[str], most: int) -> list[Hit]:
    """Entries whose key begins with one of `starts`, `most` of a layer and start, in the order of their keys."""
    if not layers:
        return []
    values = {"starts": list(starts), "ends": [start + "\U0010ffff" for start in starts], "most": most}
    return _hits(connection, _statement(tuple(layers), "beginning"), values, layers)


def containing(connection: Connection, layers: Sequence[Layer], part: str, most: int) -> list[Hit]:
    """Names that hold `part` (at least three characters: fewer have no trigram), `most` of a layer."""
    named_layers = tuple(layer for layer in layers if layer.search and layer.search.kind in TRIGRAMS)
    if not named_layers or len(part) < 3:
        return []
    like = f"%{_literal(part)}%"
    return _hits(
        connection, _statement(named_layers, "containing"), {"like": like, "most": most}, named_layers
    )


def holding(connection: Connection, layers: Sequence[Layer], parts: Sequence[str], most: int) -> list[Hit]:
    """Names that hold every part. Two characters have no trigram: of several layers, names that begin or end with them."""
    named_layers = tuple(layer for layer in layers if layer.search and layer.search.kind in TRIGRAMS)
    longest = max(parts, key=len)
    if not named_layers or len(longest) < 2:
        return []
    most = most if len(parts) == 1 else SEVERAL_WORDS
    anywhere = "%" if len(longest) > 2 or len(layers) == 1 else ""
    values = {"like": f"%{_literal(longest)}{anywhere}", "most": most}
    hits = _hits(connection, _statement(named_layers, "containing"), values, named_layers)
    if not anywhere:
        hits += beginning(connection, named_layers, [longest], most)
    return [hit for hit in hits if all(part in hit.key for part in parts)]


def _literal(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def alike(connection: Connection, layers: Sequence[Layer], key: str, most: int) -> list[Hit]:
    """Names that are nearly `key`, the most alike first."""
    named_layers = tuple(layer for layer in layers if layer.search and layer.search.kind in TRIGRAMS)
    if not named_layers or len(key) < 2:
        return []
    connection.exec_driver_sql(
        "SELECT set_config('pg_trgm.similarity_threshold', %s, false)", (str(LIKENESS),)
    )
    values = {"key": key, "most": most}
    return _hits(connection, _statement(named_layers, "alike"), values, named_layers)


def of_words(connection: Connection, layer: Layer, place: tuple[float, float], most: int) -> list[Hit]:
    """Features of a layer, the nearest to a place (lon, lat) first."""
    values = {"lon": place[0], "lat": place[1], "most": most}
    return _hits(connection, _statement((layer,), "all"), values, (layer,))


def blocks(connection: Connection, layers: Sequence[Layer], starts: Sequence[str]) -> dict[str, list[Hit]]:
    """Houses of a block: entries of level 6 whose key begins with one of `starts` (a town, a block and a hyphen)."""
    addresses = [layer for layer in layers if layer.search and layer.search.kind == "address"]
    found: dict[str, list[Hit]] = {}
    for hit in beginning(connection, addresses, starts, 400) if starts else []:
        start = next((one for one in starts if hit.key.startswith(one)), None)
        if start is not None and hit.level == 6:
            found.setdefault(start, []).append(hit)
    return found


_QUESTIONS: Mapping[str, str] = {
    "named": "SELECT {entry} FROM {table} WHERE key = ANY(%(keys)s::text[])",
    "both": "SELECT {entry} FROM {table} WHERE key = ANY(%(keys)s::text[]) UNION ALL "
    "SELECT {entry} FROM {table} WHERE key = ANY(%(numbers)s::text[])",
    "towns": "SELECT {entry} FROM {table} WHERE level <= 4",
    "beginning": "SELECT {entry} FROM unnest(%(starts)s::text[], %(ends)s::text[]) AS a (low, high) CROSS JOIN LATERAL "
    '(SELECT * FROM {table} WHERE key >= low COLLATE "C" AND key < high COLLATE "C" ORDER BY key LIMIT %(most)s) AS t',
    "containing": "SELECT {entry} FROM {table} WHERE (key || '') LIKE %(like)s LIMIT %(most)s",
    "alike": "SELECT {entry} FROM {table} WHERE (key || '') %% %(key)s ORDER BY similarity(key, %(key)s) DESC, key LIMIT %(most)s",
    "all": "SELECT {entry} FROM {table} WHERE form = 0 ORDER BY power((lon - %(lon)s) * cosd(%(lat)s), 2) "
    "+ power(lat - %(lat)s, 2), feature LIMIT %(most)s",
}


@lru_cache(maxsize=512)
def _statement(layers: tuple[Layer, ...], question: str) -> str:
    parts = [
        sql.SQL("(SELECT {number} AS layer, * FROM ({question}) AS q)").format(
            number=sql.Literal(number),
            question=_asked_of(layer, question),
        )
        for number, layer in enumerate(layers)
    ]
    return sql.SQL(" UNION ALL ").join(parts).as_string(None)


def _asked_of(layer: Layer, question: str) -> sql.Composed:
    """A question to one table. Only addresses and lots have keys with numbers after a space, and those without (無番地)."""
    kind = layer.search.kind if layer.search else ""
    form = "both" if question == "named" and kind in ("address", "parcel") else question
    return sql.SQL(_QUESTIONS[form]).format(entry=sql.SQL(_ENTRY), table=identifier(layer))


def _hits(
    connection: Connection, statement: str, values: dict[str, Any], layers: Sequence[Layer]
) -> list[Hit]:
    rows = connection.exec_driver_sql(statement, values).all()
    return [
        Hit(layers[number], feature, key, label, detail, form, level, lon, lat, (west, south, east, north))
        for number, feature, key, label, detail, form, level, lon, lat, west, south, east, north in rows
    ]


def best_of(hits: Iterable[Hit]) -> list[Hit]:
    """One entry a feature: its name before a reading of it, and those before its town without the 丁目."""
    order = {FULL: 0, GROUP: 2}
    found: dict[tuple[str, int], Hit] = {}
    for hit in sorted(hits, key=lambda one: order.get(one.form, 1)):
        found.setdefault((hit.layer.id, hit.feature), hit)
    return list(found.values())
