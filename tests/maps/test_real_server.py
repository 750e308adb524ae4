"""The pages over the real server, database and accounts: who signs in sees what a visitor cannot."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import folium
import pytest
from playwright.sync_api import Page
from shapely.geometry import shape
from visits import Visit, wait_until, wait_until_drawn

from gisapp.maps import city_map
from gisapp.maps.elements import MapLibreLayer

pytestmark = pytest.mark.browser
Open = Callable[..., Visit]


def sign_in(page: Page, server: str, login: str, password: str) -> None:
    page.goto(f"{server}/sign-in?next=/maps/tax")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("button")
    page.wait_for_url("**/maps/tax")
    wait_until_drawn(page)


def ask_at_the_centre(page: Page) -> str:
    """Click the middle of the map and give what the panel says."""
    frame = page.locator(".leaflet-container").bounding_box()
    assert frame is not None
    with page.expect_response(lambda answer: "/api/identify" in answer.url) as asked:
        page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    assert asked.value.status == 200
    page.wait_for_timeout(200)
    return page.inner_text("#result")


@pytest.mark.parametrize("path", ["/", "/maps/hazard", "/maps/roads", "/maps/roads?lang=en"])
def test_a_page_asks_its_own_server_only_and_complains_of_nothing(
    visit: Open, server: str, path: str
) -> None:
    found = visit(server + path, drawn=path.startswith("/maps"))
    assert found.others(server) == []
    assert found.complaints == []


def test_the_hazard_map_opens_on_the_city_and_answers(visit: Open, server: str) -> None:
    page = visit(server + "/maps/hazard", width=390, height=844, is_mobile=True, has_touch=True).page
    ask_at_the_centre(page)
    assert page.locator("#result h2").inner_text().endswith(" 付近")
    assert page.locator(".answer dd").count() == 1


def test_a_department_sees_what_a_visitor_cannot(visit: Open, server: str, staff: dict[str, str]) -> None:
    found = visit(server + "/sign-in", drawn=False)
    sign_in(found.page, server, "tax", staff["tax"])
    found.complaints.clear()  # those of the form, which is not a map page
    parcels = found.page.request.get(f"{server}/ogc/collections/tax.parcel/items?limit=1").json()
    spot = shape(parcels["features"][0]["geometry"]).representative_point()
    address = f"{server}/maps/tax#19/{spot.y:.6f}/{spot.x:.6f}"
    found.page.goto("about:blank")
    found.page.goto(address)
    wait_until_drawn(found.page)
    said = ask_at_the_centre(found.page)
    assert "地番図" in said and "所有者" in said and "個人情報を表示" in said
    found.page.click("text=ログアウト")
    found.page.wait_for_url(f"{server}/")
    assert "ログインしていません" in found.page.inner_text("main")

    visitor = visit(address)
    assert "地番図" not in visitor.page.content() and "tax.parcel" not in visitor.page.content()
    assert "所有者" not in ask_at_the_centre(visitor.page)
    assert found.complaints == visitor.complaints == []


@pytest.fixture
def notebook_server(tmp_path: Path) -> Iterator[str]:
    """Address of a server that holds the notebooks in `tmp_path`, and is not gisapp's."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_notebook_draws_the_public_map_from_a_server_elsewhere(
    visit: Open, server: str, notebook_server: str, tmp_path: Path
) -> None:
    drawn = city_map("sample", ["disaster.flood_depth"], server=server)
    folium.Marker((35.2, 141.3), popup="本町").add_to(drawn)
    page = f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{drawn._repr_html_()}"
    (tmp_path / "notebook.html").write_text(page, "utf-8")
    found = visit(f"{notebook_server}/notebook.html", drawn=False)
    layer = next(child for child in drawn._children.values() if isinstance(child, MapLibreLayer))
    asked = """(name) => {
      const gl = window[name]?.getMaplibreMap?.();
      if (!gl || !gl.loaded() || !gl.areTilesLoaded()) return 0;
      return gl.queryRenderedFeatures({layers: ["disaster.flood_depth/depth"]}).length;
    }"""
    frame = found.page.frames[1]
    wait_until(found.page, lambda: frame.evaluate(asked, layer.get_name()) > 0)
    frame.click(".leaflet-marker-icon")
    assert "本町" in frame.inner_text(".leaflet-popup-content")
    assert all(url.startswith((notebook_server, "about:")) for url in found.others(server))
    assert found.complaints == []
