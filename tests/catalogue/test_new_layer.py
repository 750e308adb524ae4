"""A drafted layer folder is valid as it stands, drawn, and open to staff only."""

from __future__ import annotations

import pytest

from gisapp import errors
from gisapp.catalogue.layer import GEOMETRIES, STAFF
from gisapp.catalogue.legend import legend
from gisapp.catalogue.new import draft_layer
from gisapp.catalogue.style import style_fields


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_draft_passes_the_check_and_has_a_legend(checkout, geometry: str):
    folder = draft_layer("parks", "playground", geometry, checkout.root)
    assert folder == checkout.root / "layers/parks/playground"
    assert checkout.problems() == {}
    layer = checkout.layer("parks.playground")
    assert (layer.geometry, layer.see) == (geometry, STAFF)
    assert len(legend(layer, "ja")) == 1 and style_fields(layer) == ("name",)


@pytest.mark.parametrize(
    ("department", "name", "geometry"),
    [
        ("harbour", "pier", "Point"),
        ("parks", "Play Ground", "Point"),
        ("parks", "../escape", "Point"),
        ("../layers/parks", "playground", "Point"),
        ("../../..", "tmp", "Point"),
        ("parks", 'quo"te', "Point"),
        ("parks", "playground", "Circle"),
        ("parks", "playground", 'Point"\nsee = "public'),
        ("roads", "street", "Point"),
    ],
)
def test_a_draft_that_could_not_be_valid_is_not_written(checkout, department: str, name: str, geometry: str):
    before = sorted(path for path in checkout.root.rglob("*"))
    with pytest.raises(errors.CatalogueInvalid):
        draft_layer(department, name, geometry, checkout.root)
    assert sorted(path for path in checkout.root.rglob("*")) == before
