"""The pages: /, /maps/hazard and /maps/<department>. Only who asks decides what they show."""

from __future__ import annotations

from flask import Blueprint, request
from flask_wtf.csrf import generate_csrf

from gisapp.access.guard import asker, installation, open_to_all, visible_layers
from gisapp.maps import build, pages
from gisapp.security_headers import nonce

maps = Blueprint("maps", __name__)


@maps.get("/")
@open_to_all
def index() -> str:
    """Which maps there are."""
    here, reader = installation(), _reader()
    front = build.front(here.city, here.catalogue, _layers(), reader)
    return pages.front_html(front, reader.lang)


@maps.get("/maps/hazard")
@open_to_all
def hazard() -> str:
    """The public hazard map; the same for everybody."""
    here, lang = installation(), _language()
    return pages.viewer_html(build.hazard_viewer(here.city, here.catalogue, lang), nonce(), lang)


@maps.get("/maps/<string:department>")
@open_to_all
def staff(department: str) -> str:
    """A department's map. A visitor sees its public layers. Raises errors.DepartmentNotFound."""
    here, reader = installation(), _reader()
    viewer = build.staff_viewer(here.city, here.catalogue, _layers(), department, reader)
    return pages.viewer_html(viewer, nonce(), reader.lang)


def _layers() -> list[build.Layer]:
    return [layer for layer, _ in visible_layers()]


def _reader() -> build.Reader:
    person = asker().person
    # A visitor has nothing to sign out of, and so gets no session cookie.
    token = generate_csrf() if person else ""
    return build.Reader(person.name if person else None, token, _language())


def _language() -> str:
    return "en" if request.args.get("lang") == "en" else "ja"
