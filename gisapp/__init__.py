"""gisapp: the open-source integrated map of a Japanese city (統合型GIS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from flask import Flask

    from gisapp.installation import Installation


def create_app(installation: Installation | None = None) -> Flask:
    """The whole web application, named once, top to bottom.

    `installation`: what to serve; by default the one that the GISAPP_* settings name, without the owner's rights.
    """
    from flask import Flask

    from gisapp import error_pages, features, health, maps, ogc, search, security_headers, tiles, web
    from gisapp.access import account_pages, oidc, people_pages, sign_in
    from gisapp.audit import routes as audit
    from gisapp.features import signed_routes
    from gisapp.installation import open_for_web
    from gisapp.intake import difference_routes, pieces
    from gisapp.intake import routes as intake
    from gisapp.rasters import routes as rasters
    from gisapp.settings import ROOT, load_settings
    from gisapp.tiles import setup

    installation = installation or open_for_web(load_settings())
    app = Flask("gisapp", static_folder=str(ROOT / "static"), static_url_path="/static")
    app.extensions["gisapp"] = installation
    web.init_app(app, installation)
    error_pages.init_app(app)
    security_headers.init_app(app)
    sign_in.init_app(app)
    oidc.init_app(app, installation.settings)
    rasters.init_app(app, installation)
    for blueprint in (
        sign_in.sign_in,
        account_pages.account_pages,
        people_pages.people_pages,
        signed_routes.signed_addresses,
        health.health,
        maps.maps,
        tiles.tiles,
        rasters.rasters,
        features.features,
        search.search,
        intake.uploads,
        pieces.pieces,
        difference_routes.differences,
        *ogc.BLUEPRINTS,
        audit.audit,
    ):
        app.register_blueprint(blueprint)
    setup.init_app(app, installation)  # last: it stands before everything else
    return app
