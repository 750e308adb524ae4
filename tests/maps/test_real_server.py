"""The pages over the real server, database and accounts: who signs in sees what a visitor cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from shapely.geometry import shape
from visits import Visit, wait_until_drawn

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


@pytest.mark.parametrize("path", ["/", "/maps/hazard", "/maps/roads", "/maps/roads?lang=en", "/sign-in"])
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
