"""/people and /account in a real browser: by keyboard, on a phone, without a rule of accessibility broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from gisapp.access import wishes
from gisapp.access.wishes import Wish
from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.conftest import PASSWORD
from tests.maps.visits import Visit, open_page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]
AXE = (ROOT / "tests/vendor/axe-core-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE: dict[str, Any] = {"width": 390, "height": 844, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"width": 1180, "height": 800}
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def boss(installation: Installation, staff: dict[str, str]) -> str:
    """An administrator of these tests with posts; a contractor whose department is gone; and long names without a space."""
    add_person(installation, "boss", "情報 太郎", PASSWORD, {"roads": "viewer"}, duty="administrator")
    add_person(installation, "gone", "測量会社 <b>", PASSWORD, {"tax": "viewer"})
    long = "a.very.long.name.of.a.contractor.that.is.written.without.any.space@measurements.example.jp"
    add_person(
        installation,
        long,
        "ながいなまえ" * 15,
        PASSWORD,
        dict.fromkeys(("tax", "roads", "facilities"), "editor"),
    )
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql(
            "INSERT INTO gisapp.membership SELECT id, 'merged_away', 'editor' FROM gisapp.person WHERE login = 'gone'"
        )
    wishes.ask(
        installation, Wish("add", None, None, {"login": long})
    )  # nobody's wish: refused, with a sentence
    return "boss"


@pytest.fixture
def enter(browser: Browser, server: str, boss: str) -> Iterator[Open]:
    """Opens a page as the administrator, signed in by keyboard."""
    visits: list[Visit] = []

    def go(address: str, screen: dict[str, Any]) -> Visit:
        found = open_page(browser, f"{server}/sign-in?next={address}", **screen)
        visits.append(found)
        found.page.focus("#login")
        found.page.keyboard.type(boss)
        found.page.keyboard.press("Tab")
        found.page.keyboard.type(PASSWORD)
        found.page.keyboard.press("Enter")
        found.page.wait_for_url(server + address)
        found.complaints.clear()
        return found

    yield go
    for one in visits:
        one.page.context.close()


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found["violations"]]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("address", ["/people", "/people?lang=en", "/account", "/account?lang=en"])
def test_a_page_is_open_to_everybody_and_fits_the_screen(
    enter: Open, server: str, address: str, screen: Any
) -> None:
    found = enter(address, screen)
    page = found.page
    assert violations(page) == []
    for summary in page.query_selector_all("summary"):
        summary.click()
    assert violations(page) == []
    assert fits(page), "the page is wider than the screen"
    wide = "[...document.querySelectorAll('.framed')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert screen is DESK or page.evaluate(wide) == 0, "a table of a phone is read without scrolling sideways"
    assert found.others(server) == [] and found.complaints == []


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_post_is_given_by_keyboard_alone(enter: Open, server: str, screen: Any) -> None:
    found = enter("/people?q=gone", screen)
    page = found.page
    page.focus("a[href^='/people/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/people/*")
    assert "departments.toml" in page.inner_text("main") and page.query_selector("main b") is None
    assert violations(page) == [] and fits(page)
    while page.evaluate("document.activeElement.id") != "post-facilities":
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    while page.evaluate("document.activeElement.tagName") != "BUTTON":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")
    assert "公共施設：" in page.inner_text("[role=status]")
    assert violations(page) == [] and found.complaints == []


def test_a_link_and_a_token_are_shown_where_they_can_be_copied(enter: Open, boss: str) -> None:
    page = enter("/people?q=gone", PHONE).page
    page.click("a[href^='/people/']")
    page.click("text=リンクを作る")
    link = page.input_value("#shown")
    assert "/one-time/" in link and violations(page) == [] and fits(page)
    page.context.clear_cookies()
    page.goto(link)
    assert "測量会社" in page.inner_text("main") and violations(page) == [] and fits(page)
