"""What the tests of the layer folders share: the catalogue of each city, and how a feature is drawn."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from gisapp.catalogue.expression import evaluate
from gisapp.catalogue.layer import Field, Layer
from gisapp.catalogue.load import Catalogue, load_catalogue
from gisapp.settings import load_city


@cache
def catalogue(city: str = "sample") -> Catalogue:
    """The shared layers and those of one city, read once."""
    return load_catalogue(load_city(city))


def layer(layer_id: str, city: str = "sample") -> Layer:
    """One layer of a city."""
    return catalogue(city).layer(layer_id)


def codes(layer_id: str, field: str) -> dict[int, str]:
    """The code list of a field: code to Japanese title."""
    found = layer(layer_id).code_list(field)
    assert found is not None, f"{layer_id}.{field} has no code list"
    return {int(code): title.ja for code, title in found.values.items()}


def claims(layer: Layer, columns: list[str]) -> dict[str, str]:
    """Which column of a file becomes which field; columns are compared without case and width."""
    taken = {_folded(name): field.name for field in layer.fields for name in (field.name, *field.alias)}
    return {column: taken[_folded(column)] for column in columns if _folded(column) in taken}


def official_name(field: Field) -> str:
    """The name that the published list gives the column: the title, which is an alias too."""
    assert field.title.ja in field.alias, (
        f"a file with the column {field.title.ja} would not fill {field.name}"
    )
    return field.title.ja


def drawn(layer: Layer, paint: str, properties: Mapping[str, Any], zoom: float = 14) -> list[Any]:
    """The values of one paint property in every style layer that draws a feature, from below to above."""
    return [
        evaluate(style["paint"][paint], zoom, properties)
        for style in layer.style
        if paint in style.get("paint", {})
        and style.get("minzoom", 0) <= zoom < style.get("maxzoom", 25)
        and evaluate(style.get("filter", True), zoom, properties)
    ]


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
