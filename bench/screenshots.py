"""`make screenshots`: the pictures of the README, taken from a running server over the sample city (docs/images/)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from bench import city, peers
from gisapp import cluster
from gisapp.cli.people import add_person
from gisapp.cli.up import web_command, web_environment
from gisapp.installation import Installation, open_for_shell
from gisapp.settings import ROOT

PARCELS, PORT = 50_000, 8767
PICTURES = ROOT / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]
PASSWORD = "for these pictures only"
FLOODED_HOUSE = """
    SELECT ST_X(p), ST_Y(p) FROM disaster.flood_depth f JOIN base.building b ON b.geom && f.geom AND ST_Within(b.geom, f.geom)
    CROSS JOIN LATERAL ST_Transform(ST_PointOnSurface(b.geom), 4326) AS p
    WHERE f.rank = 3 ORDER BY b.geom <-> (SELECT ST_Centroid(geom) FROM base.boundary LIMIT 1) LIMIT 1
"""
TAXED_PARCEL = """
    SELECT ST_X(p), ST_Y(p) FROM tax.parcel CROSS JOIN LATERAL ST_Transform(ST_PointOnSurface(geom), 4326) AS p
    ORDER BY geom <-> (SELECT ST_Centroid(geom) FROM base.boundary LIMIT 1) OFFSET 40 LIMIT 1
"""


def main() -> None:
    """Take all pictures."""
    settings = city.settings_of(PARCELS, PORT)
    if not (settings.home / "databases").exists():
        city.make(settings, PARCELS)
    installation = open_for_shell(settings)
    PICTURES.mkdir(parents=True, exist_ok=True)
    server = subprocess.Popen(
        web_command(settings), env=web_environment(settings), cwd=ROOT, start_new_session=True
    )
    try:
        peers.wait_for(PORT, server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            take(browser, installation)
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
        installation.database.close()
        cluster.stop(cluster.locate(settings))


def take(browser: Browser, installation: Installation) -> None:
    """The hazard map on a phone, the roads map of a visitor, the tax department's map, the list of maps."""
    house, parcel = _place(installation, FLOODED_HOUSE), _place(installation, TAXED_PARCEL)
    with _page(browser, 390, 844) as page:
        _open(page, f"/maps/hazard#16/{house}", press=True)
        _save(page, "hazard-phone")
    with _page(browser, 1440, 900) as page:
        _open(page, f"/maps/roads#16/{house}", press=True)
        _save(page, "roads")
    with _page(browser, 1440, 900) as page:
        _sign_in(page, installation, "tax")
        _open(page, f"/maps/tax#18/{parcel}", press=True)
        _save(page, "tax")
    with _page(browser, 1280, 720) as page:
        _open(page, "/")
        _save(page, "index")


def _place(installation: Installation, sql: str) -> str:
    with installation.database.transaction("owner") as connection:
        lon, lat = connection.exec_driver_sql(sql).one()
    return f"{lat:.5f}/{lon:.5f}"


@contextmanager
def _page(browser: Browser, width: int, height: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="ja-JP")
    yield context.new_page()
    context.close()


def _sign_in(page: Page, installation: Installation, department: str) -> None:
    with installation.database.transaction("owner") as connection:
        connection.exec_driver_sql("DELETE FROM gisapp.person WHERE login = 'picture'")
    add_person(installation, "picture", "課税課 青葉", PASSWORD, {department: "viewer"})
    page.goto(f"http://127.0.0.1:{PORT}/sign-in")
    page.fill("#login", "picture")
    page.fill("#password", PASSWORD)
    page.click("button")
    page.wait_for_url(f"http://127.0.0.1:{PORT}/")


def _open(page: Page, path: str, *, press: bool = False) -> None:
    page.goto(f"http://127.0.0.1:{PORT}{path}")
    page.wait_for_load_state("networkidle")
    if press:
        box = page.locator(".leaflet-container").bounding_box()
        assert box
        page.wait_for_timeout(3000)
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(4000)  # software rendering: let the last frame come


def _save(page: Page, name: str) -> None:
    path = PICTURES / f"{name}.jpg"
    page.screenshot(path=path, type="jpeg", quality=82)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
