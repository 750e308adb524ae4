"""Every route with every kind of nasty value: a sentence, nothing of the inside, nothing of another place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gisapp import create_app
from gisapp import installation as installations
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.conftest import visitor

VALUES = {
    "up": "..%2f..%2f..%2fetc%2fpasswd",
    "up in dots": "%2e%2e%2f%2e%2e%2fsecrets",
    "NUL": "base.town%00.png",
    "quotes": "base.town'%20OR%20'1'='1",
    "format": "%25s%25(x)s{0}",
    "template": "%7B%7B7*7%7D%7D",
    "other host": "http:%2f%2f169.254.169.254%2f",
    "right to left": "%E2%80%AEtown",
    "long": "a" * 3000,
    "lone byte": "%ff%fe",
}
PARAMETERS = "f lang q lon lat layer layers bbox crs filter filter-lang limit after datetime format next zoom feature shape by"
INSIDE = re.compile(
    r"Traceback|psycopg|sqlalchemy|SELECT |postgresql|/home/|site-packages|\.py\b|gisapp_sample_|root:x:0",
    re.I,
)


def get_rules(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or set()) and rule.endpoint != "static":
            yield str(rule)


def check(client: FlaskClient, home: str, address: str) -> None:
    answer = client.get(address)
    said = answer.get_data(as_text=True) if answer.mimetype != "application/vnd.mapbox-vector-tile" else ""
    assert answer.status_code < 500, f"{address[:120]}: {said[:300]}"
    if answer.status_code >= 400:
        assert len(said) > 10 and not INSIDE.search(said), f"{address[:120]}: {said[:300]}"
        assert home not in said and str(ROOT) not in said
    if answer.status_code in (301, 302, 303, 307, 308):
        assert not re.match(r"(?:https?:)?//(?!localhost)", answer.headers["Location"]), answer.headers[
            "Location"
        ]


@pytest.mark.parametrize("kind", VALUES)
def test_a_nasty_part_of_an_address(
    app: Flask, client: FlaskClient, installation: Installation, kind: str
) -> None:
    for rule in get_rules(app):
        if "<string:" in rule:
            path = re.sub(r"<string:[^>]+>", VALUES[kind].replace("\\", r"\\"), rule)
            path = re.sub(r"<int:[^>]+>", "1", path)
            check(
                client,
                str(installation.settings.home),
                re.sub(r"<uuid:[^>]+>", "0" * 8 + "-0000-0000-0000-" + "0" * 12, path),
            )


@pytest.mark.parametrize("kind", ["NUL", "quotes", "format", "lone byte"])
def test_a_nasty_value_of_a_parameter(
    app: Flask, client: FlaskClient, installation: Installation, kind: str
) -> None:
    paths = [rule for rule in get_rules(app) if "<" not in rule]
    paths += ["/ogc/collections/base.town/items", "/tiles/base.town.json", "/maps/roads"]
    for path in paths:
        for name in PARAMETERS.split():
            check(client, str(installation.settings.home), f"{path}?{name}={VALUES[kind]}")


def test_headers_about_the_host_count_only_where_a_proxy_is_named(client: FlaskClient) -> None:
    forwarded = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
    }
    for path in ("/ogc/", "/ogc/collections/base.town", "/tiles/base.town.json", "/sign-in", "/ogc/api"):
        assert b"evil.example" not in client.get(path, headers=forwarded).get_data(), path


def test_other_hosts_are_not_answered_where_the_own_are_named(installation: Installation) -> None:
    settings = replace(installation.settings, trusted_hosts="map.example.lg.jp")
    client = visitor(create_app(installations.open_for_web(settings)))
    assert client.get("/ogc/", headers={"Host": "map.example.lg.jp"}).status_code == 200
    for path in ("/ogc/", "/tiles/base.town.json", "/"):
        answer = client.get(path, headers={"Host": "evil.example"})
        assert answer.status_code == 400 and b"evil" not in answer.get_data(), path
