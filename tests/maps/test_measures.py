"""Coordinates, scale and measures on the staff page agree with PROJ, which is not ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pyproj import Transformer
from shapely.geometry import LineString, Polygon
from visits import open_page

from gisapp.maps import build

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(browser: Browser, page_server: str) -> Iterator[Page]:
    page = open_page(browser, page_server + "/maps/roads", 1440, 900).page
    yield page
    page.context.close()


@pytest.mark.parametrize(
    ("srid", "lon", "lat"),
    [
        (6677, 139.3847, 35.7535),
        (6676, 138.2950, 34.8450),
        (6669, 129.8737, 32.7503),
        (6681, 144.3814, 42.9849),
        (6684, 124.1556, 24.3448),
    ],
)
def test_plane_coordinates_agree_with_proj_to_a_tenth_of_a_millimetre(
    desk: Page, srid: int, lon: float, lat: float
) -> None:
    script = """async ([lat, lon, origin]) => {
      const { toPlane } = await import("/static/js/plane.js");
      const { x, y } = toPlane(lat, lon, origin);
      return [x, y];
    }"""
    ours = desk.evaluate(script, [lat, lon, list(build.plane_origin(srid))])
    east, north = Transformer.from_crs(6668, srid, always_xy=True).transform(lon, lat)
    assert ours == pytest.approx([north, east], abs=1e-4)


def test_the_status_bar_gives_x_to_the_north(desk: Page) -> None:
    desk.mouse.move(700, 450)
    text = desk.inner_text("#plane")
    assert text.startswith("X −87,") and "Y 133," in text
    assert "平面直角 第IX系" in desk.inner_text(".status")


def test_a_chosen_scale_is_exact(desk: Page) -> None:
    desk.select_option("#scale", "2500")
    script = """() => {
      const map = window[JSON.parse(document.getElementById("config").textContent).map];
      const width = map.getSize().x;
      const place = (x) => map.containerPointToLatLng([x, 300]);
      return map.distance(place(0), place(width)) / width;
    }"""
    metres_per_pixel = desk.evaluate(script)
    assert metres_per_pixel / (0.0254 / 96) == pytest.approx(2500, rel=0.003)  # Leaflet measures on a sphere
    assert desk.evaluate("document.getElementById('scale').value") == "2500"


def test_a_measured_square_has_its_length_and_area(desk: Page) -> None:
    desk.select_option("#scale", "2500")
    desk.click("#tool-measure")
    corners = [(500, 300), (800, 300), (800, 600), (500, 600)]
    points = []
    for x, y in corners:
        desk.mouse.click(x, y)
        desk.wait_for_timeout(350)  # two clicks in short order are a double click, which zooms
        points.append(desk.evaluate(PLACE_AT, [x, y]))
    to_plane = Transformer.from_crs(6668, 6677, always_xy=True)
    plane = [to_plane.transform(lon, lat) for lon, lat in points]
    said = desk.locator("#measure-result dd").all_inner_texts()
    length, area = (float(text.split(" m")[0].replace(",", "")) for text in said)
    assert length == pytest.approx(LineString(plane).length, abs=0.06)
    assert area == pytest.approx(Polygon(plane).area, abs=0.06)
    desk.keyboard.press("Backspace")
    assert len(desk.locator("#measure-result dd").all_inner_texts()) == 2
    desk.click("#measure-end")
    assert desk.locator("#measure").is_hidden()


PLACE_AT = """([x, y]) => {
  const map = window[JSON.parse(document.getElementById("config").textContent).map];
  const frame = map.getContainer().getBoundingClientRect();
  const place = map.containerPointToLatLng([x - frame.x, y - frame.y]);
  return [place.lng, place.lat];
}"""
