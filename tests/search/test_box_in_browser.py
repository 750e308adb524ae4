"""The search box in a real browser over the real server: keyboard, pointer, screen reader's names, the phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from gisapp.settings import ROOT
from tests.maps.visits import Visit, open_page, wait_until

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}
AXE = (ROOT / "tests/vendor/axe-core-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CENTRE = """() => {
  const centre = window[JSON.parse(document.getElementById("config").textContent).map].getCenter();
  return [centre.lng, centre.lat];
}"""
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Open]:
    """Opens a page, once for all tests that look at it on the same screen, with an empty search box."""
    visits: dict[tuple[Any, ...], Visit] = {}

    def go(url: str, width: int = 1180, height: int = 720, **options: Any) -> Visit:
        found = visits.get(key := (url, width, *options))
        if found is None:
            found = visits[key] = open_page(browser, url, width, height, **options)
        found.page.fill("#search", "")
        found.page.evaluate("document.activeElement.blur()")
        return found

    yield go
    for one in visits.values():
        one.page.context.close()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found["violations"]]


def type_and_wait(page: Page, text: str) -> None:
    with page.expect_response(lambda answer: "/api/suggest" in answer.url):
        page.fill("#search", text)
    wait_until(page, lambda: page.get_attribute("#search", "aria-expanded") == "true", 5)


@pytest.mark.parametrize(
    ("path", "screen"),
    [
        ("/maps/roads", {}),
        ("/maps/hazard", PHONE),
        ("/maps/hazard?lang=en", {}),
        ("/maps/roads?lang=en", PHONE),
    ],
    ids=["staff", "hazard-phone", "hazard", "staff-phone"],
)
def test_the_open_list_breaks_no_rule_of_accessibility(
    visit: Open, server: str, path: str, screen: Any
) -> None:
    found = visit(server + path, **screen)
    type_and_wait(found.page, "本町")
    found.page.keyboard.press("ArrowDown")
    assert violations(found.page) == []
    box = found.page.locator("#search-drop").bounding_box()
    assert box is not None and box["x"] >= 0 and box["height"] > 80
    wide = found.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert wide, "the page is wider than the screen"
    assert found.others(server) == [] and found.complaints == []


def test_the_keyboard_alone_chooses_and_the_map_goes_there(visit: Open, server: str) -> None:
    page = visit(server + "/maps/roads").page
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    type_and_wait(page, "本町二")
    page.keyboard.press("ArrowDown")
    active = page.get_attribute("#search", "aria-activedescendant")
    assert active and page.get_attribute(f"#{active}", "aria-selected") == "true"
    assert page.evaluate("document.activeElement.id") == "search", "the focus stays in the field"
    with page.expect_response(lambda answer: "/api/identify" in answer.url):
        page.keyboard.press("Enter")
    assert page.input_value("#search") == "本町二丁目"
    assert page.get_attribute("#search", "aria-expanded") == "false"
    assert page.locator(".pin").count() == 1
    assert "本町二丁目" in (page.text_content("#search-status") or "")


def test_enter_goes_to_an_address_and_escape_closes_then_clears(visit: Open, server: str) -> None:
    page = visit(server + "/maps/hazard", **PHONE).page
    page.fill("#search", "本町2-1-1")
    with page.expect_response(lambda answer: "/api/search" in answer.url) as asked:
        page.press("#search", "Enter")
    lon, lat = asked.value.json()["features"][0]["geometry"]["coordinates"]
    wait_until(page, lambda: page.locator(".pin").count() == 1, 5)
    x, y = page.evaluate(CENTRE)
    assert abs(x - lon) < 0.003 and abs(y - lat) < 0.003
    type_and_wait(page, "本町")
    page.press("#search", "Escape")
    assert page.is_hidden("#search-drop") and page.input_value("#search") == "本町"
    page.press("#search", "Escape")
    assert page.input_value("#search") == ""


def test_what_is_elsewhere_is_said_and_the_map_stays(visit: Open, server: str) -> None:
    page = visit(server + "/maps/hazard").page
    before = page.evaluate(CENTRE)
    page.fill("#search", "立川市錦町1-2")
    with page.expect_response(lambda answer: "/api/search" in answer.url):
        page.press("#search", "Enter")
    wait_until(page, lambda: page.is_visible("#search-reason"), 5)
    assert "この市の中ではありません" in page.inner_text("#search-reason")
    assert "この市の中ではありません" in (page.text_content("#search-status") or "")
    assert page.evaluate(CENTRE) == before
    page.fill("#search", "--")
    page.press("#search", "Enter")
    wait_until(page, lambda: "探す言葉がありません" in page.inner_text("#search-reason"), 5)
    assert "探す言葉がありません" in (page.text_content("#search-status") or "")


def test_a_kind_lists_its_facilities_and_a_click_chooses_one(visit: Open, server: str) -> None:
    page = visit(server + "/maps/hazard").page
    page.fill("#search", "トイレ")
    with page.expect_response(lambda answer: "/api/search" in answer.url) as asked:
        page.press("#search", "Enter")
    words = parse_qs(urlsplit(asked.value.url).query)
    centre = [float(words["lon"][0]), float(words["lat"][0])]
    assert centre == pytest.approx(page.evaluate(CENTRE), abs=1e-4), "nearest to the middle of the map"
    wait_until(page, lambda: page.locator("#search-list [role=option]").count() > 3, 5)
    name = page.inner_text("#search-list [role=option]:first-child .search-name")
    with page.expect_response(lambda answer: "/api/identify" in answer.url):
        page.click("#search-list [role=option]:first-child")
    assert page.input_value("#search") == name
