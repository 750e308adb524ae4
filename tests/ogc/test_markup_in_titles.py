"""Words of layer folders are text wherever they are shown, whatever they look like."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from gisapp import create_app
from gisapp import installation as installations
from gisapp.catalogue.layer import Text
from gisapp.installation import Installation
from tests.conftest import visitor

NASTY = "</script><script>alert(1)</script>{{7*7}}&\"'<b>"


@pytest.fixture(scope="module")
def client(installation: Installation) -> FlaskClient:
    """A visitor of a city one of whose layers has markup for a title."""
    web = installations.open_for_web(installation.settings)
    layer = web.catalogue.layer("base.building")
    odd = replace(layer, title=Text(NASTY, NASTY))
    catalogue = replace(web.catalogue, layers={**web.catalogue.layers, layer.id: odd})
    return visitor(create_app(replace(web, catalogue=catalogue)))


@pytest.mark.parametrize(
    "address",
    [
        "/wms?REQUEST=GetCapabilities&VERSION=1.1.1",
        "/wms?REQUEST=GetCapabilities&VERSION=1.3.0",
        "/wmts?REQUEST=GetCapabilities",
    ],
)
def test_capabilities_hold_it_as_text(client: FlaskClient, address: str) -> None:
    said = client.get(address).get_data(as_text=True)
    assert "<!ENTITY" not in said and "<script>" not in said
    assert NASTY in [one.text for one in ET.fromstring(said).iter()]


@pytest.mark.parametrize(
    "address",
    [
        "/maps/roads",
        "/maps/roads?lang=en",
        "/ogc/collections?f=html",
        "/ogc/collections/base.building?f=html",
    ],
)
def test_pages_hold_it_as_text(client: FlaskClient, address: str) -> None:
    answer = client.get(address, headers={"Accept": "text/html"})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "alert(1)" in said
    assert "<script>alert" not in said and "<b>" not in said and "{{7*7}}" in said
