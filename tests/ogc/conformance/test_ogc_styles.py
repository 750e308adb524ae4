"""OGC API - Styles: abstract test /conf/core/1 of the draft (OGC 20-009) without the metadata that later drafts left out,
MapLibre's own validator, and the catalogue entries that styles lead to."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from flask.testing import FlaskClient

from gisapp.installation import Installation

CLASSES = (
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf/mapbox-styles",
)
MAPBOX = "application/vnd.mapbox.style+json"
NPM = Path(__file__).parents[2] / "npm"


def test_conf_core_1(client: FlaskClient) -> None:
    assert set(CLASSES) <= set(client.get("/ogc/conformance").get_json()["conformsTo"])
    rel = "http://www.opengis.net/def/rel/ogc/1.0/styles"
    (href,) = [one["href"] for one in client.get("/ogc/").get_json()["links"] if one["rel"] == rel]
    said = client.get(href.removeprefix("http://localhost"), headers={"Accept": "application/json"})
    styles = said.get_json()["styles"]
    assert said.status_code == 200 and len({one["id"] for one in styles}) == len(styles) > 15
    for one in styles:
        links = {link["rel"]: link for link in one["links"]}
        assert links["stylesheet"]["href"] == f"http://localhost/ogc/styles/{one['id']}"
        found = client.get(f"/ogc/styles/{one['id']}", headers={"Accept": links["stylesheet"]["type"]})
        assert found.status_code == 200 and found.mimetype == MAPBOX == links["stylesheet"]["type"]
        about = client.get(links["describedby"]["href"].removeprefix("http://localhost"))
        assert about.status_code == 200 and about.mimetype == links["describedby"]["type"]


def test_maplibre_finds_nothing_wrong_with_any_style(client: FlaskClient) -> None:
    if not shutil.which("node") or not (NPM / "node_modules").is_dir():
        pytest.skip("npm's parts are not installed")
    ids = [one["id"] for one in client.get("/ogc/styles").get_json()["styles"]]
    styles = [client.get(f"/ogc/styles/{id}").get_json() for id in ids]
    lines = "\n".join(json.dumps(style) for style in [*styles, {"version": 8, "sources": {}, "layers": [{}]}])
    done = subprocess.run(
        ["node", "style.mjs"], input=lines, capture_output=True, text=True, cwd=NPM, timeout=60
    )
    assert done.returncode == 0, done.stderr[-1000:]
    *found, broken = [json.loads(line) for line in done.stdout.splitlines()]
    assert broken, "the validator finds what is wrong"
    wrong = {
        id: said
        for id, messages in zip(ids, found, strict=True)
        if (said := [one for one in messages if "glyphs" not in one])
    }
    assert not wrong


def test_a_style_reads_the_tiles_of_this_server_and_names_their_layers(client: FlaskClient) -> None:
    style = client.get("/ogc/styles/base.building").get_json()
    (source,) = style["sources"].values()
    assert source["tiles"] == ["http://localhost/tiles/base.building/{z}/{x}/{y}.mvt"]
    assert {one["source-layer"].partition(":")[0] for one in style["layers"]} == {"base.building"}


def test_a_record_says_whose_data_they_are_and_leads_to_every_service(
    client: FlaskClient, installation: Installation
) -> None:
    listed = client.get("/ogc/records").get_json()
    public = [one for one in installation.catalogue.layers.values() if not one.views()[0].needs]
    assert [one["id"] for one in listed["features"]] == [one.id for one in public]
    for layer in public:
        said = client.get(f"/ogc/records/{layer.id}").get_json()
        jsonschema.validate(said, RECORD)
        values = said["properties"]
        assert values["rights"] == layer.source.name.ja and values["title"] == layer.title.ja
        assert values.get("license", "") == layer.source.licence
        office = installation.catalogue.department(layer.department).office
        assert office is None or values["contacts"][0]["name"] == office.ja
        if layer.source.date:
            assert said["time"] == {"date": layer.source.date.isoformat()}
        rels = {link["rel"].rpartition("/")[2] for link in said["links"]}
        assert {"items", "stylesheet", "service", "tilesets-vector", "tilesets-map", "about"} <= rels


def test_styles_and_records_of_hidden_layers_are_missing(
    client: FlaskClient, signed_in: Callable[[str], FlaskClient]
) -> None:
    tax = signed_in("tax")
    for base in ("styles", "records"):
        hidden, missing = (client.get(f"/ogc/{base}/tax.{name}") for name in ("parcel", "nothin"))
        assert hidden.status_code == missing.status_code == 404
        assert hidden.get_data().replace(b"parcel", b"-") == missing.get_data().replace(b"nothin", b"-")
        assert "tax.parcel" not in client.get(f"/ogc/{base}").get_data(as_text=True)
        assert "tax.parcel" in tax.get(f"/ogc/{base}").get_data(as_text=True)


RECORD = {
    "type": "object",
    "required": ["id", "type", "time", "geometry", "properties", "links"],
    "properties": {
        "type": {"const": "Feature"},
        "properties": {
            "type": "object",
            "required": ["type", "title", "contacts", "language", "formats"],
            "properties": {"title": {"type": "string"}, "contacts": {"type": "array", "minItems": 1}},
        },
    },
}
