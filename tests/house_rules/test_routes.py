"""House rules about addresses: each has a guard, typed parts, kebab-case."""

from __future__ import annotations

import re

from flask import Flask


def rules(app: Flask) -> list[tuple[str, str]]:
    return [(str(rule), rule.endpoint) for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_has_a_guard_or_says_open_to_all(app: Flask) -> None:
    bare = [rule for rule, endpoint in rules(app) if not hasattr(app.view_functions[endpoint], "guard")]
    assert not bare, f"put @open_to_all, @signed_in or @changes_layer under the route of: {bare}"


def test_every_url_part_has_a_type(app: Flask) -> None:
    untyped = [rule for rule, _ in rules(app) if re.search(r"<[^:<>]+>", rule)]
    assert not untyped, f"say <string:…>, <int:…> or <uuid:…> in: {untyped}"


def test_urls_are_kebab_case(app: Flask) -> None:
    standards = {"/ogc/tileMatrixSets", "/wmts/1.0.0/WMTSCapabilities.xml"}  # written so by them
    odd = [rule for rule, _ in rules(app) if not re.fullmatch(r"[a-z0-9/.,-]*", re.sub(r"<[^>]+>", "", rule))]
    assert {rule for rule in odd if rule.removesuffix("/<string:name>") not in standards} == set()


def test_every_route_that_changes_something_needs_more_than_open_to_all(app: Flask) -> None:
    allowed = {"sign_in.enter", "sign_in.leave", "account_pages.use_link"}  # of these, each proves its right
    loose = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if {"POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set())
        and rule.endpoint not in allowed
        and app.view_functions[rule.endpoint].guard == "open_to_all"  # type: ignore[attr-defined]
    ]
    assert not loose


def test_nothing_in_an_address_or_an_unsigned_header_chooses_rights(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/ogc/collections").get_data()
    headers = {
        "X-Remote-User": "tax",
        "X-Forwarded-User": "tax",
        "X-Role": "aud_tax",
        "Remote-User": "tax",
        "Cookie": "departments=tax",
    }
    assert client.get("/ogc/collections?f=json", headers=headers).status_code == 200
    assert client.get("/ogc/collections", headers=headers).get_data() == plain
    for query in ("department=tax", "role=aud_tax", "user=tax", "departments=tax", "view=parcel_for_tax"):
        answer = client.get(f"/tiles/tax.parcel/15/0/0.mvt?{query}")
        assert answer.status_code in (400, 404)
