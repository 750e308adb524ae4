"""/uploads in a real browser: a file is sent, diagnosed, compared on the map, published and undone, without a shell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from playwright.sync_api import Browser, Page
from sqlalchemy import text

from gisapp.cli.people import add_person
from gisapp.installation import Installation
from gisapp.settings import ROOT
from tests.conftest import PASSWORD, serving
from tests.intake.conftest import ask, forget_jobs, load_into
from tests.intake.files import LAT, LON, feature, gdal_file, geojson, line, parts, zipped
from tests.intake.waiter import streets, worked_at_once
from tests.maps.visits import Visit, open_page, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("empty_layers", "worked")]
AXE = (ROOT / "tests/vendor/axe-core-4.14.1/axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BLANK = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000a49444154789c63000100000500010d0a2db40000000049454e44ae426082"
)
"""A picture of one clear pixel."""
Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def bounded(city: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The city with a boundary, and an editor of roads."""
    area = shapely.box(LON - 0.03, LAT - 0.02, LON + 0.03, LAT + 0.02)
    path = geojson(tmp_path_factory.mktemp("city") / "b.geojson", [feature(area, 名称="武蔵村山市")])
    load_into(city, path, "base.boundary")
    add_person(city, "hand", "道路 花子", PASSWORD, {"roads": "editor", "disaster": "editor"})
    yield city
    with city.database.transaction("owner") as connection:
        connection.execute(text("TRUNCATE base.boundary"))
        connection.execute(text("DELETE FROM gisapp.upload"))
    forget_jobs(city)


@pytest.fixture(scope="module")
def desk(bounded: Installation) -> Iterator[str]:
    with serving(bounded) as address:
        yield address


@pytest.fixture(scope="module")
def worked(bounded: Installation) -> Iterator[None]:
    with worked_at_once(bounded):
        yield


@pytest.fixture
def enter(browser: Browser, desk: str) -> Iterator[Open]:
    visits: list[Visit] = []

    def go(query: str = "", drawn: bool = False) -> Visit:
        found = open_page(browser, f"{desk}/sign-in?next=/uploads{query}", 1280, 800)
        visits.append(found)
        if not drawn:  # the background is drawn by a process that takes its time
            found.page.route("**/tiles/**", lambda route: route.fulfill(body=BLANK, content_type="image/png"))
        found.page.fill("#login", "hand")
        found.page.fill("input[type=password]", PASSWORD)
        found.page.keyboard.press("Enter")
        found.page.wait_for_url(f"{desk}/uploads{query}")
        found.complaints.clear()
        return found

    yield go
    for one in visits:
        one.page.context.close()


def in_plane(shape: Any) -> Any:
    way = pyproj.Transformer.from_crs(6668, 6677, always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])))


def silent_shapefile(folder: Path) -> Path:
    """A zip as departments hand it over: CP932, metres, and no .prj to say of what."""
    columns = {"路線番号": ["1", "2", "3"], "路線名": ["本町線", "学園通り", "残堀線"]}
    shp = gdal_file(
        folder / "路線.shp", [in_plane(line(n * 5)) for n in range(3)], columns, crs=None, encoding="cp932"
    )
    return zipped(
        folder / "路線.zip", *(part for part in parts(shp) if part.suffix in (".shp", ".shx", ".dbf"))
    )


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("(rules) => axe.run(document, {runOnly: rules})", RULES)
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in found["violations"]]


PHONE, DESK = (390, 844), (1280, 800)


def assert_sound(page: Page, *screens: tuple[int, int]) -> None:
    """No rule of accessibility is broken and nothing is wider than the screen, on each of these (the desk's is the last)."""
    for width, height in screens:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


def until(page: Page, state: str) -> None:
    tag = page.locator("#one-state")
    wait_until(page, lambda: tag.inner_text() == state and page.locator("#going").is_hidden())


def send(page: Page, path: Path, layer: str = "") -> None:
    page.set_input_files("#file", path)
    page.select_option("#layer", layer)
    page.click("#send")


def test_a_file_without_a_reference_system_is_asked_about_shown_published_and_undone(
    enter: Open, desk: str, bounded: Installation, tmp_path: Path
) -> None:
    load_into(bounded, streets(tmp_path / "before.geojson", **{"1": 4.0, "9": 5.0}), "roads.street")
    before = ask(bounded, "SELECT id, route_number FROM roads.street ORDER BY id")
    found = enter(drawn=True)
    page = found.page
    assert_sound(page, PHONE, DESK)
    send(page, silent_shapefile(tmp_path))
    until(page, "確認が必要")
    assert "認定路線" in page.inner_text(".choices li:first-child")
    page.check(".choices li:first-child input")
    page.click("text=この答えで診断する")
    page.wait_for_selector("text=座標系を選んでください")
    assert "EPSG:6677" in page.inner_text(".choices li:first-child")
    wait_until(page, lambda: page.locator(".leaflet-marker-pane .number-badge").count() >= 2)
    page.check(".choices li:first-child input")
    wait_until(
        page, lambda: page.locator(".leaflet-overlay-pane path[fill='#0b57b7'][stroke='#fff']").count() == 6
    )
    assert_sound(page, PHONE, DESK)
    page.click("text=この答えで診断する")
    until(page, "公開待ち")
    page.wait_for_selector(".difference tbody tr")
    assert page.inner_text(".tabs").split()[1:] == "すべて 4 追加 2 変更 1 削除 1 同じ 0".split()
    wait_until(page, lambda: page.locator(".leaflet-overlay-pane path[stroke='#0a7d3f']").count() == 2)
    page.click(".tabs .removed")
    wait_until(page, lambda: page.locator(".difference tbody tr").count() == 1)
    wait_until(page, lambda: page.locator(".leaflet-overlay-pane path[stroke='#0a7d3f']").count() == 0)
    page.click(".difference tbody button")
    wait_until(page, lambda: page.locator(".leaflet-overlay-pane path[stroke='#0b57b7']").count() == 1)
    assert_sound(page, PHONE, DESK)
    page.click("button:text-is('公開する')")
    until(page, "公開済み")
    names = [("学園通り",), ("本町線",), ("残堀線",)]
    assert ask(bounded, 'SELECT name FROM roads.street ORDER BY name COLLATE "C"') == sorted(names)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=この公開を取り消す")
    until(page, "取り消し済み")
    assert ask(bounded, "SELECT id, route_number FROM roads.street ORDER BY id") == before
    assert_sound(page, DESK)
    assert found.others(desk) == [] and found.complaints == []


def test_two_datums_are_compared_on_one_map_with_the_arrow_keys(
    enter: Open, bounded: Installation, tmp_path: Path
) -> None:
    widths = {str(n): 4.0 for n in range(6)}
    load_into(bounded, streets(tmp_path / "before.geojson", **widths), "roads.street")
    shifted = [
        feature(shapely.transform(line(n), lambda xy: xy + [0.003206, -0.003221]), 路線番号=name, 幅員=4.0)
        for n, name in enumerate(widths)
    ]
    page = enter().page
    send(page, geojson(tmp_path / "old.geojson", shifted), "roads.street")
    until(page, "確認が必要")
    assert_sound(page, PHONE)
    page.locator(".choices input").first.focus()
    page.keyboard.press("Space")
    dots = page.locator(".leaflet-overlay-pane path[fill='#0b57b7'][stroke='#fff']")
    assert dots.count() == 12 and page.locator(".leaflet-marker-pane .number-badge.on").inner_text() == "1"
    first = dots.first.bounding_box()
    page.keyboard.press("ArrowDown")
    assert page.locator(".leaflet-marker-pane .number-badge.on").inner_text() == "2"
    moved = dots.first.bounding_box()
    assert first and moved and abs(first["x"] - moved["x"]) > 20, "the map stands still, the rows move"
    for place in (first, moved):
        assert 0 <= place["x"] < PHONE[0] and 0 <= place["y"] < PHONE[1], "both are on the phone's screen"


def test_rows_without_a_place_are_a_question_with_the_matches_on_the_map(
    enter: Open, towns: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "避難所.csv"
    path.write_text("ID,名称,住所\n1,甲,本町一丁目\n2,乙,本町二丁目3-4\n3,丙,本町\n4,丁,立川市錦町1-2\n")
    found = enter()
    page = found.page
    send(page, path, "disaster.shelter")
    until(page, "確認が必要")
    assert "2 行を登録し、2 行を除く" in page.inner_text(".choices li")
    listed = page.locator(".rows tbody tr").all_inner_texts()
    assert any("丁目が書かれていません" in one and "住所" in one for one in listed)
    assert any("この市の住所ではありません" in one for one in listed)
    page.check(".choices input")
    wait_until(
        page, lambda: page.locator(".leaflet-overlay-pane path[fill='#0b57b7'][stroke='#fff']").count() == 2
    )
    assert_sound(page, PHONE, DESK)
    page.click("text=この答えで診断する")
    until(page, "公開待ち")
    assert "追加 2" in " ".join(page.inner_text(".tabs").split())
    assert ask(towns, "SELECT count(*) FROM disaster.shelter") == [(0,)]
    assert found.complaints == []


def test_a_refused_file_says_row_column_and_what_to_do_and_changes_nothing(
    enter: Open, bounded: Installation, tmp_path: Path
) -> None:
    rows = [feature(line(n), 路線番号=str(n), 幅員="広い" if n == 1 else "4") for n in range(3)]
    page = enter(query="?lang=en").page
    send(page, geojson(tmp_path / "wide.geojson", rows), "roads.street")
    until(page, "Refused")
    cells = page.locator(".rows tbody tr").first.locator("td").all_inner_texts()
    assert cells[:3] == ["Error", "2", "幅員"] and "number" in cells[3]
    assert page.locator(".actions .button").all_inner_texts() == ["Send another file"]
    assert ask(bounded, "SELECT count(*) FROM roads.street") == [(0,)]
    (tmp_path / "r.zip").write_bytes(b"no zip")
    page.click(".actions >> text=Send another file")
    send(page, tmp_path / "r.zip", "roads.street")
    wait_until(page, lambda: "r.zip" in page.inner_text("#new-wrong"))
    assert page.locator("#new").is_visible()


def test_a_broken_connection_is_gone_on_from_and_the_file_arrives_whole(
    enter: Open, bounded: Installation, tmp_path: Path
) -> None:
    found = enter("?lang=en")
    page = found.page
    path = streets(tmp_path / "long.geojson", a=1.0, b=2.0)
    path.write_text(path.read_text("utf-8") + " " * 5_000_000, "utf-8")
    sent: list[str] = []

    def unreliable(route: Any) -> None:
        if route.request.method == "PATCH":
            sent.append(route.request.headers["upload-offset"])
            if len(sent) == 2:
                return route.abort()
        route.continue_()

    page.route("**/api/uploads/*", unreliable)
    send(page, path, "roads.street")
    wait_until(page, lambda: "The connection broke" in page.inner_text("#going"))
    until(page, "Ready to publish")
    assert sent == ["0", "2097152", "2097152", "4194304"]
    assert "Added 2" in " ".join(page.inner_text(".tabs").split())
    lines = page.locator(".leaflet-overlay-pane path[stroke='#0a7d3f']")
    wait_until(page, lambda: lines.count() == 2)
    assert page.locator(".leaflet-overlay-pane path[stroke='#123a6b']").count() == 1  # the city
    assert [one for one in found.complaints if "ERR_FAILED" not in one] == []  # but for the line that was cut


def test_the_keyboard_alone_sends_looks_and_discards(enter: Open, tmp_path: Path) -> None:
    page = enter().page
    order = []
    while page.evaluate("document.activeElement.id") != "send":
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id"))
        assert len(order) < 40
    assert [one for one in order if one in ("file", "layer", "send")] == ["file", "layer", "send"]
    page.keyboard.press("Enter")
    assert "ファイルを選んでください" in page.inner_text("#new-wrong")
    assert page.evaluate(
        "document.activeElement.matches('#file[type=file]')"
    )  # the browser's own chooser opens here
    page.set_input_files("#file", streets(tmp_path / "a.geojson", a=1.0))
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.value") != "roads.street":
        page.keyboard.press("ArrowDown")
    while page.evaluate("document.activeElement.id") != "send":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "公開待ち")
    assert page.evaluate("document.activeElement.id") == "one-title"
    assert "公開待ち" in page.inner_text("#spoken")
    page.on("dialog", lambda dialog: dialog.accept())
    while page.evaluate("document.activeElement.textContent") != "破棄する":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "破棄")
    assert "a.geojson" in page.inner_text("#mine")
