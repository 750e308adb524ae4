"""Every layer of the catalogue gets rows that its layer.toml allows."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from gisapp.catalogue.layer import Layer
from gisapp.catalogue.load import load_catalogue
from gisapp.sample import LayerRows
from gisapp.settings import load_city

CITY = load_city("sample")
LAYERS = load_catalogue(CITY).layers


def present(column: np.ndarray) -> list[object]:
    """The values of a column that are there, as Python objects."""
    if column.dtype.kind == "M":
        return column[~np.isnat(column)].tolist()
    return [value for value in column.tolist() if value is not None and value == value]


def is_of_type(value: object, kind: str) -> bool:
    if kind == "text":
        return isinstance(value, str) and value != ""
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "datetime":
        return isinstance(value, datetime) and value.tzinfo is not None
    return type(value).__name__ == "date"


def test_every_layer_of_the_catalogue_has_rows_and_no_other_has(town: dict[str, LayerRows]) -> None:
    assert {layer for layer, rows in town.items() if len(rows)} == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_layer_has_exactly_its_fields(layer: Layer, town: dict[str, LayerRows]) -> None:
    rows = town[layer.id]
    assert sorted(rows.columns) == sorted(field.name for field in layer.fields)
    assert {name: len(column) for name, column in rows.columns.items() if len(column) != len(rows)} == {}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_values_have_the_type_of_their_field(layer: Layer, town: dict[str, LayerRows]) -> None:
    wrong = {
        field.name: value
        for field in layer.fields
        for value in present(town[layer.id].columns[field.name])[:500]
        if not is_of_type(value, field.type)
    }
    assert wrong == {}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_codes_are_in_their_lists(layer: Layer, town: dict[str, LayerRows]) -> None:
    unknown = {}
    for field in layer.fields:
        if codes := layer.code_list(field.name):
            used = {str(value) for value in present(town[layer.id].columns[field.name])}
            unknown[field.name] = used - set(codes.values)
    assert {name: codes for name, codes in unknown.items() if codes} == {}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_required_fields_are_filled_and_keys_are_unique(layer: Layer, town: dict[str, LayerRows]) -> None:
    rows = town[layer.id]
    needed = {field.name for field in layer.fields if field.required} | set(layer.key)
    assert {name for name in needed if len(present(rows.columns[name])) < len(rows)} == set()
    if layer.key:
        keys = list(zip(*(rows.columns[name].tolist() for name in layer.key), strict=True))
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_geometries_are_valid_of_the_right_type_and_in_the_city(
    layer: Layer, town: dict[str, LayerRows]
) -> None:
    geometry = town[layer.id].geometry
    assert {shape.geom_type for shape in geometry} == {layer.geometry}
    assert not shapely.is_empty(geometry).any()
    assert shapely.is_valid_reason(geometry[~shapely.is_valid(geometry)]).tolist() == []
    to_lonlat = Transformer.from_crs(CITY.srid, 6668, always_xy=True)
    west, south, east, north = shapely.total_bounds(geometry)
    assert shapely.box(*CITY.bounds).contains(
        shapely.box(*to_lonlat.transform_bounds(west, south, east, north))
    )
