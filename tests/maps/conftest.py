"""A small server for the map pages with a made-up city behind it (tiny_city), and a browser for them.

The pages, their layers, their files and their headers are the real ones; only tiles and identify come from
tiny_city, so that these tests need no database.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import tiny_city
from flask import Flask, Response, jsonify, request
from playwright.sync_api import Browser
from visits import Visit, open_page, wait_until_drawn
from werkzeug.serving import make_server

from gisapp import security_headers
from gisapp.catalogue.load import Catalogue, load_catalogue
from gisapp.maps import build, pages
from gisapp.settings import ROOT, City, load_city


@pytest.fixture(scope="session")
def aobano() -> City:
    """The made-up city, cut down to where tiny_city lies."""
    lon, lat = tiny_city.CENTRE
    return replace(load_city("sample"), bounds=(lon - 0.0085, lat - 0.007, lon + 0.0085, lat + 0.007))


@pytest.fixture(scope="session")
def catalogue(aobano: City) -> Catalogue:
    """The layer folders."""
    return load_catalogue(aobano)


@pytest.fixture(scope="session")
def page_server(aobano: City, catalogue: Catalogue) -> Iterator[str]:
    """Address of the pages over tiny_city."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = _application(aobano, catalogue)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _application(city: City, catalogue: Catalogue) -> Flask:
    app = Flask("pages", static_folder=str(ROOT / "static"), static_url_path="/static")
    security_headers.init_app(app)

    def lang() -> str:
        return "en" if request.args.get("lang") == "en" else "ja"

    @app.get("/")
    def index() -> str:
        reader = build.Reader(None, "", lang())
        return pages.front_html(build.front(city, catalogue, catalogue.layers.values(), reader), lang())

    @app.get("/maps/hazard")
    def hazard() -> str:
        viewer = build.hazard_viewer(city, catalogue, lang())
        return pages.viewer_html(viewer, security_headers.nonce(), lang())

    @app.get("/maps/<string:department>")
    def staff(department: str) -> str:
        reader = build.Reader("青葉 太郎", "token", lang())
        viewer = build.staff_viewer(city, catalogue, catalogue.layers.values(), department, reader)
        return pages.viewer_html(viewer, security_headers.nonce(), lang())

    @app.get("/tiles/<string:layers>/<int:z>/<int:x>/<int:y>.mvt")
    def tile(layers: str, z: int, x: int, y: int) -> Response:
        return Response(
            tiny_city.tile(tuple(layers.split(",")), z, x, y), mimetype="application/vnd.mapbox-vector-tile"
        )

    @app.post("/api/reveal")
    def reveal() -> Any:
        return tiny_city.reveal(int(request.form["id"]), request.form["field"])

    @app.get("/api/identify")
    def identify() -> Any:
        if "fail" in app.config:
            return jsonify(title="データベースに接続できません。", detail="少し待ってください。"), 503
        lon, lat = float(request.args["lon"]), float(request.args["lat"])
        found = tiny_city.identify(lon, lat, request.args["layers"].split(","))
        return jsonify(lon=lon, lat=lat, features=found)

    @app.post("/fail/<string:state>")
    def fail(state: str) -> str:
        app.config.pop("fail", None) if state == "off" else app.config.update(fail=True)
        return state

    return app


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Opens an address in a fresh context and waits until the map has drawn; closes all at the end."""
    visits: list[Visit] = []

    def go(url: str, width: int = 1180, height: int = 720, drawn: bool = True, **options: Any) -> Visit:
        visits.append(open_page(browser, url, width, height, **options))
        if drawn:
            wait_until_drawn(visits[-1].page)
        return visits[-1]

    yield go
    for one in visits:
        one.page.context.close()
