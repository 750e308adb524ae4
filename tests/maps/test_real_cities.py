"""Real cities in the browser: their files loaded, drawn and clicked; each city's viewers stand on its own data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mapbox_vector_tile
import pytest
from playwright.sync_api import Page
from visits import Visit

from gisapp.geo.tiles import tile_at
from gisapp.installation import Installation
from gisapp.intake.load import Order, load_file
from gisapp.intake.options import Options
from tests.conftest import serving

pytestmark = pytest.mark.browser
Cities = Callable[[str], Installation]
Open = Callable[..., Visit]

# city → files to load (layer, file, options), page to open, point to click, words of the answer
VISITS = {
    "musashimurayama": (
        [
            ("base.boundary", "01_boundary/N03_13223.geojson", {}),
            ("disaster.shelter", "05_facility/gsi_emergency_132233.geojson", {}),
        ],
        "/maps/disaster",
        "disaster.shelter",
        "指定緊急避難場所",
    ),
    "yaizu": (
        [
            ("facilities.school_district", "06_planning/小学校区.shp", {"kind": "1"}),
            ("city_planning.zoning", "06_planning/第一種低層住居専用地域.shp", {"class": "1"}),
            ("disaster.flood_history", "04_hazard/浸水履歴_平成10年.shp", {}),
        ],
        "/maps/city_planning",
        "city_planning.zoning",
        "第一種低層住居専用地域",
    ),
    "nerima": (
        [("base.building", "10_bench/bench_nerima_13120_plateau2020.fgb", {})],
        "/maps/base",
        "base.building",
        "高さ",
    ),
}


def load(one: Installation, files: list[tuple[str, str, dict[str, str]]], data: Path) -> None:
    for layer_id, file, constants in files:
        with one.database.transaction("owner") as connection:
            if connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {layer_id})").scalar():
                continue
        order = Order(data / file, file, one.catalogue.layer(layer_id), Options(constants=constants), "test")
        assert load_file(one, order).loaded > 0


def place_on(one: Installation, layer: str) -> tuple[float, float]:
    sql = f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_PointOnSurface(geom), 4326) AS p FROM {layer} ORDER BY id LIMIT 1) f"
    with one.database.transaction("owner") as connection:
        lon, lat = connection.exec_driver_sql(sql).one()
    return float(lon), float(lat)


def click_the_centre(page: Page) -> str:
    frame = page.locator(".leaflet-container").bounding_box()
    assert frame is not None
    with page.expect_response(lambda answer: "/api/identify" in answer.url):
        page.mouse.click(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    page.wait_for_timeout(300)
    return page.inner_text("#result")


@pytest.mark.parametrize("city", VISITS)
def test_a_real_city_is_loaded_drawn_and_clicked(
    visit: Open, city_installation: Cities, shared_data: Path, city: str
) -> None:
    files, page, layer, word = VISITS[city]
    one = city_installation(city)
    load(one, files, shared_data)
    lon, lat = place_on(one, layer)
    with serving(one) as address:
        found = visit(f"{address}{page}#17/{lat:.6f}/{lon:.6f}")
        zoom = one.catalogue.layer(layer).max_zoom
        x, y = tile_at(lon, lat, zoom)
        tile = found.page.request.get(f"{address}/tiles/{layer}/{zoom}/{x}/{y}.mvt").body()
        assert mapbox_vector_tile.decode(tile)[layer]["features"]
        assert word in click_the_centre(found.page)
        assert found.others(address) == [] and found.complaints == []
        assert found.page.request.get(f"{address}/maps/hazard").ok
