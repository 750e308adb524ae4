"""The pages: /, /maps/hazard, /maps/<department> and /uploads. Only who asks decides what they show."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, request
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from gisapp import answers, errors
from gisapp.access.guard import (
    asker,
    audience_role,
    changeable_layers,
    in_person,
    installation,
    open_to_all,
    visible_layers,
)
from gisapp.catalogue.layer import view_for
from gisapp.maps import build, pages, upload_page
from gisapp.maps.queries import Bounds, extent
from gisapp.security_headers import nonce

maps = Blueprint("maps", __name__)


@maps.get("/")
@open_to_all
def index() -> Response:
    """Which maps there are."""
    here, reader = installation(), _reader()
    front = build.front(here.city, here.catalogue, _layers(), reader)
    return _page(pages.front_html(front, reader.lang))


@maps.get("/maps/hazard")
@open_to_all
def hazard() -> Response:
    """The public hazard map; the same for everybody."""
    here, bounds, lang = installation(), _bounds(), _language()
    city = replace(here.city, bounds=bounds or here.city.bounds)
    viewer = build.hazard_viewer(city, here.catalogue, lang, boundary_known=bounds is not None)
    return _page(pages.viewer_html(viewer, nonce(), lang))


@maps.get("/maps/<string:department>")
@open_to_all
def staff(department: str) -> Response:
    """A department's map. A visitor sees its public layers. Raises errors.DepartmentNotFound."""
    here, reader = installation(), _reader()
    city = replace(here.city, bounds=_bounds() or here.city.bounds)
    viewer = build.staff_viewer(city, here.catalogue, _layers(), department, reader)
    return _page(pages.viewer_html(viewer, nonce(), reader.lang))


@maps.get(upload_page.ADDRESS)
@in_person
def uploads() -> Response:
    """Files in: sent, checked, compared and published. Raises errors.PageNotFound for those who may change no layer."""
    here, changeable = installation(), changeable_layers()
    if not changeable:
        raise errors.PageNotFound()
    city = replace(here.city, bounds=_bounds() or here.city.bounds)
    desk = upload_page.desk_of(city, here.catalogue, changeable, _layers(), _reader())
    return _page(upload_page.uploads_html(desk, nonce()))


def _page(html: str) -> Response:
    return answers.send(html.encode(), "text/html")


def _bounds() -> Bounds | None:
    """The bounds of the city's boundary in the database; None while it is not known."""
    boundary = installation().catalogue.layers.get(build.BOUNDARY_LAYER)
    view = view_for(boundary, frozenset()) if boundary else None
    if boundary is None or view is None:
        return None
    return extent(installation().database, audience_role(), boundary, view)


def _layers() -> list[build.Layer]:
    return [layer for layer, _ in visible_layers()]


def _reader() -> build.Reader:
    person = asker().person
    # A visitor has nothing to sign out of, and so gets no session cookie.
    token = generate_csrf() if person else ""
    return build.Reader(person.name if person else None, token, _language(), bool(changeable_layers()))


def _language() -> str:
    return "en" if request.args.get("lang") == "en" else "ja"
