"""Markup and addresses in what people write (titles, codes, values, names) are words to a real browser, and the server fetches none."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from gisapp import create_app
from gisapp import installation as installations
from gisapp.audit.record import Entry, Who, record_now
from gisapp.catalogue.layer import Text
from gisapp.cli.people import add_person
from gisapp.features.exports.formats import FORMATS
from gisapp.installation import Installation
from gisapp.search.follow import follow
from tests.conftest import PASSWORD, visitor
from tests.maps.visits import Visit, open_page, wait_until

BAD = '<img src=x onerror="window.__ran=1"><script>window.__ran=2</script>'
BUILDING, TOILET = "base.building", "facilities.public_toilet"


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    """Where whoever fetches a planted address comes by."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        found.settimeout(0)
        yield found


@pytest.fixture(scope="module")
def odd(installation: Installation, listener: socket.socket) -> Iterator[Installation]:
    """A city with such words in a layer's titles, source and codes, in a feature, a person and the audit."""
    web = installations.open_for_web(installation.settings)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    layers = dict(web.catalogue.layers)
    for name in (BUILDING, TOILET):
        layer = layers[name]
        codes = {
            key: replace(one, values={code: Text(BAD, BAD) for code in one.values}, source=address)
            for key, one in layer.codes.items()
        }
        source = replace(
            layer.source, name=Text(BAD, address), licence=address, standard="javascript:alert(1)"
        )
        fields = tuple(replace(field, title=Text(BAD + field.name, BAD)) for field in layer.fields)
        layers[name] = replace(
            layer, title=Text(BAD, BAD), description=Text(address, address), codes=codes, source=source, fields=fields
        )  # fmt: skip
    add_person(installation, "markup", BAD, PASSWORD, {})
    record_now(installation.database, Entry("sign_in_failed", Who(BAD), details={"browser": BAD}))
    with installation.database.transaction("owner") as connection:
        toilet = "(SELECT min(id) FROM facilities.public_toilet)"
        before = connection.execute(
            sa.text(f"SELECT id, name FROM facilities.public_toilet WHERE id = {toilet}")
        ).one()
        change = sa.text("UPDATE facilities.public_toilet SET name = :name WHERE id = :id")
        connection.execute(change, {"name": BAD, "id": before.id})
    follow(installation)
    yield replace(web, catalogue=replace(web.catalogue, layers=layers))
    with installation.database.transaction("owner") as connection:
        connection.execute(change, {"name": before.name, "id": before.id})
        connection.execute(sa.text("DELETE FROM gisapp.person WHERE login = 'markup'"))
    follow(installation)
    web.database.close()


@pytest.fixture(scope="module")
def odd_server(odd: Installation) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, create_app(odd), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def look(browser: Browser, odd_server: str, staff: dict[str, str]) -> Iterator[Callable[..., Visit]]:
    opened: list[Visit] = []

    def visit(path: str, login: str = "") -> Visit:
        found = open_page(
            browser, f"{odd_server}/sign-in?next=/account" if login else odd_server + path, 1200, 900
        )
        opened.append(found)
        if login:
            found.page.fill("[name=login]", login)
            found.page.fill("[name=password]", staff[login])
            found.page.press("[name=password]", "Enter")
            found.page.wait_for_url("**/account")
            found.page.goto(odd_server + path)
        return found

    yield visit
    for one in opened:
        one.page.context.close()


def nothing_ran(found: Visit) -> bool:
    page = found.page
    assert page.evaluate("window.__ran") is None
    assert page.locator("img[src=x]").count() == 0
    links = page.eval_on_selector_all(
        "[href], [src]", "all => all.map(one => one.getAttribute('href') || one.src)"
    )
    assert not [link for link in links if str(link).startswith(("javascript:", "data:text", "file:"))], links
    assert found.complaints == []
    return True


@pytest.mark.parametrize(
    ("path", "login"),
    [
        ("/people?q=markup", "administrator"),
        ("/audit", "auditor"),
        (f"/ogc/collections/{BUILDING}/items?f=html&limit=3", ""),
        (f"/ogc/collections/{TOILET}/items?f=html&limit=3", ""),
        ("/maps/facilities", ""),
    ],
)
def test_a_page_shows_it_as_text(look: Callable[..., Visit], path: str, login: str) -> None:
    found = look(path, login)
    wait_until(found.page, lambda: BAD in (found.page.text_content("body") or ""))
    assert nothing_ran(found)


def test_suggestions_show_it_as_text(look: Callable[..., Visit]) -> None:
    found = look("/maps/facilities")
    box = found.page.locator("input[type=search], [role=combobox]").first
    box.click()
    box.press_sequentially("<img src=x")
    wait_until(found.page, lambda: found.page.locator("[role=option]").count() > 0)
    assert "<img src=x onerror" in (found.page.locator("[role=option]").first.text_content() or "")
    assert nothing_ran(found)


def test_planted_addresses_are_neither_links_nor_fetched(odd: Installation, listener: socket.socket) -> None:
    client = visitor(create_app(odd))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    seen = 0
    for path in (
        f"/ogc/collections/{BUILDING}", f"/ogc/collections/{BUILDING}?f=html", f"/ogc/collections/{BUILDING}/queryables",
        f"/tiles/{BUILDING}.json", f"/tiles/{BUILDING}/pictures.json", f"/tiles/{BUILDING}/16/58494/25796.png",
        f"/wms?SERVICE=WMS&REQUEST=GetLegendGraphic&LAYER={BUILDING}&FORMAT=image/png", "/wms?REQUEST=GetCapabilities",
        "/wmts?REQUEST=GetCapabilities", "/maps/facilities", "/ogc/collections/metadata/items",
        f"/ogc/styles/{BUILDING}", "/ogc/api", f"/ogc/collections/{BUILDING}/items?limit=1",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code < 500, path
        said: Any = answer.get_data(as_text=True) if "image" not in str(answer.mimetype) else ""
        seen += address in said
        for link in (
            f'href="{address}',
            f'"href": "{address}',
            f'"href":"{address}',
            f'src="{address}',
            'href="javascript:',
        ):
            assert link not in said, path
    assert seen > 1, "it is shown, as text"
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("format", ["csv", "geojson", "kml"])
def test_a_file_with_markup_is_saved_and_never_taken_for_a_page(odd: Installation, format: str) -> None:
    answer = visitor(create_app(odd)).get(f"/api/export?layer={TOILET}&format={format}")
    assert b"onerror" in answer.get_data()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.mimetype == FORMATS[format].mimetype != "text/html"
