"""Every answer says what it may be used for; a page runs no script but ours."""

from __future__ import annotations

import re

import pytest
from flask import Flask, Response, render_template_string

from gisapp import security_headers


def application(secure: bool = False) -> Flask:
    app = Flask("headers")
    app.config["SESSION_COOKIE_SECURE"] = secure
    security_headers.init_app(app)
    app.add_url_rule(
        "/page",
        view_func=lambda: render_template_string("<script nonce='{{ nonce() }}'></script>"),
        endpoint="page",
    )
    app.add_url_rule("/plain", view_func=lambda: "<p>no script</p>", endpoint="plain")
    app.add_url_rule("/json", view_func=lambda: {"a": 1}, endpoint="json")
    app.add_url_rule(
        "/own", view_func=lambda: Response("x", headers={"Cache-Control": "no-store"}), endpoint="own"
    )
    return app


def test_a_page_runs_only_scripts_with_its_own_nonce() -> None:
    client = application().test_client()
    answers = [client.get("/page") for _ in range(2)]
    nonces = [re.findall("nonce='([^']+)'", answer.get_data(as_text=True))[0] for answer in answers]
    assert nonces[0] != nonces[1] and len(nonces[0]) >= 22
    policy = answers[0].headers["Content-Security-Policy"]
    assert f"script-src 'self' 'nonce-{nonces[0]}';" in policy
    assert "unsafe-eval" not in policy and "*" not in policy and "http" not in policy


def test_a_page_without_inline_scripts_allows_none() -> None:
    assert (
        "script-src 'self';" in application().test_client().get("/plain").headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
        ("Referrer-Policy", "same-origin"),
    ],
)
def test_a_page_has_the_usual_headers(name: str, value: str) -> None:
    assert application().test_client().get("/page").headers[name] == value


def test_data_is_not_taken_for_a_page() -> None:
    headers = application().test_client().get("/json").headers
    assert headers["X-Content-Type-Options"] == "nosniff" and "Content-Security-Policy" not in headers


def test_transport_security_is_asked_for_only_over_tls() -> None:
    assert "Strict-Transport-Security" not in application().test_client().get("/page").headers
    assert "Strict-Transport-Security" in application(secure=True).test_client().get("/page").headers


@pytest.mark.parametrize(
    ("cache", "open_to"), [("public, max-age=0", "*"), ("private, no-cache", None), ("no-store", None)]
)
def test_pages_of_others_read_only_what_is_public(cache: str, open_to: str | None) -> None:
    app = application()
    app.add_url_rule(
        "/tile", view_func=lambda: Response(b"", headers={"Cache-Control": cache}), endpoint="tile"
    )
    assert app.test_client().get("/tile").headers.get("Access-Control-Allow-Origin") == open_to


def test_a_header_that_a_route_chose_stays() -> None:
    assert application().test_client().get("/own").headers["Cache-Control"] == "no-store"
