"""The pages in a real browser: they ask nobody else, complain of nothing, and work for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tiny_city
from playwright.sync_api import Page
from visits import Visit

from gisapp.settings import ROOT

pytestmark = pytest.mark.browser
PAGES = ["/maps/hazard", "/maps/disaster", "/maps/tax?lang=en"]
PHONE: dict[str, Any] = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}
AXE = (ROOT / "tests/vendor/axe-core-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OUTLINE = ".leaflet-overlay-pane path[stroke='#0b57b7']"
Open = Callable[..., Visit]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found["violations"]]


def at(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a place lies on the screen."""
    script = """([lon, lat]) => {
      const map = window[JSON.parse(document.getElementById("config").textContent).map];
      const point = map.latLngToContainerPoint([lat, lon]);
      const frame = map.getContainer().getBoundingClientRect();
      return [point.x + frame.x, point.y + frame.y];
    }"""
    x, y = page.evaluate(script, [lon, lat])
    return float(x), float(y)


def ask(page: Page, lon: float, lat: float) -> None:
    """Click a place and wait for the answer."""
    with page.expect_response(lambda answer: "/api/identify" in answer.url):
        page.mouse.click(*at(page, lon, lat))
    page.wait_for_timeout(200)


def place(feature: str, name: str | None = None) -> tuple[float, float]:
    """Longitude and latitude of a feature of tiny_city."""
    chosen = next(
        one
        for one in tiny_city.features()
        if one.layer == feature and name in (None, one.properties.get("name"))
    )
    spot = tiny_city.in_degrees(tiny_city.in_mercator(chosen).representative_point())
    return spot.x, spot.y


@pytest.mark.parametrize("path", [*PAGES, "/"])
def test_a_page_asks_its_own_server_only_and_complains_of_nothing(
    visit: Open, page_server: str, path: str
) -> None:
    found = visit(page_server + path, drawn=path.startswith("/maps"))
    assert len(found.requests) >= 3
    assert found.others(page_server) == []
    assert found.complaints == []


@pytest.mark.parametrize(
    ("path", "screen"),
    [
        ("/", {}),
        ("/", PHONE),
        ("/maps/disaster", {}),
        ("/maps/tax?lang=en", PHONE),
        ("/maps/hazard", PHONE),
        ("/maps/hazard?lang=en", {"color_scheme": "dark"}),
    ],
    ids=["front", "front-phone", "staff", "staff-phone", "hazard-phone", "hazard-dark"],
)
def test_a_page_breaks_no_rule_of_accessibility(
    visit: Open, page_server: str, path: str, screen: Any
) -> None:
    page = visit(page_server + path, drawn=False, **screen).page
    assert violations(page) == []
    if path.startswith("/maps"):
        ask(page, *place("disaster.flood_depth"))
        page.wait_for_timeout(400)
        assert violations(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert wide, "the page is wider than the screen"


def test_text_of_the_data_is_shown_and_never_run(visit: Open, page_server: str) -> None:
    for path, expected in (("/maps/disaster", "#panel"), ("/maps/hazard", "#sheet")):
        found = visit(page_server + path, drawn=False)
        ask(found.page, *place("disaster.shelter", tiny_city.NASTY))
        assert tiny_city.NASTY in found.page.inner_text(expected)
        assert found.page.evaluate("window.__ran") is None
        assert found.page.query_selector("img[src=x]") is None
        assert found.complaints == []


def test_a_click_shows_what_lies_there_and_escape_forgets_it(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/disaster", drawn=False).page
    ask(page, *place("disaster.landslide_zone"))
    said = page.inner_text("#result")
    assert "土砂災害警戒区域" in said and "土石流（警戒区域）" in said and "北沢" in said
    assert page.locator(OUTLINE).count() == 1
    page.keyboard.press("Escape")
    assert page.locator(OUTLINE).count() == 0
    assert "クリックすると" in page.inner_text("#result")


def test_personal_data_are_covered_until_somebody_asks(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/disaster", drawn=False).page
    ask(page, *place("disaster.shelter", "本町小学校"))
    assert "青葉 花子" not in page.content()
    page.click("text=個人情報を表示")
    page.wait_for_selector("#result >> text=青葉 花子")


def test_the_sheet_gives_the_answer_first(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/hazard", drawn=False, **PHONE).page
    ask(page, *place("disaster.flood_depth"))
    assert page.inner_text(".answer dd").strip() == "0.5m以上3m未満"
    colour = page.evaluate(
        "getComputedStyle(document.querySelector('.answer .colour'), '::before').backgroundColor"
    )
    assert colour == "rgb(255, 216, 192)"  # the official colour of that depth
    assert page.inner_text(".tag dd") == "想定区域の外"
    assert (page.text_content("#legend li.here") or "").strip() == "0.5m以上3m未満"
    ask(page, *place("disaster.landslide_zone"))
    assert page.inner_text(".answer dd") == "想定区域の外"
    assert page.inner_text(".tag.in dd").strip() == "土石流（警戒区域）"
    page.click("#grab")
    assert page.get_attribute("#grab", "aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert page.get_attribute("#sheet", "data-state") == "half"


@pytest.mark.parametrize(("path", "where"), [("/maps/disaster", "#result"), ("/maps/hazard", "#result")])
def test_a_failure_is_a_sentence(visit: Open, page_server: str, path: str, where: str) -> None:
    page = visit(page_server + path, drawn=False).page
    page.request.post(page_server + "/fail/on")
    try:
        ask(page, *place("disaster.flood_depth"))
        assert "データベースに接続できません。" in page.inner_text(where)
    finally:
        page.request.post(page_server + "/fail/off")
    page.context.set_offline(True)
    page.mouse.click(*at(page, *place("disaster.shelter")))
    page.wait_for_timeout(500)
    assert "通信できませんでした" in page.inner_text(where)
    page.context.set_offline(False)
    ask(page, *place("disaster.shelter"))
    assert "本町小学校" in page.inner_text(where)


def test_a_layer_asks_for_tiles_only_while_it_is_shown(visit: Open, page_server: str) -> None:
    found = visit(page_server + "/maps/roads")
    assert not any("/tiles/disaster" in url for url in found.requests)
    found.page.click("[data-group=disaster] > summary")
    found.page.check("[data-layer='disaster.flood_depth'] input[type=checkbox]")
    found.page.wait_for_timeout(1500)
    assert any("/tiles/disaster.flood_depth/" in url for url in found.requests)
    slider = found.page.locator("[data-layer='disaster.flood_depth'] input[type=range]")
    slider.fill("50")
    script = """() => {
      const gl = window[JSON.parse(document.getElementById("config").textContent).renderer].getMaplibreMap();
      return gl.getPaintProperty("disaster.flood_depth/depth", "fill-opacity");
    }"""
    assert found.page.evaluate(script) == pytest.approx(0.46)
    assert found.complaints == []


def test_the_map_is_reached_and_worked_by_keyboard(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/hazard", drawn=False, **PHONE).page
    focused = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    order = []
    for _ in range(18):
        page.keyboard.press("Tab")
        order.append(page.evaluate(focused).strip().split("。")[0])
    assert order[0] == "地図を使わずに、この場所の危険を文章で読む"
    assert order.index("洪水") < order.index("地図") < order.index("拡大") < order.index("詳しい情報を開く")
    page.focus(".leaflet-container")
    with page.expect_response(lambda answer: "/api/identify" in answer.url):
        page.keyboard.press("Enter")
    page.wait_for_selector(".answer")
    assert page.locator(".answer").count() == 1


def at_rest(page: Page, what: str) -> Any:
    """Where something is once it has stopped moving."""
    before, box = None, page.locator(what).bounding_box()
    while box != before:
        page.wait_for_timeout(150)
        before, box = box, page.locator(what).bounding_box()
    return box


def test_the_sheet_follows_the_finger(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/hazard", drawn=False, **PHONE).page
    assert page.get_attribute("#sheet", "data-state") == "peek"
    for way, state in ((-80, "half"), (-80, "full"), (80, "half"), (80, "peek")):
        handle = at_rest(page, "#grab")
        assert handle is not None
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x, y + way, steps=4)
        page.mouse.up()
        page.wait_for_selector(f"#sheet[data-state={state}]")


def test_on_a_phone_the_staff_page_keeps_the_place_in_sight(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/disaster", drawn=False, **PHONE).page
    ask(page, *place("disaster.shelter", "本町小学校"))
    page.wait_for_timeout(600)
    pin, stage = page.locator(".pin").bounding_box(), page.locator("#stage").bounding_box()
    assert pin is not None and stage is not None
    assert stage["height"] < 600
    assert stage["y"] < pin["y"] and pin["y"] + pin["height"] < stage["y"] + stage["height"]
    page.click("#show-layers")
    assert page.locator("#layer-filter").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)
    assert not page.locator("#layer-filter").is_visible()


def test_another_map_opens_at_the_same_place(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/disaster#17/35.20200/141.29700", drawn=False).page
    page.click(".menu summary")
    page.click("text=都市計画")
    page.wait_for_url("**/maps/city_planning#17/35.20200/141.29700")
    page.click("text=English")
    page.wait_for_url("**/maps/city_planning?lang=en#17/35.20200/141.29700")
    page.click(".menu summary")
    page.keyboard.press("Escape")
    assert not page.locator(".menu ul").is_visible()


def test_layers_are_found_by_name(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/roads", drawn=False).page
    page.fill("#layer-filter", "ﾖｳﾄ")
    assert page.locator("#layer-none").is_visible()
    page.fill("#layer-filter", "用途")
    assert page.locator(".layer:visible").all_inner_texts() == ["用途地域"]


def test_a_browser_without_webgl_still_answers(visit: Open, page_server: str) -> None:
    found = visit("about:blank", drawn=False)
    found.page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return kind.startsWith('webgl') ? null : get.call(this, kind, ...rest); };"
    )
    found.page.goto(page_server + "/maps/hazard")
    found.page.wait_for_timeout(500)
    assert "地図を描けません" in found.page.inner_text("#map-message")
    ask(found.page, *place("disaster.flood_depth"))
    assert found.page.inner_text(".answer dd").strip() == "0.5m以上3m未満"
    assert found.complaints == []


def test_a_place_outside_of_the_city_is_not_called_safe(visit: Open, page_server: str) -> None:
    page = visit(page_server + "/maps/hazard", drawn=False).page
    east = tiny_city.CENTRE[0] + 0.02
    page.mouse.move(640, 300)
    page.mouse.wheel(0, 600)
    page.wait_for_timeout(800)
    ask(page, east, tiny_city.CENTRE[1])
    assert "市の区域の外です" in page.inner_text("#result")
    assert "想定区域の外" not in page.inner_text("#result")
